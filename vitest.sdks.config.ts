import { defineConfig } from 'vitest/config'

/**
 * SDKs generated from openapi/openapi.json, compiled and run against the service: npm run test:sdks. Apart from the others,
 * which need nothing but npm: these need Python, Go, Java and Maven, and packages that are installed into .cache/sdks.
 */
export default defineConfig({
  test: {
    name: 'sdks',
    include: ['test/sdks/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    globalSetup: './test/support/global-setup.ts',
    fileParallelism: false,
    // Two generators at a time, as many as the machine of continuous integration has cores.
    maxConcurrency: 2,
    testTimeout: 600_000,
    hookTimeout: 120_000,
    retry: 0,
  },
})
