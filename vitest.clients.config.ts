import { defineConfig } from 'vitest/config'

/**
 * The vendors' own clients against the sandbox: npm run test:clients. Apart from the others, which need nothing but npm:
 * these are Python packages, installed from test/clients/requirements.txt into .cache/clients.
 */
export default defineConfig({
  test: {
    name: 'clients',
    include: ['test/clients/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    globalSetup: './test/clients/python-environment.ts',
    testTimeout: 180_000,
    hookTimeout: 60_000,
    retry: 0,
  },
})
