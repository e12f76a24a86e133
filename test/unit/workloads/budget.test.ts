import { describe, expect, it } from 'vitest'
import { makeBudget } from '../../../src/workloads/engine/budget.ts'

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
  it('allows a burst of one second, and then the configured rate', () => {
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

  it('is shared by a long scan with occasional claims', () => {
    const { budget, pass } = clocked(2)
    const counts = { pages: 0, claims: 0 }
    const claim = () => {
      if (budget.available('a') > 0 && budget.take('a') === 0) counts.claims += 1
    }
    let scansAtMs = 0
    for (let nowMs = 0; nowMs < 60_000; nowMs += 10) {
      // A scan waits as long as required, and takes what is available before the next claim.
      if (nowMs >= scansAtMs) {
        const waitMs = budget.takeForScan('a')
        if (waitMs === 0) counts.pages += 1
        scansAtMs = nowMs + waitMs
      }
      if (nowMs % 250 === 0) claim()
      pass(10)
    }
    expect(Math.min(counts.pages, counts.claims)).toBeGreaterThan(50)
    expect(counts.pages + counts.claims).toBeGreaterThan(110)
  })

  it('is a scan’s alone while no claim wants it', () => {
    const { budget, pass } = clocked(10)
    let pages = 0
    for (let round = 0; round < 50; round += 1) {
      pass(100)
      while (budget.takeForScan('a') === 0) pages += 1
    }
    expect(pages).toBeGreaterThanOrEqual(50)
  })
})
