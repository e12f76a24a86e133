/**
 * In-flight slots of one worker: how many workloads it processes concurrently in total and per connection, so that a
 * slow provider leaves slots to the others.
 */
export interface Slots {
  free(): number
  /** Resolves when a slot is free. */
  untilFree(): Promise<void>
  /** Whether its passes take long; false for an unknown connection. */
  isSlow(connectionId: string): boolean
  /**
   * Number of further workloads of this connection that may be claimed.
   *
   * @param isContended connections that are not slow have work too
   */
  freeFor(connectionId: string, isContended: boolean): number
  /** Number of further workloads that all slow connections together may claim. */
  freeForSlow(isContended: boolean): number
  take(connectionId: string): Slot
}

export interface Slot {
  /** Frees the slot; `wasUsed`: whether a pass ran in it, which measures the connection's speed. */
  release(wasUsed: boolean): void
}

interface Use {
  /** Monotonic times at which its slots were taken. */
  usedSince: Set<{ atMs: number }>
  /** Grows with each pass that ends, so a connection gets many slots only after it has freed some. */
  limit: number
  wasSlow: boolean
}

/** A longer pass makes its connection slow. */
const slowMs = 2000
/** Maximum number of connections whose history is kept. */
const maxKnown = 10_000

export function makeSlots(total: number, clock: { monotonicMs(): number }): Slots {
  const firstLimit = Math.max(1, Math.ceil(total / 8))
  /** No connection fills all slots: what a new one gets at first is left. */
  const maxLimit = Math.max(1, total - firstLimit)
  /** Limit of all slow connections together: half, or a quarter while others have work. */
  const slowTotal = Math.max(1, Math.floor(total / 2))
  const contendedSlowTotal = Math.max(1, Math.floor(total / 4))
  const uses = new Map<string, Use>()
  /** Connections with slots in use, at most one per slot. */
  const busy = new Set<Use>()
  let used = 0
  let freed = Promise.withResolvers<void>()

  const isSlow = ({ usedSince, wasSlow }: Use, nowMs: number) => {
    const [oldest] = usedSince
    return wasSlow || (oldest !== undefined && nowMs - oldest.atMs > slowMs)
  }

  function usedBySlow(nowMs: number): number {
    let count = 0
    for (const use of busy) if (isSlow(use, nowMs)) count += use.usedSince.size
    return count
  }

  const freeForSlow = (isContended: boolean, nowMs: number) =>
    Math.max(0, Math.min(total - used, (isContended ? contendedSlowTotal : slowTotal) - usedBySlow(nowMs)))

  function useOf(connectionId: string): Use {
    const known = uses.get(connectionId)
    if (known !== undefined) return known
    if (uses.size >= maxKnown) for (const [id, use] of uses) if (use.usedSince.size === 0) uses.delete(id)
    const use: Use = { usedSince: new Set(), limit: firstLimit, wasSlow: false }
    uses.set(connectionId, use)
    return use
  }

  return {
    free: () => total - used,

    async untilFree() {
      while (used >= total) await freed.promise
    },

    isSlow(connectionId) {
      const use = uses.get(connectionId)
      return use !== undefined && isSlow(use, clock.monotonicMs())
    },

    freeFor(connectionId, isContended) {
      const nowMs = clock.monotonicMs()
      const use = uses.get(connectionId)
      if (use === undefined) return Math.min(total - used, firstLimit)
      const own = use.limit - use.usedSince.size
      const shared = isSlow(use, nowMs) ? freeForSlow(isContended, nowMs) : own
      return Math.max(0, Math.min(total - used, own, shared))
    },

    freeForSlow: (isContended) => freeForSlow(isContended, clock.monotonicMs()),

    take(connectionId) {
      const use = useOf(connectionId)
      const entry = { atMs: clock.monotonicMs() }
      use.usedSince.add(entry)
      busy.add(use)
      used += 1
      return {
        release(wasUsed) {
          if (!use.usedSince.delete(entry)) return
          used -= 1
          if (use.usedSince.size === 0) busy.delete(use)
          freed.resolve()
          freed = Promise.withResolvers()
          if (!wasUsed) return
          use.wasSlow = clock.monotonicMs() - entry.atMs > slowMs
          use.limit = Math.min(use.limit + 1, maxLimit)
        },
      }
    },
  }
}
