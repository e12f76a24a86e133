import { describe, expect, it } from 'vitest'
import { makeBudget } from '../../../src/workloads/engine/budget.ts'

function setup(callsPerSecond: number) {
  let nowMs = 50_000
  const budget = makeBudget(callsPerSecond, { monotonicMs: () => nowMs })
  const advance = (ms: number) => {
    nowMs += ms
  }
  const takeAll = (id: string, max = 1000) => {
    let count = 0
    while (count < max && budget.take(id) === 0) count += 1
    return count
  }
  return { budget, advance, takeAll }
}

describe('connection budget', () => {
  it('allows a burst of one second, then the configured rate', () => {
    const { budget, advance, takeAll } = setup(10)
    expect(takeAll('a')).toBe(11)
    expect(budget.take('a')).toBeCloseTo(100)
    advance(100)
    expect(takeAll('a')).toBe(1)
    let taken = 0
    for (let round = 0; round < 50; round += 1) {
      advance(100)
      taken += takeAll('a')
    }
    expect(taken).toBe(50)
  })

  it('is separate for each connection and reports available calls', () => {
    const { budget, advance, takeAll } = setup(5)
    expect(budget.available('a')).toBe(takeAll('a'))
    expect(budget.available('a')).toBe(0)
    expect(budget.take('b')).toBe(0)
    advance(200)
    expect(budget.available('a')).toBe(1)
  })

  it('accepts refunds', () => {
    const { budget, takeAll } = setup(5)
    takeAll('a')
    budget.refund('a', 3)
    expect([budget.available('a'), takeAll('a')]).toEqual([3, 3])
  })

  it('is unlimited with a rate of 0', () => {
    const { budget, takeAll } = setup(0)
    expect(takeAll('a')).toBe(1000)
    expect(budget.available('a')).toBe(Number.POSITIVE_INFINITY)
  })

  it('is shared between a long scan and occasional claims', () => {
    const { budget, advance } = setup(2)
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
      advance(10)
    }
    expect(Math.min(counts.pages, counts.claims)).toBeGreaterThan(50)
    expect(counts.pages + counts.claims).toBeGreaterThan(110)
  })

  it('is available to a scan alone without claims', () => {
    const { budget, advance } = setup(10)
    let pages = 0
    for (let round = 0; round < 50; round += 1) {
      advance(100)
      while (budget.takeForScan('a') === 0) pages += 1
    }
    expect(pages).toBeGreaterThanOrEqual(50)
  })
})
