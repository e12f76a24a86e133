import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Requirements } from '../real/requirements.ts'
import { installOnce } from './install-once.ts'

const installWithinMs = 600_000

/** Version of a Python that can create virtual environments and is new enough for all clients; else null. */
export function pythonVersion(): string | null {
  const program = 'import ensurepip, sys, venv; assert sys.version_info >= (3, 10); print(sys.version)'
  const { status, stdout } = spawnSync('python3', ['-c', program], { encoding: 'utf8' })
  return status === 0 ? stdout : null
}

/** The requirements of a suite; `python` is empty if none is installed. */
export function pythonFor(what: string, python: string): Requirements {
  const missing = python === '' ? ['Python 3.10 or newer with venv and ensurepip'] : []
  return { what, missing, install: 'apt-get install python3 python3-venv' }
}

/** What a virtual environment contains. */
interface PythonPackages {
  /** Requirements files. */
  requirements?: readonly string[]
  /** A file of pinned dependencies, and the packages that need them. */
  constraints?: string
  packages?: readonly string[]
}

/**
 * The interpreter of a virtual environment with these packages, installed once into a subdirectory of `cache`. Empty if
 * there is no suitable Python.
 */
export async function pythonWith(
  cache: string,
  { requirements = [], constraints, packages = [] }: PythonPackages,
): Promise<string> {
  const version = pythonVersion()
  if (version === null) return ''
  const pinned = constraints === undefined ? [] : [constraints]
  const texts = await Promise.all([...requirements, ...pinned].map((path) => readFile(path, 'utf8')))
  const inputs = [version, ...texts, ...packages]
  const name = createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12)
  const directory = join(cache, name)
  await installOnce(directory, inputs, async () => {
    const python = await createEnvironment(directory)
    const files = [
      ...requirements.flatMap((path) => ['--requirement', path]),
      ...pinned.flatMap((path) => ['--constraint', path]),
    ]
    await pip(python, 'install', ...files, ...packages)
  })
  return join(directory, 'bin/python')
}

/** Creates an empty virtual environment and returns its interpreter. */
export async function createEnvironment(directory: string): Promise<string> {
  await rm(directory, { recursive: true, force: true })
  await run('python3', ['-m', 'venv', directory])
  return join(directory, 'bin/python')
}

export async function pip(python: string, command: 'install' | 'wheel', ...args: readonly string[]): Promise<void> {
  await run(python, ['-m', 'pip', command, '--quiet', '--disable-pip-version-check', ...args])
}

async function run(program: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(program, [...args], { timeout: installWithinMs, maxBuffer: 1e8 })
}
