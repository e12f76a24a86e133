import { randomUUID } from 'node:crypto'
import { inject } from 'vitest'

export interface TestRedis {
  /** Names a logical database that no test file running at the same time uses: FLUSHDB is allowed, FLUSHALL is not. */
  url: string
  /** For BullMQ's `prefix`; new at each call, so that leftovers of an earlier file are never seen. */
  prefix: string
}

/** Redis has 16 logical databases unless configured otherwise. */
const logicalDatabases = 16

/**
 * This test file's share of the run's Redis. A test that pauses, kills or empties a whole server starts one of its own
 * with `startRedisServer`. Only in projects that share `global-setup.ts`.
 */
export function testRedis(): TestRedis {
  const url = new URL(inject('testRedisUrl'))
  const worker = Number(process.env.VITEST_POOL_ID ?? 0)
  if (url.pathname === '' || url.pathname === '/') url.pathname = `/${worker % logicalDatabases}`
  return { url: url.href, prefix: `test-${randomUUID()}` }
}
