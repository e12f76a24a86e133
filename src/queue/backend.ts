import { setTimeout as sleep } from 'node:timers/promises'
import { createPostgresBackend, type IQueueBackend, type PostgresConnectionOptions, Queue, Worker } from 'bullmq'
import type { Pool } from 'pg'
import type { RedisSettings } from '../infra/redis-connection.ts'
import { queuePrefixOf } from '../infra/redis-keys.ts'
import { makeRedisClients } from './redis-clients.ts'

/** The used part of a BullMQ queue. */
export interface HintQueue {
  addBulk(jobs: { name: string; data: object }[]): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
}

/** The used part of a BullMQ worker. */
export interface HintWorker {
  run(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): unknown
  /** Accepts no new jobs and waits for active ones; does not wait if the queue is unavailable. */
  close(): Promise<void>
}

type Processor = (job: { data: unknown }) => Promise<void>

/** The queue is stored in Redis if configured, otherwise in the database. */
export interface QueueBackend {
  readonly kind: 'redis' | 'postgres'
  makeQueue(name: string): HintQueue
  /** Does nothing until `run()`. */
  makeWorker(name: string, processor: Processor, concurrency: number): HintWorker
  close(): Promise<void>
}

/**
 * Separates the queues of installations: others may use the same Redis, or another schema of the same database, and
 * would consume hints that are meaningless to them.
 */
export function ofInstallation(backend: QueueBackend, tag: string): QueueBackend {
  return {
    ...backend,
    makeQueue: (name) => backend.makeQueue(`${name}-${tag}`),
    makeWorker: (name, ...rest) => backend.makeWorker(`${name}-${tag}`, ...rest),
  }
}

/** A hint is consumed when processed, regardless of the result: only the database lease prevents duplicate work. */
const jobOptions = { removeOnComplete: true, removeOnFail: true, attempts: 1 } as const

export function redisBackend(settings: RedisSettings, prefix?: string): QueueBackend {
  const common = {
    prefix: queuePrefixOf(settings, prefix),
    // BullMQ would require INFO and print plain text; infra/redis-check.ts checks the same.
    skipVersionCheck: true,
  }
  const clients = makeRedisClients(settings)
  return {
    kind: 'redis',
    makeQueue(name) {
      const client = clients.make('producer')
      const queue = new Queue(name, { connection: client.redis, defaultJobOptions: jobOptions, ...common })
      return {
        addBulk: (jobs) => queue.addBulk(jobs),
        on: (event, listener) => queue.on(event, listener),
        close: () => client.end(() => queue.close()),
      }
    },
    makeWorker(name, processor, concurrency) {
      const client = clients.make('consumer')
      const closing = new AbortController()
      const options = { connection: client.redis, concurrency, autorun: false, ...common }
      const worker = new Worker(name, processor, options)
      pauseAfterFailedFetch(worker.getBackend(), closing.signal)
      return {
        run: () => worker.run(),
        on: (event, listener) => worker.on(event, listener),
        close() {
          closing.abort()
          return client.end((isAvailable) => worker.close(!isAvailable))
        },
      }
    },
    close: async () => clients.disconnect(),
  }
}

/** Database sessions for the queue, with the schema of its tables (created by `migrate`) as search path. */
export interface QueueSessions {
  /** Shared by all queues and workers of the process, to limit the number of connections. */
  pool: Pool
  /** False under transaction pooling: there are no notifications, and hints are polled for. */
  canListen: boolean
}

/** Poll interval of a worker without notifications. */
const pollSeconds = 1

export function postgresBackend({ pool, canListen }: QueueSessions): QueueBackend {
  pool.on('error', () => {})
  // BullMQ requires a Pool; its type declares an index signature that pg's does not.
  const connection = pool as unknown as PostgresConnectionOptions
  return {
    kind: 'postgres',
    makeQueue: (name) => new Queue(name, { connection, defaultJobOptions: jobOptions }, createPostgresBackend),
    makeWorker(name, processor, concurrency) {
      const closing = new AbortController()
      const options = { connection, concurrency, autorun: false, ...(canListen ? {} : { drainDelay: pollSeconds }) }
      const worker = new Worker(name, processor, options, createPostgresBackend)
      pauseAfterFailedFetch(worker.getBackend(), closing.signal)
      return {
        run: () => worker.run(),
        on: (event, listener) => worker.on(event, listener),
        close() {
          closing.abort()
          return worker.close()
        },
      }
    },
    close: () => pool.end(),
  }
}

/** Pause after a failed fetch. */
const pauseMs = 1000

/**
 * BullMQ's worker repeats a failed fetch immediately, as long as it fails. If the failure needs no server round trip,
 * such as missing tables, that loop never yields and blocks the process. Here, a failed fetch waits before it reports
 * the error.
 *
 * @param closing aborted when the worker closes, which must not wait for a pause
 */
export function pauseAfterFailedFetch(backend: IQueueBackend, closing: AbortSignal): void {
  const moveToActive = backend.moveToActive.bind(backend)
  backend.moveToActive = async (...fetch) => {
    try {
      return await moveToActive(...fetch)
    } catch (error) {
      await sleep(pauseMs, undefined, { signal: closing }).catch(() => {})
      throw error
    }
  }
}
