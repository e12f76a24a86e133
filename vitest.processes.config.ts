import { defineConfig } from 'vitest/config'

/**
 * The program in processes of its own, which are killed, stopped, built and migrated: npm run test:processes. Apart from the
 * others for their time: each start of a process costs what dozens of other tests do.
 */
export default defineConfig({
  test: {
    name: 'processes',
    include: ['test/processes/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    globalSetup: './test/support/global-setup.ts',
    maxWorkers: '100%',
    testTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 60_000,
    retry: 0,
  },
})
