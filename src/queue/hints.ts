import type { HintQueue } from './backend.ts'
import { type Payload, queues } from './queues.ts'

export interface Hints {
  /** Signals that work is due over this connection. Returns immediately, never fails: polling finds what is lost. */
  due(connectionId: string): void
  close(): Promise<void>
}

/** Traces a message, from its cause to the queue. */
export interface HintTrace {
  traceParent: string | null
  end(isSent: boolean): void
}

interface Deps {
  queue: HintQueue
  /** Null: messages are not traced. */
  trace: (() => HintTrace) | null
  log: { warn(context: object, message: string): void }
}

/** Maximum hints buffered while the queue is unavailable. New ones are then dropped; the poller finds their work. */
const maxWaiting = 10_000
const maxInOneAdd = 500
/** Minimum time between two adds, to bundle hints under steady load. The first one is sent immediately. */
const pauseMs = 10

/** Hints are sent in bulk and never awaited: `add` may stay pending for many seconds while Redis is unavailable. */
export function makeHints({ queue, trace, log }: Deps): Hints {
  /** One hint per connection covers all work due over it, and is traced for the request that came first. */
  const waiting = new Map<string, HintTrace | null>()
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
    for (const [connectionId] of batch) waiting.delete(connectionId)
    let isSent = true
    queue
      .addBulk(
        batch.map(([connectionId, traced]) => ({
          name: queues.reconcile.name,
          data: payloadOf(connectionId, traced),
        })),
      )
      .catch((error: unknown) => {
        isSent = false
        log.warn({ err: error, hints: batch.length }, 'wake-up messages dropped; poller will recover')
      })
      .finally(() => {
        for (const [, traced] of batch) traced?.end(isSent)
        pause = setTimeout(() => {
          isSending = false
          send()
        }, pauseMs)
      })
  }

  return {
    due(connectionId) {
      if (isClosed || waiting.size >= maxWaiting) return
      if (!waiting.has(connectionId)) waiting.set(connectionId, trace === null ? null : trace())
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

function payloadOf(connectionId: string, traced: HintTrace | null): Payload<'reconcile'> {
  const traceParent = traced?.traceParent ?? null
  return { connectionId, ...(traceParent === null ? {} : { traceParent }) }
}
