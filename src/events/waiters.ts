/** Waiters of this process, per workload or project, or for any change. */
export interface Waiters {
  /** Resolves when `id` changes, after `ms`, or when aborted. False: waiting has ended. */
  wait(id: string, ms: number, signal: AbortSignal): Promise<boolean>
  /** As `wait`, for any change. */
  waitForAny(ms: number, signal: AbortSignal): Promise<boolean>
  wake(ids: readonly string[]): void
  wakeAll(): void
  /** Wakes all waiters and ends waiting. */
  end(): void
  /** Aborted by `end`. */
  readonly ended: AbortSignal
}

/** Key of waiters for any change; no id is empty. */
const any = ''

export function makeWaiters(): Waiters {
  const byId = new Map<string, Set<() => void>>()
  const over = new AbortController()
  const { signal: ended } = over

  function wakeAll(): void {
    for (const resolve of [...byId.values()].flatMap((set) => [...set])) resolve()
  }

  async function wait(id: string, ms: number, signal: AbortSignal): Promise<boolean> {
    if (ended.aborted || signal.aborted) return !ended.aborted
    const set = byId.get(id) ?? new Set()
    byId.set(id, set)
    const { promise, resolve } = Promise.withResolvers<void>()
    set.add(resolve)
    const timeout = setTimeout(resolve, ms)
    const onAbort = () => resolve()
    signal.addEventListener('abort', onAbort, { once: true })
    await promise
    clearTimeout(timeout)
    signal.removeEventListener('abort', onAbort)
    set.delete(resolve)
    if (set.size === 0) byId.delete(id)
    return !ended.aborted
  }

  return {
    wait,
    ended,
    waitForAny: (ms, signal) => wait(any, ms, signal),
    wake(ids) {
      for (const id of [...ids, any]) for (const resolve of byId.get(id) ?? []) resolve()
    },
    wakeAll,
    end() {
      over.abort()
      wakeAll()
    },
  }
}

const tickMs = 500

/** `ms` from now, rounded up to the next half second, so that unnotified readers share a statement. */
export function untilTick({ monotonicMs }: { monotonicMs(): number }, ms: number): number {
  const nowMs = monotonicMs()
  return Math.ceil((nowMs + ms) / tickMs) * tickMs - nowMs
}
