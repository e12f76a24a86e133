/** Calls over each connection, as many a second as an operator allows this process. */
export interface Budget {
  /** Takes one call; answers 0, or after how many milliseconds to ask again. */
  take(connectionId: string): number
  /** The connections that have none left now. */
  spent(): readonly string[]
}

/** What was not used is kept for this long, so that a burst may go at once. */
const keptMs = 1000

/** @param callsPerSecond 0: as many as they come */
export function makeBudget(callsPerSecond: number, clock: { monotonicMs(): number }): Budget {
  const nextAtMs = new Map<string, number>()
  return {
    take(connectionId) {
      if (callsPerSecond === 0) return 0
      const nowMs = clock.monotonicMs()
      const atMs = Math.max(nextAtMs.get(connectionId) ?? 0, nowMs - keptMs)
      if (atMs > nowMs) return atMs - nowMs
      nextAtMs.set(connectionId, atMs + 1000 / callsPerSecond)
      return 0
    },
    spent() {
      const nowMs = clock.monotonicMs()
      return [...nextAtMs].flatMap(([connectionId, atMs]) => (atMs > nowMs ? [connectionId] : []))
    },
  }
}
