/** Calls over each connection, as many a second as an operator allows this process. */
export interface Budget {
  /** Takes one call; answers 0, or after how many milliseconds to ask again. */
  take(connectionId: string): number
  /** How many calls could be taken now. */
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
  return {
    take(connectionId) {
      if (callsPerSecond === 0) return 0
      const nowMs = clock.monotonicMs()
      const atMs = fromMs(connectionId, nowMs)
      if (atMs > nowMs) return atMs - nowMs
      nextAtMs.set(connectionId, atMs + stepMs)
      return 0
    },
    available(connectionId) {
      if (callsPerSecond === 0) return Number.POSITIVE_INFINITY
      const nowMs = clock.monotonicMs()
      const leftMs = nowMs - fromMs(connectionId, nowMs)
      return leftMs < 0 ? 0 : Math.floor(leftMs / stepMs) + 1
    },
    refund(connectionId, count) {
      const atMs = nextAtMs.get(connectionId)
      if (callsPerSecond > 0 && atMs !== undefined) nextAtMs.set(connectionId, atMs - count * stepMs)
    },
  }
}
