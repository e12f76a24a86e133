import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { hasProgram, type Requirements } from './requirements.ts'

/** The system's package (3.0 on Debian 12), or a version that PyPI serves. */
export type HubVersion = 'of the system' | '4.1.6' | '5.5.4' | '6.1.1'

/** A JupyterHub that can be started. */
export interface HubPrograms {
  requirements: Requirements
  /** Where `jupyterhub` and `jupyterhub-singleuser` are; null: on the PATH. */
  binDir: string | null
}

const run = promisify(execFile)
const constraints = fileURLToPath(new URL('jupyterhub-constraints.txt', import.meta.url))
const cacheDir = fileURLToPath(new URL('../../.cache/jupyterhub', import.meta.url))
/** Half a minute where the index is near. */
const installWithinMs = 240_000

/** Looks for a version's programs, and installs what PyPI serves into a virtual environment, once. */
export async function hubPrograms(version: HubVersion): Promise<HubPrograms> {
  if (version === 'of the system') {
    const missing = missingPrograms('jupyterhub', 'jupyterhub-singleuser', 'configurable-http-proxy')
    return { requirements: requirements(missing), binDir: null }
  }
  const python = pythonVersion()
  const missing = [
    ...(python === '' ? ['python3 with venv and ensurepip'] : []),
    ...missingPrograms('configurable-http-proxy'),
  ]
  if (missing.length > 0) return { requirements: requirements(missing), binDir: null }
  const dir = join(cacheDir, version)
  const failure = await install(version, { dir, python })
  return { requirements: requirements(failure === null ? [] : [failure]), binDir: join(dir, 'bin') }
}

function requirements(missing: readonly string[]): Requirements {
  return {
    what: 'a JupyterHub',
    missing,
    install:
      'apt-get install --no-install-recommends jupyterhub node-configurable-http-proxy jupyter-server jupyter-notebook python3-venv, and a way to PyPI',
  }
}

const missingPrograms = (...names: readonly string[]) => names.filter((name) => !hasProgram(name))

/** Of a Python that can make virtual environments; else empty. */
function pythonVersion(): string {
  const program = 'import ensurepip, sys, venv; print(sys.version)'
  return spawnSync('python3', ['-c', program], { encoding: 'utf8' }).stdout ?? ''
}

/** Null: it is there. Else what went wrong, in pip's last words. */
async function install(version: HubVersion, { dir, python }: { dir: string; python: string }): Promise<string | null> {
  const stamp = join(dir, 'installed')
  const wanted = createHash('sha256').update(readFileSync(constraints)).update(python).digest('hex')
  if (readStamp(stamp) === wanted) return null
  process.stderr.write(`Installing JupyterHub ${version} into ${dir} ...\n`)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  const within = { timeout: installWithinMs, killSignal: 'SIGKILL' } as const
  const packages = ['-c', constraints, `jupyterhub==${version}`, 'jupyter_server']
  const quietly = ['--quiet', '--no-input', '--disable-pip-version-check', '--prefer-binary']
  try {
    await run('python3', ['-m', 'venv', dir], within)
    await run(join(dir, 'bin', 'pip'), ['install', ...quietly, ...packages], within)
    writeFileSync(stamp, wanted)
    return null
  } catch (error) {
    return `JupyterHub ${version} from PyPI (${wordsOf(error)})`
  }
}

function readStamp(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function wordsOf(error: unknown): string {
  const { stdout = '', stderr = '', message = '' } = error as { stdout?: string; stderr?: string; message?: string }
  const lines = `${message}\n${stdout}\n${stderr}`.trim().split('\n')
  return lines.slice(-3).join('; ').slice(-500)
}
