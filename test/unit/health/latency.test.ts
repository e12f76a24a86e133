import { expect, it } from 'vitest'
import { bucketCount, bucketOf, latencyBoundsMs, quantileMs } from '../../../src/health/latency.ts'

/** Counts of durations by bucket. */
function bucketsOf(durations: readonly number[]): number[] {
  const buckets = Array<number>(bucketCount).fill(0)
  for (const ms of durations) buckets[bucketOf(ms)] = (buckets[bucketOf(ms)] ?? 0) + 1
  return buckets
}

it('assigns a duration to the first bucket whose bound it does not exceed', () => {
  expect([0, 5, 5.01, 120_000, 120_001].map(bucketOf)).toEqual([0, 0, 1, 13, 14])
})

it('estimates a quantile within the bucket of the exact value', () => {
  const durations = Array.from({ length: 1000 }, (_, index) => 2 * (index + 1))
  const buckets = bucketsOf(durations)
  for (const quantile of [0.01, 0.5, 0.95, 0.99, 1]) {
    const exact = durations[Math.ceil(quantile * 1000) - 1] ?? 0
    const estimate = quantileMs(buckets, quantile) ?? Number.NaN
    const bound = latencyBoundsMs[bucketOf(exact)] ?? 0
    expect(estimate).toBeGreaterThan(latencyBoundsMs[bucketOf(exact) - 1] ?? 0)
    expect(estimate).toBeLessThanOrEqual(bound)
  }
})

it('caps a quantile at the highest bound and returns null without calls', () => {
  expect(quantileMs(bucketsOf([400_000]), 0.5)).toBe(120_000)
  expect(quantileMs(bucketsOf([]), 0.5)).toBeNull()
})
