import { defineConfig } from 'vitest/config'

/** The Python client, built, installed and run against a service: npm run test:client-python. Requires Python and PyPI. */
export default defineConfig({
  test: {
    name: 'client-python',
    include: ['test/client-python/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    globalSetup: ['./test/support/global-setup.ts', './test/client-python/python-tools.ts'],
    testTimeout: 400_000,
    hookTimeout: 180_000,
    retry: 0,
  },
})
