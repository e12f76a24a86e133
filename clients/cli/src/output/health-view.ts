import { agoOf } from './resource-views.ts'
import { type Column, field, type Row, textOf, type View } from './views.ts'

const partOf = (row: Row, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, name) => (typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined),
    row,
  )

const inside = (head: string, ...path: readonly string[]): Column => ({
  head,
  cell: (row) => textOf(partOf(row, ...path)),
})

const milliseconds = (head: string, name: string): Column => ({
  head,
  cell(row) {
    const ms = partOf(row, 'calls', 'latency', name)
    return typeof ms === 'number' ? `${Math.round(ms)} ms` : undefined
  },
})

export const providerHealthView: View = {
  columns: [
    field('PROVIDER', 'provider'),
    { head: 'STATE', cell: stateOf },
    inside('CALLS', 'calls', 'total'),
    { head: 'FAILED', cell: (row) => percentOf(partOf(row, 'calls', 'errorRate')) },
    milliseconds('P50', 'p50Ms'),
    milliseconds('P99', 'p99Ms'),
    { head: 'LAST SUCCESS', cell: ({ lastSucceededAt }) => agoOf(lastSucceededAt) },
    { head: 'LAST FAILURE', cell: lastFailureOf },
    inside('LIVE', 'workloads', 'live'),
    inside('PARKED', 'workloads', 'parked'),
  ],
  name: 'provider',
}

export const connectionHealthView: View = { columns: [], name: 'connectionId' }

function stateOf(row: Row): string {
  const [total, held, paused] = ['total', 'held', 'paused'].map((name) => Number(partOf(row, 'connections', name)))
  if (paused) return `${paused} of ${total} paused (${textOf(row.pauseReason) ?? 'after errors'})`
  return held ? `${held} of ${total} held` : 'active'
}

function percentOf(share: unknown): string | undefined {
  return typeof share === 'number' ? `${Number((share * 100).toFixed(1))} %` : undefined
}

function lastFailureOf(row: Row): string {
  const code = textOf(partOf(row, 'lastFailure', 'code'))
  return code === undefined ? 'none' : `${code}, ${agoOf(partOf(row, 'lastFailure', 'at'))}`
}
