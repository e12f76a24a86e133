import { setTimeout as sleep } from 'node:timers/promises'
import { createPostgresBackend, type IQueueBackend, type PostgresConnectionOptions, Queue, Worker } from 'bullmq'
import type { Pool } from 'pg'
import { makeRedisClients } from './redis-clients.ts'

/** What is used of a BullMQ queue. */
export interface HintQueue {
  addBulk(jobs: { name: string; data: object }[]): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
}

/** What is used of a BullMQ worker. */
export interface HintWorker {
  run(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): unknown
  /** Takes nothing new and waits for what it holds; with a queue that does not answer, for nothing. */
  close(): Promise<void>
}

type Processor = (job: { data: unknown }) => Promise<void>

/** Where the queue lives: Redis where there is one, else the database that is there anyway. */
export interface QueueBackend {
  readonly kind: 'redis' | 'postgres'
  makeQueue(name: string): HintQueue
  /** Does nothing until `run()`. */
  makeWorker(name: string, processor: Processor, concurrency: number): HintWorker
  close(): Promise<void>
}

/**
 * The queues of one installation: another may use the same Redis, or have its tables in another schema of the same database,
 * and would take hints that mean nothing to it.
 */
export function ofInstallation(backend: QueueBackend, tag: string): QueueBackend {
  return {
    ...backend,
    makeQueue: (name) => backend.makeQueue(`${name}-${tag}`),
    makeWorker: (name, ...rest) => backend.makeWorker(`${name}-${tag}`, ...rest),
  }
}

/** A hint is used up by being looked at, whatever comes of it: our lease is the only guard. */
const jobOptions = { removeOnComplete: true, removeOnFail: true, attempts: 1 } as const

export function redisBackend(url: string, prefix?: string): QueueBackend {
  const named = prefix === undefined ? {} : { prefix }
  const clients = makeRedisClients(url)
  return {
    kind: 'redis',
    makeQueue(name) {
      const client = clients.make('producer')
      const queue = new Queue(name, { connection: client.redis, defaultJobOptions: jobOptions, ...named })
      return {
        addBulk: (jobs) => queue.addBulk(jobs),
        on: (event, listener) => queue.on(event, listener),
        close: () => client.end(() => queue.close()),
      }
    },
    makeWorker(name, processor, concurrency) {
      const client = clients.make('consumer')
      const closing = new AbortController()
      const options = { connection: client.redis, concurrency, autorun: false, ...named }
      const worker = new Worker(name, processor, options)
      pauseAfterFailedFetch(worker.getBackend(), closing.signal)
      return {
        run: () => worker.run(),
        on: (event, listener) => worker.on(event, listener),
        close() {
          closing.abort()
          return client.end((isThere) => worker.close(!isThere))
        },
      }
    },
    close: async () => clients.disconnect(),
  }
}

/** What the queue in the database is handed: sessions whose search path is the schema that `migrate` makes its tables in. */
export interface QueueSessions {
  /** Every queue and worker of the process shares it: each with its own would eat the server's connections. */
  pool: Pool
  /** False under transaction pooling: nothing is heard, and new hints are polled for. */
  canListen: boolean
}

/** How long a worker that hears nothing waits until it looks again. */
const pollSeconds = 1

export function postgresBackend({ pool, canListen }: QueueSessions): QueueBackend {
  pool.on('error', () => {})
  // A Pool is what BullMQ asks for; its own type of one wants an index signature that pg's does not declare.
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

/** Between a fetch that failed and the next one. */
const pauseMs = 1000

/**
 * BullMQ's worker repeats a fetch that failed at once, for as long as it fails. Where the failure is known without asking
 * the server, such as missing tables, that loop never yields and nothing else in the process runs again. Here a failed
 * fetch waits before it reports.
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
