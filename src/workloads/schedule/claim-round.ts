import type { Budget } from '../engine/budget.ts'
import type { LeasesRepository } from '../engine/leases.repository.ts'
import type { ReconcilePass } from '../engine/reconcile.ts'
import type { Slot, Slots } from './slots.ts'

/** A claimed workload and its slot. */
export interface ClaimedPass {
  pass: ReconcilePass
  slot: Slot
}

interface Deps {
  leases: Pick<LeasesRepository, 'claim' | 'facts' | 'release'>
  budget: Pick<Budget, 'take' | 'available' | 'refund'>
  slots: Slots
}

/** Delay before a claim is due again if its facts could not be read. */
const retryMs = 250

/** One claim round: divides the free slots and claims workloads for them. */
export function makeClaimRound({ leases, budget, slots }: Deps) {
  /** Takes slots and calls before the claim, so that nothing is claimed that cannot be processed. */
  function reserve(shares: ReadonlyMap<string, number>): Map<string, Slot[]> {
    return new Map(
      [...shares].map(([connectionId, count]) => {
        const reserved = Array.from({ length: count }, () => slots.take(connectionId))
        for (let calls = 0; calls < count; calls += 1) budget.take(connectionId)
        return [connectionId, reserved]
      }),
    )
  }

  function release(unused: ReadonlyMap<string, Slot[]>): void {
    for (const [connectionId, left] of unused) {
      for (const slot of left) slot.release(false)
      budget.refund(connectionId, left.length)
    }
  }

  return {
    /** Number of workloads to claim per connection. Empty if no slot is free or no connection has free slots. */
    choose(candidates: readonly { connectionId: string; projectId: string }[]): Map<string, number> {
      const withSpeed = candidates.map((each) => ({ ...each, isSlow: slots.isSlow(each.connectionId) }))
      const isContended = withSpeed.some(({ isSlow }) => !isSlow)
      const freeFor = (id: string) => Math.min(slots.freeFor(id, isContended), budget.available(id))
      const withCapacity = withSpeed.map((each) => ({ ...each, capacity: freeFor(each.connectionId) }))
      // Slow connections share one limit, so they divide it first.
      const slow = allocate(
        slots.freeForSlow(isContended),
        withCapacity.filter(({ isSlow }) => isSlow),
      )
      return allocate(
        slots.free(),
        withCapacity.map((each) => (each.isSlow ? { ...each, capacity: slow.get(each.connectionId) ?? 0 } : each)),
      )
    },

    async claim(shares: ReadonlyMap<string, number>): Promise<ClaimedPass[]> {
      const reserved = reserve(shares)
      try {
        const passes = await claimWithFacts(leases, shares)
        return passes.flatMap((pass) => {
          const slot = reserved.get(pass.claimed.workload.connectionId)?.pop()
          return slot === undefined ? [] : [{ pass, slot }]
        })
      } finally {
        release(reserved)
      }
    },
  }
}

/** Facts are read after the claim, so that nothing is older than the lease; without them the claim is undone. */
async function claimWithFacts(leases: Deps['leases'], shares: ReadonlyMap<string, number>): Promise<ReconcilePass[]> {
  const claimed = await leases.claim([...shares].map(([connectionId, count]) => ({ connectionId, count })))
  if (claimed.length === 0) return []
  try {
    const facts = await leases.facts(claimed.map(({ workload }) => workload.id))
    return claimed.flatMap((item) => {
      const known = facts.get(item.workload.id)
      return known === undefined ? [] : [{ claimed: item, facts: known }]
    })
  } catch (error) {
    await leases.release(claimed, retryMs).catch(() => {})
    throw error
  }
}

/** A connection over which something may be due. */
export interface Candidate {
  connectionId: string
  projectId: string
  /** Number of its workloads that may be claimed. */
  capacity: number
}

/**
 * Divides free slots round-robin: one at a time to each project, and within a project to each connection, until none is
 * left or none has any left. Earlier candidates get the remainder. Pure.
 *
 * @returns slots per connection; connections without slots are absent
 */
export function allocate(free: number, candidates: readonly Candidate[]): Map<string, number> {
  const shares = new Map<string, number>()
  let projects = [...Map.groupBy(candidates, ({ projectId }) => projectId).values()].map((connections) =>
    connections
      .filter(({ capacity }) => capacity > 0)
      .map(({ connectionId, capacity }) => ({ connectionId, capacity })),
  )
  let left = free
  while (left > 0) {
    projects = projects.filter((connections) => connections.length > 0)
    if (projects.length === 0) break
    for (const connections of projects.slice(0, left)) {
      const next = connections.shift()
      if (next === undefined) continue
      shares.set(next.connectionId, (shares.get(next.connectionId) ?? 0) + 1)
      if (next.capacity > 1) connections.push({ ...next, capacity: next.capacity - 1 })
      left -= 1
    }
  }
  return shares
}
