import { defineConfig } from 'vitest/config'

/**
 * The Helm chart and the manifests rendered from it: npm run test:deploy. Apart from the others, which need nothing but npm:
 * these need Go and Python, and programs that are installed into .cache/sdks.
 */
export default defineConfig({
  test: {
    name: 'deploy',
    include: ['test/deploy/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    // The first file builds Helm, which takes minutes on two cores.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 1_200_000,
    retry: 0,
  },
})
