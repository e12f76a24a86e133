import type { Kind } from '../vocabulary/kinds.ts'
import type { Workload } from './workload.ts'

interface Deps<K extends Kind> {
  read(): Promise<Workload<K>>
  /** False: nobody waits any more. */
  wait(workloadId: string, ms: number, signal: AbortSignal): Promise<boolean>
  clock: { monotonicMs(): number }
}

/** Without a wake-up the row is read again this often. */
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
  let workload = await deps.read()
  for (;;) {
    const leftMs = untilMs - deps.clock.monotonicMs()
    if (isEnough(workload) || leftMs <= 0 || signal.aborted) return workload
    // A change between the reading and the start of the wait is seen at the next look.
    const mayGoOn = await deps.wait(workload.id, Math.min(leftMs, lookAgainMs), signal)
    workload = await deps.read()
    if (!mayGoOn) return workload
  }
}
