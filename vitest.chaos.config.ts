import { defineConfig } from 'vitest/config'

/**
 * Real processes against everything that goes wrong, in its short form: npm run test:chaos. Apart from the others, since a
 * run needs the machine for itself: it starts a dozen processes and counts in seconds.
 */
export default defineConfig({
  test: {
    name: 'chaos',
    include: ['test/chaos/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 400_000,
    hookTimeout: 60_000,
    retry: 0,
  },
})
