import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stampOf } from './stamp.ts'

/** Packages from PyPI in a separate virtual environment. */
export interface PythonPackages {
  /** Name with version, such as `Ray 2.60.0`. */
  title: string
  dir: string
  packages: readonly string[]
  /** A file of pinned dependencies. */
  constraints: string
}

const run = promisify(execFile)
/** The installation takes about a minute with a fast index. */
const installWithinMs = 240_000

/** The version of a Python with venv and ensurepip; otherwise empty. */
export function pythonVersion(): string {
  const program = 'import ensurepip, sys, venv; print(sys.version)'
  return spawnSync('python3', ['-c', program], { encoding: 'utf8' }).stdout ?? ''
}

/** Installs the packages once. Returns null on success, otherwise the end of pip's output. */
export async function installPackages({ title, dir, packages, constraints }: PythonPackages): Promise<string | null> {
  const stamp = stampOf(readFileSync(constraints), pythonVersion())
  if (stamp.isOn(dir)) return null
  process.stderr.write(`Installing ${title} into ${dir} ...\n`)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  const limits = { timeout: installWithinMs, killSignal: 'SIGKILL' } as const
  const quietly = ['--quiet', '--no-input', '--disable-pip-version-check', '--prefer-binary']
  try {
    await run('python3', ['-m', 'venv', dir], limits)
    await run(join(dir, 'bin', 'pip'), ['install', ...quietly, '-c', constraints, ...packages], limits)
    stamp.put(dir)
    return null
  } catch (error) {
    return `${title} from PyPI (${outputTail(error)})`
  }
}

function outputTail(error: unknown): string {
  const { stdout = '', stderr = '', message = '' } = error as { stdout?: string; stderr?: string; message?: string }
  const lines = `${message}\n${stdout}\n${stderr}`.trim().split('\n')
  return lines.slice(-3).join('; ').slice(-500)
}
