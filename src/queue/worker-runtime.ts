import type { HintWorker, QueueBackend } from './backend.ts'
import { type Payload, type QueueName, queues, readPayload } from './queues.ts'

export interface QueueWorker {
  start(): Promise<void>
  /** Takes nothing new. Resolves when what it holds is done, or at once while the queue does not answer. */
  stop(): Promise<void>
}

interface Options<Q extends QueueName> {
  backend: QueueBackend
  queue: Q
  concurrency: number
  handle(payload: Payload<Q>): Promise<void>
  log: { warn(context: object, message: string): void }
}

/** Reads one queue. Payloads are checked before anything is done with them; a broken one is dropped and told. */
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
    const made = backend.makeWorker(
      name,
      async ({ data }) => {
        const payload = readPayload(queue, data)
        if (payload === null) return log.warn({ queue: name }, 'invalid queue message dropped')
        await handle(payload)
      },
      concurrency,
    )
    made.on('error', (error) => {
      if (!isClosed) log.warn({ err: error, queue: name }, 'queue unavailable; falling back to database polling')
    })
    return made
  }

  return {
    async start() {
      // Made here and not before: a worker holds a connection from its making on, and a process without work needs none.
      worker = make()
      worker.run().catch((error: unknown) => log.warn({ err: error, queue: name }, 'queue worker stopped'))
    },
    async stop() {
      isClosed = true
      await worker?.close()
    },
  }
}
