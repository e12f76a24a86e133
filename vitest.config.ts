import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const servicesSetup = './test/support/global-setup.ts'

/** Long enough for a busy machine: what takes long fails only if it never ends. */
const testTimeout = 60_000

/** One project per folder, so that `vitest run --project unit` starts no database. */
function folder(name: string, options: { services?: true; testTimeoutMs?: number } = {}) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: options.testTimeoutMs ?? testTimeout,
      ...(options.services === undefined ? {} : { globalSetup: servicesSetup }),
    },
  }
}

export default defineConfig({
  test: {
    environment: 'node',
    // Real servers and databases need real processes of their own, and a native crash must not take others along.
    pool: 'forks',
    // One more than there are cores: a worker waits for a quarter of its time, for databases, leases and windows.
    maxWorkers: availableParallelism() + 1,
    // Files share a process and what it has loaded: to load the service for each was a third of the time.
    isolate: false,
    hookTimeout: 60_000,
    // Tests that may run together mostly wait: for leases, for windows, for answers that are late on purpose.
    maxConcurrency: 20,
    expect: { poll: { timeout: 30_000 } },
    passWithNoTests: true,
    retry: 0,
    projects: [
      folder('unit'),
      folder('sandbox'),
      folder('providers'),
      folder('conformance'),
      folder('http', { services: true }),
      folder('integration', { services: true }),
      folder('e2e', { services: true, testTimeoutMs: 120_000 }),
      folder('tooling', { testTimeoutMs: 120_000 }),
      {
        extends: true,
        test: { name: 'client-typescript', include: ['clients/typescript/test/**/*.test.ts'], testTimeout },
      },
    ],
  },
})
