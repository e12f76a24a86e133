import fc from 'fast-check'
import { expect, it } from 'vitest'
import { backoffMs, nextSweepMs, pollDelayMs } from '../../../src/workloads/apply/poll-intervals.ts'

it('retry delays double up to a maximum', () => {
  expect([0, 1, 2, 3].map((failures) => backoffMs(failures, 1000, 5000))).toEqual([1000, 2000, 4000, 5000])
  expect(backoffMs(1_000_000, 1000, 5000)).toBe(5000)
})

it('poll delays grow with the waited time, between two bounds', () => {
  expect(pollDelayMs(0, 100, 1000)).toBe(100)
  expect(pollDelayMs(600, 100, 1000)).toBe(300)
  expect(pollDelayMs(1e9, 100, 1000)).toBe(1000)
})

it('sweep intervals reset after a change and grow while idle', () => {
  const bounds = { minMs: 1000, maxMs: 60_000 }
  expect(nextSweepMs({ ...bounds, lastMs: 30_000, changed: true })).toBe(1000)
  expect(nextSweepMs({ ...bounds, lastMs: 0, changed: false })).toBe(1000)
  let lastMs = 1000
  const pauses = Array.from({ length: 15 }, () => {
    lastMs = nextSweepMs({ ...bounds, lastMs, changed: false })
    return lastMs
  })
  expect(pauses.slice(0, 3)).toEqual([1500, 2250, 3375])
  expect(pauses.at(-1)).toBe(60_000)
})

it('sweep intervals are integers within their bounds', () => {
  const sweeps = fc.record({ lastMs: fc.nat(1e9), changed: fc.boolean(), minMs: fc.integer({ min: 1, max: 1000 }) })
  fc.assert(
    fc.property(sweeps, (sweep) => {
      const nextMs = nextSweepMs({ ...sweep, maxMs: 60_000 })
      expect(nextMs).toBeGreaterThanOrEqual(sweep.minMs)
      expect(nextMs).toBeLessThanOrEqual(60_000)
      expect(Number.isInteger(nextMs)).toBe(true)
    }),
  )
})
