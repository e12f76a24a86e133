import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { stampOf } from './stamp.ts'

/** Packages of PyPI in a virtual environment of their own. */
export interface PythonPackages {
  /** In words: `Ray 2.60.0`. */
  title: string
  dir: string
  packages: readonly string[]
  /** A file of pinned dependencies. */
  constraints: string
}

const run = promisify(execFile)
/** A minute where the index is near. */
const installWithinMs = 240_000

/** Of a Python that can make virtual environments; else empty. */
export function pythonVersion(): string {
  const program = 'import ensurepip, sys, venv; print(sys.version)'
  return spawnSync('python3', ['-c', program], { encoding: 'utf8' }).stdout ?? ''
}

/** Installs the packages once. Null: they are there. Else what went wrong, in pip's last words. */
export async function installPackages({ title, dir, packages, constraints }: PythonPackages): Promise<string | null> {
  const stamp = stampOf(readFileSync(constraints), pythonVersion())
  if (stamp.isOn(dir)) return null
  process.stderr.write(`Installing ${title} into ${dir} ...\n`)
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  const within = { timeout: installWithinMs, killSignal: 'SIGKILL' } as const
  const quietly = ['--quiet', '--no-input', '--disable-pip-version-check', '--prefer-binary']
  try {
    await run('python3', ['-m', 'venv', dir], within)
    await run(join(dir, 'bin', 'pip'), ['install', ...quietly, '-c', constraints, ...packages], within)
    stamp.put(dir)
    return null
  } catch (error) {
    return `${title} from PyPI (${wordsOf(error)})`
  }
}

function wordsOf(error: unknown): string {
  const { stdout = '', stderr = '', message = '' } = error as { stdout?: string; stderr?: string; message?: string }
  const lines = `${message}\n${stdout}\n${stderr}`.trim().split('\n')
  return lines.slice(-3).join('; ').slice(-500)
}
