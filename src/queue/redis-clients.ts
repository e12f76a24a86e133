import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

/** A connection to Redis that can always be ended. */
export interface RedisClient {
  redis: Redis
  /** Runs `close`, told whether Redis answers, and waits for it as long as Redis does; then the connection is cut. */
  end(close: (isThere: boolean) => Promise<unknown>): Promise<void>
}

/** A Redis that has not answered within this time counts as away. */
const answerMs = 500
const longestPauseMs = 2000

/**
 * The Redis connections of one process. They are made here and not by BullMQ: its own `close` waits for a Redis that is
 * away until it comes back, and nobody else could end them.
 */
export function makeRedisClients(url: string) {
  const clients = new Set<Redis>()
  const retryStrategy = (times: number) => Math.min(times * 100, longestPauseMs)

  /** BullMQ makes copies for the reads that block: they are ended with the others. */
  function keep(redis: Redis): Redis {
    clients.add(redis)
    redis.on('error', () => {})
    const duplicate = redis.duplicate.bind(redis)
    redis.duplicate = (override) => keep(duplicate(override))
    return redis
  }

  return {
    /** A producer gives up at once while Redis is away; a consumer waits for it to come back. */
    make(role: 'producer' | 'consumer'): RedisClient {
      const isConsumer = role === 'consumer'
      const maxRetriesPerRequest = isConsumer ? null : 1
      const redis = keep(new Redis(url, { maxRetriesPerRequest, enableOfflineQueue: isConsumer, retryStrategy }))
      return {
        redis,
        async end(close) {
          const answers = () => within(answerMs, redis.ping())
          const closing = close(await answers()).catch(() => {})
          while (!(await within(answerMs, closing)) && (await answers()));
          redis.disconnect()
        },
      }
    },

    /** Cuts what is left. */
    disconnect(): void {
      for (const redis of clients) redis.disconnect()
    },
  }
}

/** Whether `work` is done in time. What comes later, or fails, is nobody's concern. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const isDone = work.then(
    () => true,
    () => false,
  )
  const over = new AbortController()
  const isLate = sleep(ms, false, { signal: over.signal }).catch(() => false)
  return Promise.race([isDone, isLate]).finally(() => over.abort())
}
