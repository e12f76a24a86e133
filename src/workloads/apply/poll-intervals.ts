/** Waits, as pure functions of what has been seen. All in milliseconds. */

/** The wait before try number `failures + 1`: doubles from `firstMs` up to `maxMs`. */
export function backoffMs(failures: number, firstMs: number, maxMs: number): number {
  return Math.min(firstMs * 2 ** Math.min(failures, 30), maxMs)
}

/** Looks at something that is about to change: often at first, then in steps that grow with the time already waited. */
export function lookAgainMs(waitedMs: number, quickMs: number, slowMs: number): number {
  return Math.min(Math.max(waitedMs / 2, quickMs), slowMs)
}

/** The pause until the next sweep: short after a change, half as long again while nothing moves. */
export function nextSweepMs(sweep: { lastMs: number; changed: boolean; minMs: number; maxMs: number }): number {
  if (sweep.changed || sweep.lastMs === 0) return sweep.minMs
  return Math.round(Math.min(Math.max(sweep.lastMs * 1.5, sweep.minMs), sweep.maxMs))
}

export function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms)
}
