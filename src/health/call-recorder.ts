import type { EndedCall } from '../providers/ended-call.ts'
import { type CountedCalls, makeCallCounts } from './call-counts.ts'

interface Deps {
  /** Adds the counts to those in the database. `nowMs` is the monotonic clock that the results refer to. */
  store(counted: CountedCalls, nowMs: number): Promise<void>
  /** Whether the statement will fail again with the same data. */
  isDataError(error: unknown): boolean
  clock: { monotonicMs(): number }
  log: { warn(context: object, message: string): void }
}

export type CallRecorder = ReturnType<typeof makeCallRecorder>

/** Interval at which a process stores what it has counted. A process that is killed loses at most this much. */
export const flushIntervalMs = 10_000

/**
 * Counts the provider calls of this process in memory, and adds them to the database in one statement per interval. If
 * the database is unavailable they are kept. A statement whose response is lost may be counted twice.
 */
export function makeCallRecorder({ store, isDataError, clock, log }: Deps) {
  const counts = makeCallCounts(clock)
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | null = null

  async function storeAll(): Promise<void> {
    const drained = counts.drain()
    if (drained.counts.length === 0) return
    try {
      await store(drained, clock.monotonicMs())
    } catch (err) {
      const isLost = isDataError(err)
      if (!isLost) counts.restore(drained)
      log.warn({ err }, isLost ? 'provider call statistics lost' : 'provider call statistics not saved; will retry')
    }
  }

  /** Stores what is counted, one statement at a time. Never fails. */
  async function flush(): Promise<void> {
    await running
    running ??= storeAll().finally(() => {
      running = null
    })
    await running
  }

  return {
    record: (call: EndedCall): void => counts.add(call),
    flush,

    start(): void {
      timer = setInterval(() => void flush(), flushIntervalMs).unref()
    },

    async close(): Promise<void> {
      clearInterval(timer)
      await flush()
    },
  }
}
