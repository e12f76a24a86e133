/** Poll intervals and backoff, as pure functions. In milliseconds. */

/** Backoff before retry number `failures + 1`: doubles from `firstMs` up to `maxMs`. */
export function backoffMs(failures: number, firstMs: number, maxMs: number): number {
  return Math.min(firstMs * 2 ** Math.min(failures, 30), maxMs)
}

/** Polls of something about to change: frequent at first, then at intervals that grow with the elapsed time. */
export function pollDelayMs(waitedMs: number, quickMs: number, slowMs: number): number {
  return Math.min(Math.max(waitedMs / 2, quickMs), slowMs)
}

/** Pause until the next sweep: short after a change, half as long again if idle. */
export function nextSweepMs(sweep: { lastMs: number; changed: boolean; minMs: number; maxMs: number }): number {
  if (sweep.changed || sweep.lastMs === 0) return sweep.minMs
  return Math.round(Math.min(Math.max(sweep.lastMs * 1.5, sweep.minMs), sweep.maxMs))
}

/**
 * Minimum pause after a scan, per listed object: as long as its share of a page of 50 takes at 100 calls per second, so
 * that a long list without pages is not read all the time while its workloads change.
 */
export const pauseMsPerObject = 0.2

export function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms)
}
