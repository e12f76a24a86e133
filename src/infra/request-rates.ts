import { LRUCache } from 'lru-cache'
import type { Pool } from 'pg'
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { connectRedis, type RedisConnection, type RedisSettings } from './redis-connection.ts'
import { ratePrefix } from './redis-keys.ts'

/** The state of a caller's rate limit window. */
export interface RequestRate {
  isAllowed: boolean
  limit: number
  remaining: number
  resetSeconds: number
  windowSeconds: number
}

/** Counts requests per caller, shared by all instances. */
export interface RequestRates {
  /** Counts one request. Never fails: if the shared store is unavailable, each instance counts separately. */
  count(caller: string): Promise<RequestRate>
  close(): Promise<void>
}

export interface RequestRateOptions {
  /** Maximum requests of one caller per window. */
  requests: number
  windowSeconds: number
  /** Null: the counts are stored in the database, in an unlogged table. */
  redis: RedisSettings | null
  pool: Pool
}

/** The part of a window reserved at a time and counted locally, so that the store is queried once per block. */
const blockPart = 0.01
const maxRemembered = 10_000

/** The requests that this process has reserved of a caller's window and not yet used. */
interface Block {
  /** False: the window is exhausted. */
  isGranted: boolean
  left: number
  /** What the store had left after the reservation. */
  remaining: number
  endsAtMs: number
}

export function makeRequestRates({ requests, windowSeconds, redis: settings, pool }: RequestRateOptions): RequestRates {
  const window = { points: requests, duration: windowSeconds }
  const redis = settings === null ? null : connect(settings)
  const common = {
    ...window,
    keyPrefix: ratePrefix,
    insuranceLimiter: new RateLimiterMemory(window),
    // Callers beyond the limit are rejected locally, without querying the store.
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

  const blockSize = Math.max(1, Math.floor(requests * blockPart))
  const blocks = new LRUCache<string, Block>({ max: maxRemembered })
  /** Concurrent requests of one caller wait for the same block. */
  const reservations = new Map<string, Promise<Block>>()

  async function reserveBlock(caller: string): Promise<Block> {
    const { result, isGranted } = await limiter.consume(caller, blockSize).then(
      (counted) => ({ result: counted, isGranted: true }),
      (error: unknown) => {
        if (error instanceof RateLimiterRes) return { result: error, isGranted: false }
        throw error
      },
    )
    const { remainingPoints, msBeforeNext } = result
    const counts = { left: isGranted ? blockSize : 0, remaining: Math.max(0, remainingPoints) }
    const block: Block = { isGranted, ...counts, endsAtMs: performance.now() + msBeforeNext }
    if (isGranted) blocks.set(caller, block)
    return block
  }

  /** Uses one request of the caller's block, or reports that the window is exhausted. */
  async function consume(caller: string): Promise<Block> {
    for (;;) {
      const block = blocks.get(caller)
      if (block !== undefined && block.left > 0 && performance.now() < block.endsAtMs) {
        block.left -= 1
        return { ...block }
      }
      const reservation = reservations.get(caller) ?? reserveBlock(caller).finally(() => reservations.delete(caller))
      reservations.set(caller, reservation)
      const reserved = await reservation
      if (!reserved.isGranted) return reserved
    }
  }

  return {
    async count(caller) {
      const block = await consume(caller)
      return {
        isAllowed: block.isGranted,
        limit: requests,
        remaining: block.remaining + block.left,
        resetSeconds: Math.max(0, Math.ceil((block.endsAtMs - performance.now()) / 1000)),
        windowSeconds,
      }
    },
    async close() {
      redis?.disconnect()
    },
  }
}

/** Fails immediately if Redis is unavailable: requests must not wait for it. */
function connect(settings: RedisSettings): RedisConnection {
  const redis = connectRedis(settings, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 500,
    socketTimeout: 5000,
  })
  redis.on('error', () => {})
  return redis
}
