/** Calls over each connection, as many a second as an operator allows this process. */
export interface Budget {
  /** Takes one call; answers 0, or after how many milliseconds to ask again. */
  take(connectionId: string): number
  /**
   * The same for a page of a scan. Whoever waits for a call exactly until there is one would take each of them, and a list
   * may have very many pages: while claims find none, scans leave them every other call.
   */
  takeForScan(connectionId: string): number
  /** How many calls could be taken now by a claim. */
  available(connectionId: string): number
  /** Gives calls back that were taken and not made. */
  refund(connectionId: string, count: number): void
}

/** What was not used is kept for this long, so that a burst may go at once. */
const keptMs = 1000

/** @param callsPerSecond 0: as many as they come */
export function makeBudget(callsPerSecond: number, clock: { monotonicMs(): number }): Budget {
  const nextAtMs = new Map<string, number>()
  const stepMs = 1000 / callsPerSecond
  const fromMs = (connectionId: string, nowMs: number) => Math.max(nextAtMs.get(connectionId) ?? 0, nowMs - keptMs)
  /** Where the last claim found no call. */
  const wanted = new Set<string>()
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
      if (wanted.has(connectionId) && scannedMs !== undefined && nowMs < scannedMs + 2 * stepMs)
        return scannedMs + 2 * stepMs - nowMs
      const waitMs = take(connectionId)
      if (waitMs === 0) scannedAtMs.set(connectionId, nowMs)
      return waitMs
    },
    available(connectionId) {
      if (callsPerSecond === 0) return Number.POSITIVE_INFINITY
      const nowMs = clock.monotonicMs()
      const leftMs = nowMs - fromMs(connectionId, nowMs)
      if (leftMs < 0) wanted.add(connectionId)
      else wanted.delete(connectionId)
      return leftMs < 0 ? 0 : Math.floor(leftMs / stepMs) + 1
    },
    refund(connectionId, count) {
      const atMs = nextAtMs.get(connectionId)
      if (callsPerSecond > 0 && atMs !== undefined) nextAtMs.set(connectionId, atMs - count * stepMs)
    },
  }
}
