/** Virtual time with pending sleeps. */
export interface VirtualTime {
  now(): number
  date(): Date
  sleep(ms: number): Promise<void>
  /** Time of the next due sleep; Infinity if there is none. */
  next(): number
  /** Moves to `at`, ends the due sleeps, and runs their callers until they sleep again. */
  moveTo(at: number): Promise<void>
  /** Runs everything that was started until it sleeps or ends. */
  settle(): Promise<void>
}

export function makeVirtualTime(startMs: number): VirtualTime {
  let now = startMs
  let sleepers: { at: number; wake: () => void }[] = []
  // A tick comes after all pending promises, and costs less than a cycle of the event loop.
  const settle = () => new Promise<void>((resolve) => process.nextTick(resolve))
  return {
    now: () => now,
    date: () => new Date(now),
    sleep: (ms) => (ms <= 0 ? Promise.resolve() : new Promise((wake) => sleepers.push({ at: now + ms, wake }))),
    next: () => sleepers.reduce((soonest, { at }) => Math.min(soonest, at), Number.POSITIVE_INFINITY),
    async moveTo(at) {
      now = Math.max(now, at)
      const due = sleepers.filter((sleeper) => sleeper.at <= now)
      if (due.length === 0) return
      sleepers = sleepers.filter((sleeper) => sleeper.at > now)
      for (const { wake } of due) wake()
      await settle()
    },
    settle,
  }
}
