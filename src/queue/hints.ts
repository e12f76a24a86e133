import type { HintQueue } from './backend.ts'
import { type Payload, queues } from './queues.ts'

export interface Hints {
  /** Says that something is due over this connection. Returns at once, never fails: what is lost is found by polling. */
  due(connectionId: string): void
  close(): Promise<void>
}

interface Deps {
  queue: HintQueue
  log: { warn(context: object, message: string): void }
}

/** Hints that wait while the queue does not answer. Beyond it the newest are dropped: upkeep finds the rest. */
const maxWaiting = 10_000
const maxInOneAdd = 500
/** From one add to the next, so that steady requests do not each pay for one. The first is not kept waiting. */
const pauseMs = 10

/** Hints go out in bulk and are never awaited: `add` neither resolves nor rejects for many seconds while Redis is away. */
export function makeHints({ queue, log }: Deps): Hints {
  /** One hint for each connection tells of everything that is due over it. */
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
      // Once per turn of the event loop, so that a burst of requests shares one round trip.
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
