import { describe } from 'vitest'
import { type TestRedis, testRedis } from './test-redis.ts'

export interface QueueBackendUnderTest {
  kind: 'redis' | 'postgres'
  /** Where the queue lives: Redis, or null for the test's own Postgres database (its BullMQ tables are there). */
  openRedis(): TestRedis | null
}

const backends: readonly QueueBackendUnderTest[] = [
  { kind: 'redis', openRedis: testRedis },
  { kind: 'postgres', openRedis: () => null },
]

/**
 * Runs one suite on both queue backends: what holds on one must hold on the other. Both at the same time, since mostly they
 * wait; within each, tests come one after the other unless they say otherwise.
 */
export function describeOnEachQueueBackend(title: string, define: (backend: QueueBackendUnderTest) => void): void {
  describe.concurrent.each(backends)(`${title} (queue on $kind)`, (backend) => {
    describe('in order', { concurrent: false }, () => define(backend))
  })
}
