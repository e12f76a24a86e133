import { describe, expect, it } from 'vitest'
import { makeBudget } from '../../../src/workloads/budget.ts'

function clocked(callsPerSecond: number) {
  let nowMs = 50_000
  const budget = makeBudget(callsPerSecond, { monotonicMs: () => nowMs })
  const pass = (ms: number) => {
    nowMs += ms
  }
  const takeAll = (id: string, most = 1000) => {
    let count = 0
    while (count < most && budget.take(id) === 0) count += 1
    return count
  }
  return { budget, pass, takeAll }
}

describe('the budget of a connection', () => {
  it('lets a second’s worth go at once, and then as many a second as are allowed', () => {
    const { budget, pass, takeAll } = clocked(10)
    expect(takeAll('a')).toBe(11)
    expect(budget.take('a')).toBeCloseTo(100)
    pass(100)
    expect(takeAll('a')).toBe(1)
    let taken = 0
    for (let round = 0; round < 50; round += 1) {
      pass(100)
      taken += takeAll('a')
    }
    expect(taken).toBe(50)
  })

  it('is its own, and tells how many calls are available', () => {
    const { budget, pass, takeAll } = clocked(5)
    expect(budget.available('a')).toBe(takeAll('a'))
    expect(budget.available('a')).toBe(0)
    expect(budget.take('b')).toBe(0)
    pass(200)
    expect(budget.available('a')).toBe(1)
  })

  it('takes back what was not used', () => {
    const { budget, takeAll } = clocked(5)
    takeAll('a')
    budget.refund('a', 3)
    expect([budget.available('a'), takeAll('a')]).toEqual([3, 3])
  })

  it('of 0 has no end', () => {
    const { budget, takeAll } = clocked(0)
    expect(takeAll('a')).toBe(1000)
    expect(budget.available('a')).toBe(Number.POSITIVE_INFINITY)
  })
})
