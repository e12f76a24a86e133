import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { connectRedis, type RedisConnection, type RedisSettings } from '../infra/redis-connection.ts'

/** A Redis connection that can always be closed. */
export interface RedisClient {
  redis: RedisConnection
  /** Calls `close` with the availability of Redis, waits for it as long as Redis responds, then disconnects. */
  end(close: (isAvailable: boolean) => Promise<unknown>): Promise<void>
}

/** Redis is unavailable if it does not respond within this time. */
const responseTimeoutMs = 500
/** A producer fails immediately while Redis is unavailable. */
const producing = { maxRetriesPerRequest: 1, enableOfflineQueue: false, socketTimeout: 5000 }
/** A consumer waits until Redis returns. Its reads block for five seconds. */
const consuming = { maxRetriesPerRequest: null, enableOfflineQueue: true, socketTimeout: 8000 }

/**
 * The Redis connections of one process. Not created by BullMQ, because its `close` waits until an unavailable Redis
 * returns, and no other code could close its connections.
 */
export function makeRedisClients(settings: RedisSettings) {
  const clients = new Set<RedisConnection>()

  /** Also tracks the duplicates that BullMQ creates for blocking reads. */
  function keep<C extends RedisConnection>(redis: C): C {
    clients.add(redis)
    redis.on('error', () => {})
    keepDuplicates(redis)
    return redis
  }

  function keepDuplicates(redis: RedisConnection): void {
    if (redis instanceof Cluster) {
      const duplicate = redis.duplicate.bind(redis)
      redis.duplicate = (nodes, options) => keep(duplicate(nodes, options))
    } else {
      const duplicate = redis.duplicate.bind(redis)
      redis.duplicate = (override) => keep(duplicate(override))
    }
  }

  return {
    make(role: 'producer' | 'consumer'): RedisClient {
      const redis = keep(connectRedis(settings, role === 'consumer' ? consuming : producing))
      return {
        redis,
        async end(close) {
          const responds = () => within(responseTimeoutMs, redis.ping())
          const closing = close(await responds()).catch(() => {})
          while (!(await within(responseTimeoutMs, closing)) && (await responds()));
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
