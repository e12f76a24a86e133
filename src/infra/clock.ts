import { performance } from 'node:perf_hooks'

/** The source of time for all of Switchyard. Injected, so that tests control it. */
export interface Clock {
  /** Wall-clock time. May jump when the system clock is corrected. */
  now(): Date
  /** Milliseconds since an arbitrary start; never decreases. For measuring durations. */
  monotonicMs(): number
}

/** The system clocks. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
}
