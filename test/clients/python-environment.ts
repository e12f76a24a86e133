import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The interpreter that has the clients; empty = this machine has no Python to make one with. */
    clientsPython: string
  }
}

const requirements = join(import.meta.dirname, 'requirements.txt')
const cache = join(import.meta.dirname, '../../.cache/clients')
const installWithinMs = 600_000

/** Installs the clients, once for each list of them and each Python. */
export default async function setup(project: TestProject): Promise<void> {
  const version = pythonVersion()
  project.provide('clientsPython', version === null ? '' : await environmentFor(version))
}

/** Of a Python that can make virtual environments, and is new enough for all clients; else null. */
function pythonVersion(): string | null {
  const program = 'import ensurepip, sys, venv; assert sys.version_info >= (3, 10); print(sys.version)'
  const { status, stdout } = spawnSync('python3', ['-c', program], { encoding: 'utf8' })
  return status === 0 ? stdout : null
}

async function environmentFor(version: string): Promise<string> {
  const key = createHash('sha256')
    .update(await readFile(requirements))
    .update(version)
    .digest('hex')
    .slice(0, 12)
  const directory = join(cache, key)
  const python = join(directory, 'bin/python')
  const isComplete = join(directory, 'complete')
  if (await stat(isComplete).catch(() => null)) return python
  process.stderr.write(`Installing the clients of test/clients/requirements.txt into ${directory}\n`)
  await rm(directory, { recursive: true, force: true })
  await run('python3', ['-m', 'venv', directory])
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', requirements])
  await writeFile(isComplete, '')
  return python
}

async function run(program: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(program, [...args], { timeout: installWithinMs, maxBuffer: 1e8 })
}
