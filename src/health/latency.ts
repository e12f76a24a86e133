/**
 * Upper bounds of the buckets in milliseconds; a last bucket has none. Stored counts do not name their bounds, so a change
 * distorts quantiles for an hour.
 */
export const latencyBoundsMs = [
  5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 120_000,
] as const

export const bucketCount = latencyBoundsMs.length + 1

/** The bucket of a duration. */
export function bucketOf(ms: number): number {
  const found = latencyBoundsMs.findIndex((bound) => ms <= bound)
  return found === -1 ? latencyBoundsMs.length : found
}

/**
 * A quantile in milliseconds, interpolated within its bucket as Prometheus does: in the last bucket it is the highest
 * bound. Null without calls.
 */
export function quantileMs(buckets: readonly number[], quantile: number): number | null {
  const rank = quantile * buckets.reduce((sum, count) => sum + count, 0)
  if (rank === 0) return null
  let below = 0
  for (const [index, count] of buckets.entries()) {
    const upper = latencyBoundsMs[index]
    if (upper === undefined) break
    const lower = latencyBoundsMs[index - 1] ?? 0
    if (below + count >= rank) return lower + ((upper - lower) * (rank - below)) / count
    below += count
  }
  return latencyBoundsMs[latencyBoundsMs.length - 1] ?? null
}
