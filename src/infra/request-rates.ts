import { Redis } from 'ioredis'
import { LRUCache } from 'lru-cache'
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

/** Of a window this part is taken at a time, and counted down here: one question to the store for so many requests. */
const blockPart = 0.01
const maxRemembered = 10_000

/** What this process has taken of a caller's window and not handed out yet. */
interface Block {
  /** False: the window is used up. */
  isGranted: boolean
  left: number
  /** What the store had left after it was taken. */
  remaining: number
  endsAtMs: number
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

  const blockSize = Math.max(1, Math.floor(requests * blockPart))
  const blocks = new LRUCache<string, Block>({ max: maxRemembered })
  /** Requests of one caller that arrive together wait for the same block. */
  const taking = new Map<string, Promise<Block>>()

  async function take(caller: string): Promise<Block> {
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

  /** Takes one request out of the caller's block, or tells that its window is used up. */
  async function takeOne(caller: string): Promise<Block> {
    for (;;) {
      const block = blocks.get(caller)
      if (block !== undefined && block.left > 0 && performance.now() < block.endsAtMs) {
        block.left -= 1
        return { ...block }
      }
      const under = taking.get(caller) ?? take(caller).finally(() => taking.delete(caller))
      taking.set(caller, under)
      const taken = await under
      if (!taken.isGranted) return taken
    }
  }

  return {
    async count(caller) {
      const block = await takeOne(caller)
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
