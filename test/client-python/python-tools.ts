import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { pythonWith } from '../support/python.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The interpreter that has the client's generators and checks; empty = there is no suitable Python. */
    clientPythonTools: string
  }
}

const root = join(import.meta.dirname, '../..')
const client = join(root, 'clients/python')
const requirements = [join(client, 'codegen/requirements.txt'), join(client, 'requirements-dev.txt')]

/** Installs the tools, once for each list of them and each Python. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide('clientPythonTools', await pythonWith(requirements, join(root, '.cache/client-python')))
}
