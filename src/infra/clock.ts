import { performance } from 'node:perf_hooks'

/** Time as everything in Switchyard reads it. Handed in, so that tests decide what time it is. */
export interface Clock {
  /** Wall-clock time. May jump when the machine's clock is corrected. */
  now(): Date
  /** Milliseconds since an arbitrary start; never goes back. For measuring how long something took. */
  monotonicMs(): number
}

/** The machine's own clocks. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
}
