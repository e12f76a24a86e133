import type { HintQueue } from './backend.ts'
import { type Payload, queues } from './queues.ts'

export interface Hints {
  /** Signals that work is due over this connection. Returns immediately, never fails: polling finds what is lost. */
  due(connectionId: string): void
  close(): Promise<void>
}

interface Deps {
  queue: HintQueue
  log: { warn(context: object, message: string): void }
}

/** Maximum hints buffered while the queue is unavailable. New ones are then dropped; the poller finds their work. */
const maxWaiting = 10_000
const maxInOneAdd = 500
/** Minimum time between two adds, to bundle hints under steady load. The first one is sent immediately. */
const pauseMs = 10

/** Hints are sent in bulk and never awaited: `add` may stay pending for many seconds while Redis is unavailable. */
export function makeHints({ queue, log }: Deps): Hints {
  /** One hint per connection covers all work due over it. */
  const waiting = new Set<string>()
  let isSending = false
  let pause: NodeJS.Timeout | undefined
  let isClosed = false
  queue.on('error', (error) => {
    if (!isClosed) log.warn({ err: error }, 'queue unavailable; falling back to database polling')
  })

  function send(): void {
    if (isSending || waiting.size === 0) return
    isSending = true
    const batch = [...waiting].slice(0, maxInOneAdd)
    for (const connectionId of batch) waiting.delete(connectionId)
    queue
      .addBulk(
        batch.map((connectionId) => ({
          name: queues.reconcile.name,
          data: { connectionId } satisfies Payload<'reconcile'>,
        })),
      )
      .catch((error: unknown) =>
        log.warn({ err: error, hints: batch.length }, 'wake-up messages dropped; poller will recover'),
      )
      .finally(() => {
        pause = setTimeout(() => {
          isSending = false
          send()
        }, pauseMs)
      })
  }

  return {
    due(connectionId) {
      if (isClosed || waiting.size >= maxWaiting) return
      waiting.add(connectionId)
      // Once per event loop iteration, so that a burst of requests shares one round trip.
      if (waiting.size === 1) setImmediate(send)
    },
    async close() {
      isClosed = true
      waiting.clear()
      clearTimeout(pause)
      await queue.close()
    },
  }
}
