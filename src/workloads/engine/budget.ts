/** Limits the calls per second of this process over each connection. */
export interface Budget {
  /** Takes one call. Returns 0, or the milliseconds to wait before the next try. */
  take(connectionId: string): number
  /** Takes one call for a page of a scan. While claims find no calls left, scans leave them every other call. */
  takeForScan(connectionId: string): number
  /** Number of calls that a claim could take now. */
  available(connectionId: string): number
  /** Returns calls that were taken and not made. */
  refund(connectionId: string, count: number): void
}

/** Unused calls are kept for this long, to allow bursts. */
const burstMs = 1000

/** @param callsPerSecond 0 = unlimited */
export function makeBudget(callsPerSecond: number, clock: { monotonicMs(): number }): Budget {
  const nextAtMs = new Map<string, number>()
  const stepMs = 1000 / callsPerSecond
  const fromMs = (connectionId: string, nowMs: number) => Math.max(nextAtMs.get(connectionId) ?? 0, nowMs - burstMs)
  /** Connections for which the last claim found no call. */
  const starved = new Set<string>()
  const scannedAtMs = new Map<string, number>()

  function take(connectionId: string): number {
    if (callsPerSecond === 0) return 0
    const nowMs = clock.monotonicMs()
    const atMs = fromMs(connectionId, nowMs)
    if (atMs > nowMs) return atMs - nowMs
    nextAtMs.set(connectionId, atMs + stepMs)
    return 0
  }

  return {
    take,
    takeForScan(connectionId) {
      const nowMs = clock.monotonicMs()
      const scannedMs = scannedAtMs.get(connectionId)
      if (starved.has(connectionId) && scannedMs !== undefined && nowMs < scannedMs + 2 * stepMs)
        return scannedMs + 2 * stepMs - nowMs
      const waitMs = take(connectionId)
      if (waitMs === 0) scannedAtMs.set(connectionId, nowMs)
      return waitMs
    },
    available(connectionId) {
      if (callsPerSecond === 0) return Number.POSITIVE_INFINITY
      const nowMs = clock.monotonicMs()
      const leftMs = nowMs - fromMs(connectionId, nowMs)
      if (leftMs < 0) starved.add(connectionId)
      else starved.delete(connectionId)
      return leftMs < 0 ? 0 : Math.floor(leftMs / stepMs) + 1
    },
    refund(connectionId, count) {
      const atMs = nextAtMs.get(connectionId)
      if (callsPerSecond > 0 && atMs !== undefined) nextAtMs.set(connectionId, atMs - count * stepMs)
    },
  }
}
