import { defineConfig } from 'vitest/config'

/**
 * Tests against real servers from system packages, and from PyPI: npm run test:real. Apart from the others, which need nothing but npm.
 * What is missing is said, with the way to get it; where CI is set it is a failure.
 */
export default defineConfig({
  test: {
    name: 'real',
    include: ['test/real/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    globalSetup: './test/support/global-setup.ts',
    // One cluster after the other: they share the machine's few cores with what they run.
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 60_000,
    retry: 0,
  },
})
