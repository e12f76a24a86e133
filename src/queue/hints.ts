import type { HintQueue } from './backend.ts'
import { type Payload, queues } from './queues.ts'

export interface Hints {
  /** Says "look at this workload". Returns at once, never fails: what is lost is found by upkeep. */
  reconcile(workloadId: string): void
  close(): Promise<void>
}

interface Deps {
  queue: HintQueue
  log: { warn(context: object, message: string): void }
}

/** Hints that wait while the queue does not answer. Beyond it the newest are dropped: upkeep finds the rest. */
const mostWaiting = 10_000
const mostInOneAdd = 500

/** Hints go out in bulk and are never awaited: `add` neither resolves nor rejects for many seconds while Redis is away. */
export function makeHints({ queue, log }: Deps): Hints {
  let waiting: Payload<'reconcile'>[] = []
  let isSending = false
  let isClosed = false
  queue.on('error', (error) => {
    if (!isClosed) log.warn({ err: error }, 'the queue is away; work goes on from the database')
  })

  function send(): void {
    if (isSending || waiting.length === 0) return
    isSending = true
    const batch = waiting.splice(0, mostInOneAdd)
    queue
      .addBulk(batch.map((data) => ({ name: queues.reconcile.name, data })))
      .catch((error: unknown) =>
        log.warn({ err: error, hints: batch.length }, 'hints were lost; upkeep finds their work'),
      )
      .finally(() => {
        isSending = false
        send()
      })
  }

  return {
    reconcile(workloadId) {
      if (isClosed || waiting.length >= mostWaiting) return
      waiting.push({ workloadId })
      // Once per turn of the event loop, so that a burst of requests shares one round trip.
      if (waiting.length === 1) setImmediate(send)
    },
    async close() {
      isClosed = true
      waiting = []
      await queue.close()
    },
  }
}
