/**
 * The in-flight slots of one worker: how many workloads it acts on at the same time, and how many of them may be of one
 * connection, so that a provider that answers slowly or not at all leaves the others their slots.
 */
export interface Slots {
  free(): number
  /** Resolves when one is free. */
  untilFree(): Promise<void>
  /** Whether its passes take long; not of a connection that is not known yet. */
  isSlow(connectionId: string): boolean
  /**
   * How many more workloads of this connection may be taken now.
   *
   * @param isContended connections that are not slow have work, too
   */
  room(connectionId: string, isContended: boolean): number
  /** How many more all slow connections together may take now. */
  roomOfSlow(isContended: boolean): number
  take(connectionId: string): Slot
}

export interface Slot {
  /** Gives it back; `wasUsed` tells whether anything was done with it, which shows how fast the connection is. */
  release(wasUsed: boolean): void
}

interface Use {
  /** Monotonic, when each of its slots was taken. */
  takenAtMs: Set<{ atMs: number }>
  /** Grows with each pass that ends, so that a connection gets many slots only after it has given some back. */
  limit: number
  wasSlow: boolean
}

/** A pass that takes longer makes its connection a slow one. */
const slowMs = 2000
/** Connections whose history is kept at most. */
const maxRemembered = 10_000

export function makeSlots(total: number, clock: { monotonicMs(): number }): Slots {
  const firstLimit = Math.max(1, Math.ceil(total / 8))
  /** One connection never fills all: a quarter is left to those that come later. */
  const maxLimit = Math.max(1, Math.floor((total * 3) / 4))
  /** All slow connections together: half, so that there are some for whoever comes; a quarter while others have work. */
  const slowTotal = Math.max(1, Math.floor(total / 2))
  const contendedSlowTotal = Math.max(1, Math.floor(total / 4))
  const uses = new Map<string, Use>()
  /** Those with slots: never more than there are slots, however many connections there are. */
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
