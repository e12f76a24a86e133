import { describe, expect, it } from 'vitest'
import { makeSlots } from '../../../src/workloads/schedule/slots.ts'

function clocked(total: number) {
  let nowMs = 1000
  const slots = makeSlots(total, { monotonicMs: () => nowMs })
  return { slots, pass: (ms: number) => (nowMs += ms) }
}

/** Passes that end immediately, one after the other. */
function prove(slots: ReturnType<typeof makeSlots>, connectionId: string, count = 20): void {
  for (let index = 0; index < count; index += 1) slots.take(connectionId).release(true)
}

const takeAll = (slots: ReturnType<typeof makeSlots>, connectionId: string, isContended = false) =>
  Array.from({ length: slots.room(connectionId, isContended) }, () => slots.take(connectionId))

describe('the slots of a worker', () => {
  it('are few for a connection that has not shown how fast it is, and three quarters for one that has', () => {
    const { slots } = clocked(16)
    expect(slots.room('new', false)).toBe(2)
    prove(slots, 'fast')
    expect(slots.room('fast', false)).toBe(12)
  })

  it('are half at most for all slow connections together, so the others have theirs', () => {
    const { slots, pass } = clocked(16)
    for (const id of ['slow', 'dead']) {
      prove(slots, id)
      slots.take(id)
    }
    pass(3000)
    takeAll(slots, 'slow')
    takeAll(slots, 'dead')
    expect(slots.free()).toBe(8)
    expect([slots.room('slow', false), slots.room('dead', false)]).toEqual([0, 0])
    prove(slots, 'healthy')
    expect(slots.room('healthy', false)).toBe(8)
  })

  it('are a quarter at most for all slow connections while others have work', () => {
    const { slots, pass } = clocked(16)
    for (const id of ['slow', 'dead']) {
      prove(slots, id)
      slots.take(id)
    }
    pass(3000)
    expect(['slow', 'healthy'].map(slots.isSlow)).toEqual([true, false])
    takeAll(slots, 'slow', true)
    expect(slots.free()).toBe(12)
    expect([slots.room('slow', true), slots.room('dead', true), slots.room('dead', false)]).toEqual([0, 0, 4])
  })

  it('that were reserved in vain say nothing about a connection', () => {
    const { slots } = clocked(16)
    for (let index = 0; index < 20; index += 1) slots.take('idle').release(false)
    expect(slots.room('idle', false)).toBe(2)
  })

  it('are never fewer than one per connection, and never freed twice', async () => {
    const { slots } = clocked(1)
    const slot = slots.take('a')
    expect([slots.free(), slots.room('a', false), slots.room('b', false)]).toEqual([0, 0, 0])
    const freed = slots.untilFree()
    slot.release(true)
    slot.release(true)
    await freed
    expect([slots.free(), slots.room('b', false)]).toEqual([1, 1])
  })
})
