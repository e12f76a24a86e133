import type { Log } from '../ports.ts'
import type { ClaimedSweep, SweepsRepository } from './sweeps.repository.ts'

/** The scans of one process. */
export interface Sweeping {
  /** Claims what is due and begins to scan it, as far as there is room. */
  look(): Promise<void>
  /** Lets the leases of scans under way begin again. */
  renew(): Promise<void>
  /** Begins none any more; resolves when those under way are over. */
  stop(): Promise<void>
}

interface Deps {
  sweeps: Pick<SweepsRepository, 'claimDue' | 'renew'>
  /** Answers after how many milliseconds the same list is due again; null = when something happens. */
  sweep(claimed: ClaimedSweep): Promise<number | null>
  /** Lists that are scanned at a time: a scan mostly waits for its provider. */
  concurrency: number
  log: Log
}

/** A list that was scanned here is looked for when it is due again, not when somebody happens to look. */
export function makeSweeping({ sweeps, sweep, concurrency, log }: Deps): Sweeping {
  const underWay = new Map<ClaimedSweep, Promise<void>>()
  /** One for each list, and one for whoever waits for a place. */
  const timers = new Map<string, NodeJS.Timeout>()
  /** One claim at a time: two that counted the same free places would fill them twice. */
  let lastLook: Promise<void> = Promise.resolve()
  let isStopped = false

  function look(): Promise<void> {
    const looked = lastLook.then(claimSome)
    lastLook = looked.catch(() => {})
    return looked
  }

  async function claimSome(): Promise<void> {
    const free = concurrency - underWay.size
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
        const wasFull = underWay.size >= concurrency
        underWay.delete(claimed)
        // Somebody may have waited for this place.
        if (wasFull) lookIn(0, 'a place')
        if (nextMs !== null) lookIn(nextMs, `${connectionId}/${kind}`)
      })
    underWay.set(claimed, run)
  }

  function lookIn(waitMs: number, why: string): void {
    if (isStopped) return
    clearTimeout(timers.get(why))
    const timer = setTimeout(() => {
      timers.delete(why)
      look().catch((error: unknown) => log.warn({ err: error }, 'claiming due sweeps failed'))
    }, waitMs)
    timers.set(why, timer)
  }

  return {
    look,
    renew: () => sweeps.renew([...underWay.keys()]),
    async stop() {
      isStopped = true
      for (const timer of timers.values()) clearTimeout(timer)
      // What is being claimed now is scanned, and waited for.
      await lastLook
      await Promise.allSettled(underWay.values())
    },
  }
}
