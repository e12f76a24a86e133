import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { pip, pythonWith } from '../support/python.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Python interpreter with the generators and checks of the client; empty without a suitable Python. */
    clientPythonTools: string
    /** Python interpreter with Prefect and the dependencies of the client, but not the client; may be empty, too. */
    prefectPython: string
    /** Path of the wheel of the client; may be empty, too. */
    clientPythonWheel: string
  }
}

const root = join(import.meta.dirname, '../..')
const cache = join(root, '.cache/client-python')
const client = join(root, 'clients/python')
const requirements = [join(client, 'codegen/requirements.txt'), join(client, 'requirements-dev.txt')]

/** Installs the tools, once per requirements file and Python version, and builds the client. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const tools = await pythonWith(cache, { requirements })
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-client-python-'))
  project.provide('clientPythonTools', tools)
  const prefect = { requirements: [join(import.meta.dirname, 'prefect.txt')] }
  project.provide('prefectPython', await pythonWith(cache, prefect))
  project.provide('clientPythonWheel', tools === '' ? '' : await buildWheel(tools, directory))
  return () => rm(directory, { recursive: true, force: true })
}

async function buildWheel(tools: string, directory: string): Promise<string> {
  await pip(tools, 'wheel', '--no-build-isolation', '--no-deps', '--wheel-dir', directory, client)
  return join(directory, (await readdir(directory)).find((name) => name.endsWith('.whl')) ?? '')
}
