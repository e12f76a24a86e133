/** Who waits for which workload, in this process. */
export interface Waiters {
  /** Resolves when `id` is told, or after `ms`, or when aborted. False: nobody waits any more. */
  wait(id: string, ms: number, signal: AbortSignal): Promise<boolean>
  wake(id: string): void
  wakeAll(): void
  /** Wakes everybody, and lets nobody wait again. */
  end(): void
}

export function makeWaiters(): Waiters {
  const byId = new Map<string, Set<() => void>>()
  let isOver = false

  function wakeAll(): void {
    for (const resolve of [...byId.values()].flatMap((set) => [...set])) resolve()
  }

  return {
    async wait(id, ms, signal) {
      if (isOver || signal.aborted) return !isOver
      const set = byId.get(id) ?? new Set()
      byId.set(id, set)
      const { promise, resolve } = Promise.withResolvers<void>()
      set.add(resolve)
      const timeout = setTimeout(resolve, ms)
      signal.addEventListener('abort', () => resolve(), { once: true })
      await promise
      clearTimeout(timeout)
      set.delete(resolve)
      if (set.size === 0) byId.delete(id)
      return !isOver
    },
    wake(id) {
      for (const resolve of byId.get(id) ?? []) resolve()
    },
    wakeAll,
    end() {
      isOver = true
      wakeAll()
    },
  }
}
