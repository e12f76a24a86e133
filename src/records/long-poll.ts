import { untilTick } from '../events/waiters.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { Workload } from '../workloads/workload.ts'

interface Deps<K extends Kind> {
  /** As it is now; `last` itself where it has not changed since. */
  read(last: Workload<K> | null): Promise<Workload<K>>
  /** Resolves at the next change, after `ms`, or when aborted. False: nobody waits any more. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>
  clock: { monotonicMs(): number }
}

/** Without a wake-up the row is read again this often, or half a second later: together with others. */
const lookAgainMs = 2000

/**
 * Reads a workload until `isEnough`, `waitMs` have passed, or the client has left. Answers the latest reading.
 */
export async function readUntil<K extends Kind>(
  deps: Deps<K>,
  isEnough: (workload: Workload<K>) => boolean,
  { waitMs, signal }: { waitMs: number; signal: AbortSignal },
): Promise<Workload<K>> {
  const untilMs = deps.clock.monotonicMs() + waitMs
  let last: Workload<K> | null = null
  for (let leftMs = waitMs; leftMs > 0; leftMs = untilMs - deps.clock.monotonicMs()) {
    const isRead = new AbortController()
    try {
      // It listens before it reads, so that no change falls between the two.
      const heard = deps.wait(
        Math.min(leftMs, untilTick(deps.clock, lookAgainMs)),
        AbortSignal.any([signal, isRead.signal]),
      )
      last = await deps.read(last)
      if (isEnough(last) || signal.aborted) return last
      if (!(await heard)) break
    } finally {
      isRead.abort()
    }
  }
  return deps.read(null)
}
