import { Redis } from 'ioredis'
import type { Pool } from 'pg'
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'

/** What a caller has left of its window. */
export interface RequestRate {
  isAllowed: boolean
  limit: number
  remaining: number
  resetSeconds: number
  windowSeconds: number
}

/** Counts the requests of each caller, in one place for all instances. */
export interface RequestRates {
  /** Counts one request. Never fails: where the counts cannot be reached, each instance counts its own. */
  count(caller: string): Promise<RequestRate>
  close(): Promise<void>
}

export interface RequestRateOptions {
  /** Requests of one caller within a window. */
  requests: number
  windowSeconds: number
  /** Null: the counts live in the database, in a table that writes no log. */
  redisUrl: string | null
  pool: Pool
}

export function makeRequestRates({ requests, windowSeconds, redisUrl, pool }: RequestRateOptions): RequestRates {
  const window = { points: requests, duration: windowSeconds }
  const redis = redisUrl === null ? null : connect(redisUrl)
  const common = {
    ...window,
    keyPrefix: 'switchyard-rate',
    insuranceLimiter: new RateLimiterMemory(window),
    // Who is beyond the limit is not counted on: a flood ends at this process.
    inMemoryBlockOnConsumed: requests,
  }
  const limiter =
    redis === null
      ? new RateLimiterPostgres({
          ...common,
          storeClient: pool,
          storeType: 'client',
          tableName: 'request_rates',
          tableCreated: true,
        })
      : new RateLimiterRedis({ ...common, storeClient: redis })

  return {
    async count(caller) {
      const { result, isAllowed } = await limiter.consume(caller).then(
        (counted) => ({ result: counted, isAllowed: true }),
        (error: unknown) => {
          if (error instanceof RateLimiterRes) return { result: error, isAllowed: false }
          throw error
        },
      )
      return {
        isAllowed,
        limit: requests,
        remaining: Math.max(0, result.remainingPoints),
        resetSeconds: Math.ceil(result.msBeforeNext / 1000),
        windowSeconds,
      }
    },
    async close() {
      redis?.disconnect()
    },
  }
}

/** Answers or fails at once: a request must not wait for Redis to come back. */
function connect(url: string): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 500,
    lazyConnect: false,
  })
  redis.on('error', () => {})
  return redis
}
