import type { HintWorker, QueueBackend } from './backend.ts'
import { type Payload, type QueueName, queues, readPayload } from './queues.ts'

export interface QueueWorker {
  start(): Promise<void>
  /** Accepts no new jobs. Resolves when active ones are done, or immediately if the queue is unavailable. */
  stop(): Promise<void>
}

interface Options<Q extends QueueName> {
  backend: QueueBackend
  queue: Q
  concurrency: number
  handle(payload: Payload<Q>): Promise<void>
  log: { warn(context: object, message: string): void }
}

/** Processes one queue. Payloads are validated first; invalid ones are dropped and logged. */
export function makeQueueWorker<Q extends QueueName>({
  backend,
  queue,
  concurrency,
  handle,
  log,
}: Options<Q>): QueueWorker {
  const { name } = queues[queue]
  let isClosed = false
  let worker: HintWorker | undefined

  function make(): HintWorker {
    const worker = backend.makeWorker(
      name,
      async ({ data }) => {
        const payload = readPayload(queue, data)
        if (payload === null) return log.warn({ queue: name }, 'invalid queue message dropped')
        await handle(payload)
      },
      concurrency,
    )
    worker.on('error', (error) => {
      if (!isClosed) log.warn({ err: error, queue: name }, 'queue unavailable; falling back to database polling')
    })
    return worker
  }

  return {
    async start() {
      // Created here, because a worker opens a connection when created, and a stopped one needs none.
      worker = make()
      worker.run().catch((error: unknown) => log.warn({ err: error, queue: name }, 'queue worker stopped'))
    },
    async stop() {
      isClosed = true
      await worker?.close()
    },
  }
}
