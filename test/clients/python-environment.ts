import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { pythonWith } from '../support/python.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The interpreter that has the clients; empty = this machine has no Python to make one with. */
    clientsPython: string
  }
}

const requirements = join(import.meta.dirname, 'requirements.txt')
const cache = join(import.meta.dirname, '../../.cache/clients')

/** Installs the clients, once for each list of them and each Python. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide('clientsPython', await pythonWith([requirements], cache))
}
