import type { Log } from '../ports.ts'
import type { ClaimedSweep, SweepsRepository } from './sweeps.repository.ts'

/** The scans of one process. */
export interface SweepSchedule {
  /** Claims due scans and starts them, up to the concurrency limit. */
  poll(): Promise<void>
  /** Renews the leases of running scans. */
  renew(): Promise<void>
  /** Starts no more scans; resolves when running ones have ended. */
  stop(): Promise<void>
  /** Number of running scans. */
  running(): number
}

interface Deps {
  sweeps: Pick<SweepsRepository, 'claimDue' | 'renew'>
  /** Returns the milliseconds until the same list is due again; null = when something happens. */
  sweep(claimed: ClaimedSweep): Promise<number | null>
  /** Lists scanned concurrently: a scan mostly waits for its provider. */
  concurrency: number
  log: Log
}

/** Sets a timer for each list scanned here, so the next scan does not wait for a poll. */
export function makeSweepSchedule({ sweeps, sweep, concurrency, log }: Deps): SweepSchedule {
  const running = new Map<ClaimedSweep, Promise<void>>()
  /** One per list, and one for a poll that waits for a free slot. */
  const timers = new Map<string, NodeJS.Timeout>()
  /** One claim at a time: two would count the same free slots. */
  let lastPoll: Promise<void> = Promise.resolve()
  let isStopped = false

  function poll(): Promise<void> {
    const polled = lastPoll.then(claimSome)
    lastPoll = polled.catch(() => {})
    return polled
  }

  async function claimSome(): Promise<void> {
    const free = concurrency - running.size
    if (isStopped || free <= 0) return
    for (const claimed of await sweeps.claimDue(free)) begin(claimed)
  }

  function begin(claimed: ClaimedSweep): void {
    const { connectionId, kind } = claimed
    const run = sweep(claimed)
      .catch((error: unknown) => {
        log.warn({ err: error, connectionId }, 'sweep state not saved')
        return null
      })
      .then((nextMs) => {
        const wasFull = running.size >= concurrency
        running.delete(claimed)
        // A scan may be waiting for this slot.
        if (wasFull) pollIn(0, 'a place')
        if (nextMs !== null) pollIn(nextMs, `${connectionId}/${kind}`)
      })
    running.set(claimed, run)
  }

  function pollIn(waitMs: number, why: string): void {
    if (isStopped) return
    clearTimeout(timers.get(why))
    const timer = setTimeout(() => {
      timers.delete(why)
      poll().catch((error: unknown) => log.warn({ err: error }, 'claiming due sweeps failed'))
    }, waitMs)
    timers.set(why, timer)
  }

  return {
    poll,
    running: () => running.size,
    renew: () => sweeps.renew([...running.keys()]),
    async stop() {
      isStopped = true
      for (const timer of timers.values()) clearTimeout(timer)
      // Scans that are being claimed are awaited too.
      await lastPoll
      await Promise.allSettled(running.values())
    },
  }
}
