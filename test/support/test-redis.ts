import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'

export interface TestRedis {
  /** URL of a logical database that no concurrent test file uses: FLUSHDB is allowed, FLUSHALL is not. */
  url: string
  /** BullMQ `prefix`; new at each call, to isolate a test file from data of earlier ones. */
  prefix: string
}

/** Default number of logical databases of Redis. */
const logicalDatabases = 16

/**
 * Logical database of this test file in the run's Redis. A test that pauses, kills or flushes a whole server starts a
 * separate one with `startRedisServer`. Only in projects with `global-setup.ts`.
 */
export function testRedis(): TestRedis {
  const url = new URL(inject('testRedisUrl'))
  const worker = Number(process.env.VITEST_POOL_ID ?? 0)
  if (url.pathname === '' || url.pathname === '/') url.pathname = `/${worker % logicalDatabases}`
  return { url: url.href, prefix: `test-${randomUUID()}` }
}
