import { expect, it } from 'vitest'
import { makeBudget } from '../../../src/workloads/engine/budget.ts'
import { makeClaimRound } from '../../../src/workloads/schedule/claim-round.ts'
import { makeSlots } from '../../../src/workloads/schedule/slots.ts'

/** A round with sixteen slots, and connections whose last pass took three seconds. */
function makeTestRound(slowIds: readonly string[]) {
  let nowMs = 1000
  const clock = { monotonicMs: () => nowMs }
  const slots = makeSlots(16, clock)
  for (const id of slowIds) {
    const slot = slots.take(id)
    nowMs += 3000
    slot.release(true)
  }
  const leases = { claim: async () => [], facts: async () => new Map(), release: async () => {} }
  return makeClaimRound({ leases, budget: makeBudget(0, clock), slots })
}

const slowIds = Array.from({ length: 10 }, (_, index) => `slow_${index}`)
const candidate = (connectionId: string) => ({ connectionId, projectId: `prj_${connectionId}` })
const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0)

it('gives all slow connections together half of the slots', () => {
  const shares = makeTestRound(slowIds).choose(slowIds.map(candidate))
  expect(sum(shares.values())).toBe(8)
})

it('gives slow connections a quarter of the slots while others have work', () => {
  const shares = makeTestRound(slowIds).choose([...slowIds, 'healthy'].map(candidate))
  expect(shares.get('healthy')).toBe(2)
  shares.delete('healthy')
  expect(sum(shares.values())).toBe(4)
})
