import { Redis } from 'ioredis'
import { Client, Pool } from 'pg'
import { expect, it } from 'vitest'
import { postgresBackend, redisBackend } from '../../../src/queue/backend.ts'
import { queues } from '../../../src/queue/queues.ts'
import { makeQueueWorker } from '../../../src/queue/worker-runtime.ts'
import { describeOnEachQueueBackend } from '../../support/queue-backends.ts'
import { redisSettingsAt } from '../../support/redis-settings.ts'
import { createTestDatabase } from '../../support/test-database.ts'

describeOnEachQueueBackend('failing queue fetch', ({ openRedis }) => {
  it('retries after a delay and does not block the stop', async () => {
    const database = await createTestDatabase()
    const redis = openRedis()
    const backend = redis === null ? queueIn(database.url) : redisBackend(redisSettingsAt(redis.url), redis.prefix)
    if (redis === null) await dropQueueTables(database.url)
    else await corruptWaitingList(redis)
    const failedAtMs: number[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    const worker = makeQueueWorker({
      ...{ backend, queue: 'reconcile', concurrency: 4, handle: async () => {} },
      log: {
        warn() {
          failedAtMs.push(performance.now())
          if (failedAtMs.length === 3) resolve()
        },
      },
    })
    await worker.start()
    await promise
    const [first = 0, , third = 0] = failedAtMs
    expect(third - first).toBeGreaterThan(1000)
    await worker.stop()
    await backend.close()
    await database.drop()
  })
})

const queueIn = (url: string) =>
  postgresBackend({ pool: new Pool({ connectionString: url, options: '-c search_path=bullmq' }), canListen: true })

async function dropQueueTables(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query('DROP SCHEMA bullmq CASCADE')
  await client.end()
}

/** Replaces the list with a key of another type, as another user of the same Redis might. */
async function corruptWaitingList({ url, prefix }: { url: string; prefix: string }): Promise<void> {
  const redis = new Redis(url)
  await redis.set(`${prefix}:${queues.reconcile.name}:wait`, 'no list')
  redis.disconnect()
}
