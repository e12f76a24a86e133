import { expect, it } from 'vitest'
import { providerHealthView } from '../../../clients/cli/src/output/health-view.ts'

const plain = (_style: unknown, text: string) => text
const cellsOf = (row: object) =>
  Object.fromEntries(
    providerHealthView.columns.map(({ head, cell }) => [head, cell(row as Record<string, unknown>, plain)]),
  )

it('shows the error rate, the last failure and the paused connections of a provider', () => {
  const row = {
    ...{ provider: 'slurm', connections: { total: 3, held: 1, paused: 2 }, pauseReason: 'provider_unavailable' },
    calls: { total: 412, errorRate: 0.0073, latency: { p50Ms: 64.2, p99Ms: 912.6 } },
    workloads: { live: 12, parked: 1 },
    lastFailure: { at: new Date().toISOString(), code: 'unavailable\u001b[31m' },
  }
  expect(cellsOf(row)).toEqual({
    ...{ PROVIDER: 'slurm', STATE: '2 of 3 paused (provider_unavailable)', CALLS: '412', FAILED: '0.7 %' },
    ...{ P50: '64 ms', P99: '913 ms', 'LAST SUCCESS': 'never', LIVE: '12', PARKED: '1' },
    'LAST FAILURE': expect.stringMatching(/^unavailable, .* ago$/),
  })
})

it('shows no latency for a provider without calls', () => {
  const row = { provider: 'slurm', connections: { total: 1, held: 0, paused: 0 }, calls: { total: 0, errorRate: 0 } }
  expect(cellsOf(row)).toMatchObject({
    STATE: 'active',
    CALLS: '0',
    FAILED: '0 %',
    P50: undefined,
    'LAST FAILURE': 'none',
  })
})
