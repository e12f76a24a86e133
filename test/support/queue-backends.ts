import { describe } from 'vitest'
import { type TestRedis, testRedis } from './test-redis.ts'

export interface QueueBackendUnderTest {
  kind: 'redis' | 'postgres'
  /** Redis with the queue, or null for the test's Postgres database (which has the BullMQ tables). */
  openRedis(): TestRedis | null
}

const backends: readonly QueueBackendUnderTest[] = [
  { kind: 'redis', openRedis: testRedis },
  { kind: 'postgres', openRedis: () => null },
]

/**
 * Runs a suite on both queue backends, concurrently, since the tests mostly wait; within each backend tests run
 * sequentially unless declared otherwise.
 */
export function describeOnEachQueueBackend(title: string, define: (backend: QueueBackendUnderTest) => void): void {
  describe.concurrent.each(backends)(`${title} (queue on $kind)`, (backend) => {
    describe('sequentially', { concurrent: false }, () => define(backend))
  })
}
