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
  room(connectionId: string, isContended: boolean): number
  /** Number of further workloads that all slow connections together may claim. */
  roomOfSlow(isContended: boolean): number
  take(connectionId: string): Slot
}

export interface Slot {
  /** Frees the slot; `wasUsed`: whether a pass ran in it, which measures the connection's speed. */
  release(wasUsed: boolean): void
}

interface Use {
  /** Monotonic times at which its slots were taken. */
  takenAtMs: Set<{ atMs: number }>
  /** Grows with each pass that ends, so a connection gets many slots only after it has freed some. */
  limit: number
  wasSlow: boolean
}

/** A longer pass makes its connection slow. */
const slowMs = 2000
/** Maximum number of connections whose history is kept. */
const maxRemembered = 10_000

export function makeSlots(total: number, clock: { monotonicMs(): number }): Slots {
  const firstLimit = Math.max(1, Math.ceil(total / 8))
  /** No connection fills all slots: a quarter is left to later ones. */
  const maxLimit = Math.max(1, Math.floor((total * 3) / 4))
  /** Limit of all slow connections together: half, or a quarter while others have work. */
  const slowTotal = Math.max(1, Math.floor(total / 2))
  const contendedSlowTotal = Math.max(1, Math.floor(total / 4))
  const uses = new Map<string, Use>()
  /** Connections with slots in use, at most one per slot. */
  const busy = new Set<Use>()
  let taken = 0
  let freed = Promise.withResolvers<void>()

  const isSlow = ({ takenAtMs, wasSlow }: Use, nowMs: number) => {
    const [oldest] = takenAtMs
    return wasSlow || (oldest !== undefined && nowMs - oldest.atMs > slowMs)
  }

  function takenBySlow(nowMs: number): number {
    let count = 0
    for (const use of busy) if (isSlow(use, nowMs)) count += use.takenAtMs.size
    return count
  }

  const roomOfSlow = (isContended: boolean, nowMs: number) =>
    Math.max(0, Math.min(total - taken, (isContended ? contendedSlowTotal : slowTotal) - takenBySlow(nowMs)))

  function useOf(connectionId: string): Use {
    const known = uses.get(connectionId)
    if (known !== undefined) return known
    if (uses.size >= maxRemembered) for (const [id, use] of uses) if (use.takenAtMs.size === 0) uses.delete(id)
    const use: Use = { takenAtMs: new Set(), limit: firstLimit, wasSlow: false }
    uses.set(connectionId, use)
    return use
  }

  return {
    free: () => total - taken,

    async untilFree() {
      while (taken >= total) await freed.promise
    },

    isSlow(connectionId) {
      const use = uses.get(connectionId)
      return use !== undefined && isSlow(use, clock.monotonicMs())
    },

    room(connectionId, isContended) {
      const nowMs = clock.monotonicMs()
      const use = uses.get(connectionId)
      if (use === undefined) return Math.min(total - taken, firstLimit)
      const own = use.limit - use.takenAtMs.size
      const shared = isSlow(use, nowMs) ? roomOfSlow(isContended, nowMs) : own
      return Math.max(0, Math.min(total - taken, own, shared))
    },

    roomOfSlow: (isContended) => roomOfSlow(isContended, clock.monotonicMs()),

    take(connectionId) {
      const use = useOf(connectionId)
      const entry = { atMs: clock.monotonicMs() }
      use.takenAtMs.add(entry)
      busy.add(use)
      taken += 1
      return {
        release(wasUsed) {
          if (!use.takenAtMs.delete(entry)) return
          taken -= 1
          if (use.takenAtMs.size === 0) busy.delete(use)
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
