import { untilTick } from '../events/waiters.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { Workload } from '../workloads/workload.ts'

interface Deps<K extends Kind> {
  /** The current record; `last` itself if it has not changed. */
  read(last: Workload<K> | null): Promise<Workload<K>>
  /** Resolves at the next change, after `ms`, or when aborted. False if the wait was refused. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>
  clock: { monotonicMs(): number }
}

/** Poll interval without a notification; up to half a second later, to share reads. */
const rereadMs = 2000

/**
 * Reads a workload until `isEnough`, until `waitMs` have passed, or until the client disconnects. Returns the latest
 * read.
 */
export async function readUntil<K extends Kind>(
  deps: Deps<K>,
  isReady: (workload: Workload<K>) => boolean,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
): Promise<Workload<K>> {
  const untilMs = deps.clock.monotonicMs() + waitMs
  let last: Workload<K> | null = null
  for (let leftMs = waitMs; leftMs > 0; leftMs = untilMs - deps.clock.monotonicMs()) {
    const isRead = new AbortController()
    try {
      // Subscribes before reading, so that no change is missed in between.
      const changed = deps.wait(
        Math.min(leftMs, untilTick(deps.clock, rereadMs)),
        AbortSignal.any([signal, isRead.signal]),
      )
      last = await deps.read(last)
      if (isReady(last) || signal.aborted) return last
      if (!(await changed)) break
    } finally {
      isRead.abort()
    }
  }
  return deps.read(null)
}
