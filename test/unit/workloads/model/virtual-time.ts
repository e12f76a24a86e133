import { setImmediate as nextTurn } from 'node:timers/promises'

/** Time that moves only when told, and whoever sleeps in it. */
export interface VirtualTime {
  now(): number
  date(): Date
  sleep(ms: number): Promise<void>
  /** When the next sleeper is due; Infinity where nobody sleeps. */
  next(): number
  /** Moves to `at`, wakes whoever is due, and lets them run until they sleep again. */
  moveTo(at: number): Promise<void>
}

export function makeVirtualTime(startMs: number): VirtualTime {
  let now = startMs
  let sleepers: { at: number; wake: () => void }[] = []
  return {
    now: () => now,
    date: () => new Date(now),
    sleep: (ms) => (ms <= 0 ? Promise.resolve() : new Promise((wake) => sleepers.push({ at: now + ms, wake }))),
    next: () => Math.min(...sleepers.map(({ at }) => at), Number.POSITIVE_INFINITY),
    async moveTo(at) {
      now = Math.max(now, at)
      const due = sleepers.filter((sleeper) => sleeper.at <= now)
      sleepers = sleepers.filter((sleeper) => sleeper.at > now)
      for (const { wake } of due) wake()
      await nextTurn()
    },
  }
}
