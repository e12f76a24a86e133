import { describe, expect, it } from 'vitest'
import { makeSlots } from '../../../src/workloads/schedule/slots.ts'

function setup(total: number) {
  let nowMs = 1000
  const slots = makeSlots(total, { monotonicMs: () => nowMs })
  return { slots, advance: (ms: number) => (nowMs += ms) }
}

/** Immediate passes, one after another. */
function completeFastPasses(slots: ReturnType<typeof makeSlots>, connectionId: string, count = 20): void {
  for (let index = 0; index < count; index += 1) slots.take(connectionId).release(true)
}

const takeAll = (slots: ReturnType<typeof makeSlots>, connectionId: string, isContended = false) =>
  Array.from({ length: slots.freeFor(connectionId, isContended) }, () => slots.take(connectionId))

describe('worker slots', () => {
  it('are two for a new connection and all but two for a fast one', () => {
    const { slots } = setup(16)
    expect(slots.freeFor('new', false)).toBe(2)
    completeFastPasses(slots, 'fast')
    expect(slots.freeFor('fast', false)).toBe(14)
  })

  it('are limited to half for all slow connections together', () => {
    const { slots, advance } = setup(16)
    for (const id of ['slow', 'dead']) {
      completeFastPasses(slots, id)
      slots.take(id)
    }
    advance(3000)
    takeAll(slots, 'slow')
    takeAll(slots, 'dead')
    expect(slots.free()).toBe(8)
    expect([slots.freeFor('slow', false), slots.freeFor('dead', false)]).toEqual([0, 0])
    completeFastPasses(slots, 'healthy')
    expect(slots.freeFor('healthy', false)).toBe(8)
  })

  it('are limited to a quarter for slow connections while others have work', () => {
    const { slots, advance } = setup(16)
    for (const id of ['slow', 'dead']) {
      completeFastPasses(slots, id)
      slots.take(id)
    }
    advance(3000)
    expect(['slow', 'healthy'].map(slots.isSlow)).toEqual([true, false])
    takeAll(slots, 'slow', true)
    expect(slots.free()).toBe(12)
    expect([slots.freeFor('slow', true), slots.freeFor('dead', true), slots.freeFor('dead', false)]).toEqual([0, 0, 4])
  })

  it("do not change a connection's share if they were unused", () => {
    const { slots } = setup(16)
    for (let index = 0; index < 20; index += 1) slots.take('idle').release(false)
    expect(slots.freeFor('idle', false)).toBe(2)
  })

  it('are never overcommitted and never freed twice', async () => {
    const { slots } = setup(1)
    const slot = slots.take('a')
    expect([slots.free(), slots.freeFor('a', false), slots.freeFor('b', false)]).toEqual([0, 0, 0])
    const freed = slots.untilFree()
    slot.release(true)
    slot.release(true)
    await freed
    expect([slots.free(), slots.freeFor('b', false)]).toEqual([1, 1])
  })
})
