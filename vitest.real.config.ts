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
    // Two at a time: they mostly wait, for time limits and for servers that are down on purpose.
    maxWorkers: 2,
    testTimeout: 300_000,
    hookTimeout: 60_000,
    retry: 0,
  },
})
