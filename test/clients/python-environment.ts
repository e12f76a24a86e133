import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { pythonWith } from '../support/python.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Python interpreter with the clients installed; empty without a suitable Python. */
    clientsPython: string
  }
}

const requirements = [join(import.meta.dirname, 'requirements.txt')]
const cache = join(import.meta.dirname, '../../.cache/clients')

/** Installs the clients, once per requirements file and Python version. */
export default async function setup(project: TestProject): Promise<void> {
  project.provide('clientsPython', await pythonWith(cache, { requirements }))
}
