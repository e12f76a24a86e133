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

  it('is its own, and tells when it is spent', () => {
    const { budget, pass, takeAll } = clocked(5)
    takeAll('a')
    expect(budget.spent()).toEqual(['a'])
    expect(budget.take('b')).toBe(0)
    pass(200)
    expect(budget.spent()).toEqual([])
  })

  it('of 0 has no end', () => {
    const { budget, takeAll } = clocked(0)
    expect(takeAll('a')).toBe(1000)
    expect(budget.spent()).toEqual([])
  })
})
