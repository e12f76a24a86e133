import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

/** A Redis connection that can always be closed. */
export interface RedisClient {
  redis: Redis
  /** Calls `close` with the availability of Redis, waits for it as long as Redis responds, then disconnects. */
  end(close: (isThere: boolean) => Promise<unknown>): Promise<void>
}

/** Redis is unavailable if it does not respond within this time. */
const answerMs = 500
const longestPauseMs = 2000

/**
 * The Redis connections of one process. Not created by BullMQ, because its `close` waits until an unavailable Redis
 * returns, and no other code could close its connections.
 */
export function makeRedisClients(url: string) {
  const clients = new Set<Redis>()
  const retryStrategy = (times: number) => Math.min(times * 100, longestPauseMs)

  /** Also tracks the duplicates that BullMQ creates for blocking reads. */
  function keep(redis: Redis): Redis {
    clients.add(redis)
    redis.on('error', () => {})
    const duplicate = redis.duplicate.bind(redis)
    redis.duplicate = (override) => keep(duplicate(override))
    return redis
  }

  return {
    /** A producer fails immediately while Redis is unavailable; a consumer waits until it returns. */
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

    /** Disconnects the remaining clients. */
    disconnect(): void {
      for (const redis of clients) redis.disconnect()
    },
  }
}

/** Whether `work` completes in time. Later results and errors are ignored. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const isDone = work.then(
    () => true,
    () => false,
  )
  const over = new AbortController()
  const isLate = sleep(ms, false, { signal: over.signal }).catch(() => false)
  return Promise.race([isDone, isLate]).finally(() => over.abort())
}
