import { isFailure, succeeded } from './call-codes.ts'
import { quantileMs } from './latency.ts'
import { type CodeCount, type HealthRow, windowSeconds } from './provider-health.ts'

export function providerView(row: HealthRow) {
  const { provider, connections: total, held, paused } = row
  return { provider, connections: { total, held, paused }, ...pauseOf(row), ...stateOf(row) }
}

export function connectionView(connectionId: string, row: HealthRow) {
  const { provider, held } = row
  const state = { ...pauseOf(row), ...stateOf(row), operations: operationsIn(row.calls) }
  return { connectionId, provider, held: held > 0, ...state, ...measuredAt(row.measuredAt) }
}

export function measuredAt(time: Date) {
  return { measuredAt: time.toISOString(), windowSeconds }
}

function pauseOf({ pausedUntil, pauseReason }: HealthRow) {
  if (pausedUntil === null) return {}
  return { pausedUntil: pausedUntil.toISOString(), ...(pauseReason === null ? {} : { pauseReason }) }
}

function stateOf(row: HealthRow) {
  const { lastSucceededAt, scanLagSeconds, lastScannedAt, live, parked, outcomeUnknown } = row
  return {
    calls: statisticsOf(row.calls),
    workloads: { live, parked, outcomeUnknown },
    ...(lastSucceededAt === null ? {} : { lastSucceededAt: lastSucceededAt.toISOString() }),
    ...failureOf(row),
    scanLagSeconds: rounded(scanLagSeconds, 1),
    ...(lastScannedAt === null ? {} : { lastScannedAt: lastScannedAt.toISOString() }),
  }
}

function failureOf({ lastFailedAt, lastFailure, failedConnectionId }: HealthRow) {
  if (lastFailedAt === null || lastFailure === null) return {}
  return { lastFailure: { connectionId: failedConnectionId, at: lastFailedAt.toISOString(), ...lastFailure } }
}

function operationsIn(counts: readonly CodeCount[]) {
  const operations = [...new Set(counts.map(({ operation }) => operation))]
  return operations.map((operation) => ({
    operation,
    ...statisticsOf(counts.filter((each) => each.operation === operation)),
  }))
}

function statisticsOf(counts: readonly CodeCount[]) {
  const total = sum(counts)
  const failed = sum(counts.filter(({ code }) => isFailure(code)))
  const rejected = total - failed - sum(counts.filter(({ code }) => code === succeeded))
  return {
    ...{ total, failed, rejected, errorRate: total === 0 ? 0 : rounded(failed / total, 4) },
    errors: errorsIn(counts),
    ...latencyOf(counts, total),
  }
}

function sum(counts: readonly CodeCount[]): number {
  return counts.reduce((total, { calls }) => total + calls, 0)
}

function errorsIn(counts: readonly CodeCount[]) {
  const byCode = new Map<string, number>()
  for (const { code, calls } of counts) if (code !== succeeded) byCode.set(code, (byCode.get(code) ?? 0) + calls)
  return [...byCode].sort(([, a], [, b]) => b - a).map(([code, calls]) => ({ code, calls }))
}

function latencyOf(counts: readonly CodeCount[], total: number) {
  if (total === 0) return {}
  const buckets: number[] = []
  for (const count of counts)
    for (const [index, calls] of count.buckets.entries()) buckets[index] = (buckets[index] ?? 0) + calls
  const meanMs = counts.reduce((ms, { durationMs }) => ms + durationMs, 0) / total
  const quantile = (share: number) => rounded(quantileMs(buckets, share) ?? 0, 1)
  return { latency: { meanMs: rounded(meanMs, 1), p50Ms: quantile(0.5), p95Ms: quantile(0.95), p99Ms: quantile(0.99) } }
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}
