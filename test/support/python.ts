import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Requirements } from '../real/requirements.ts'

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

/**
 * The interpreter of a virtual environment with these requirements, installed once for each list and each Python
 * version into a subdirectory of `cache`. Empty if there is no suitable Python.
 */
export async function pythonWith(requirements: readonly string[], cache: string): Promise<string> {
  const version = pythonVersion()
  if (version === null) return ''
  const hash = createHash('sha256')
  for (const path of requirements) hash.update(await readFile(path))
  const directory = join(cache, hash.update(version).digest('hex').slice(0, 12))
  const complete = join(directory, 'complete')
  if (await stat(complete).catch(() => null)) return join(directory, 'bin/python')
  process.stderr.write(`Installing ${requirements.join(', ')} into ${directory}\n`)
  const python = await createEnvironment(directory)
  await pip(python, 'install', ...requirements.flatMap((path) => ['--requirement', path]))
  await writeFile(complete, '')
  return python
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
