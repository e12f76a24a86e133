import type { ProviderClock } from '../../src/providers/session.ts'

/** Clock that advances only on request. */
export interface FixedClock extends ProviderClock {
  advance(ms: number): void
}

export function makeFixedClock(at = '2024-05-01T12:00:00.000Z'): FixedClock {
  let elapsedMs = 0
  const startMs = Date.parse(at)
  return {
    now: () => new Date(startMs + elapsedMs),
    monotonicMs: () => 1000 + elapsedMs,
    advance: (ms) => {
      elapsedMs += ms
    },
  }
}
