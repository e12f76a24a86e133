import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { pip, pythonWith } from '../support/python.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The interpreter that has the client's generators and checks; empty = there is no suitable Python. */
    clientPythonTools: string
    /** The interpreter that has Prefect and what the client needs, but not the client; empty likewise. */
    prefectPython: string
    /** The wheel of the client; empty likewise. */
    clientPythonWheel: string
  }
}

const root = join(import.meta.dirname, '../..')
const cache = join(root, '.cache/client-python')
const client = join(root, 'clients/python')
const requirements = [join(client, 'codegen/requirements.txt'), join(client, 'requirements-dev.txt')]

/** Installs the tools, once for each list of them and each Python, and builds the client. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const tools = await pythonWith(requirements, cache)
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-client-python-'))
  project.provide('clientPythonTools', tools)
  project.provide('prefectPython', await pythonWith([join(import.meta.dirname, 'prefect.txt')], cache))
  project.provide('clientPythonWheel', tools === '' ? '' : await buildWheel(tools, directory))
  return () => rm(directory, { recursive: true, force: true })
}

async function buildWheel(tools: string, directory: string): Promise<string> {
  await pip(tools, 'wheel', '--no-build-isolation', '--no-deps', '--wheel-dir', directory, client)
  return join(directory, (await readdir(directory)).find((name) => name.endsWith('.whl')) ?? '')
}
