import { failureCodes } from '../../../src/health/call-codes.ts'
import { metric, quantileOf, rateOf } from './metric.ts'

export interface Panel {
  title: string
  unit: 's' | 'reqps' | 'ops' | 'short' | 'percentunit'
  /** Queries by their legend. */
  queries: Readonly<Record<string, string>>
}

/** As in the health of a connection. */
const failures = `{code=~"${failureCodes.join('|')}"}`

/** The rows of the dashboard, each with its panels. */
export const rows: Readonly<Record<string, readonly Panel[]>> = {
  Overview: [
    {
      title: 'Active workloads',
      unit: 'short',
      queries: { '{{kind}} {{status}}': `max by (kind, status) (${metric('live_workloads')})` },
    },
    {
      title: 'Oldest work that waits for a worker',
      unit: 's',
      queries: {
        '{{provider}} {{project}}': `max by (provider, project) (${metric('oldest_due_seconds')})`,
        'claimed ones included': `max(${metric('overdue_seconds')})`,
      },
    },
    {
      title: 'Need an operator',
      unit: 'short',
      queries: {
        'parked {{kind}}s: {{reason}}': `max by (kind, reason) (${metric('parked_workloads')})`,
        'orphans of {{connection}}': `max by (connection) (${metric('orphans')})`,
        duplicates: `max(${metric('duplicates')})`,
      },
    },
  ],
  API: [
    {
      title: 'Requests by route',
      unit: 'reqps',
      queries: { '{{method}} {{route}}': rateOf('http_request_duration_seconds', 'method, route') },
    },
    {
      title: 'Problems by code',
      unit: 'reqps',
      queries: { '{{code}}': `sum by (code) (rate(${metric('http_problems_total')}[$__rate_interval]))` },
    },
    {
      title: 'Duration of requests',
      unit: 's',
      queries: {
        p50: quantileOf(0.5, 'http_request_duration_seconds', ''),
        p99: quantileOf(0.99, 'http_request_duration_seconds', ''),
      },
    },
    {
      title: 'Long polls and event streams',
      unit: 'reqps',
      queries: { '{{route}}': rateOf('http_wait_duration_seconds', 'route') },
    },
  ],
  Workers: [
    {
      title: 'Backlog',
      unit: 'short',
      queries: { '{{provider}}': `sum by (provider) (max by (provider, project) (${metric('due_workloads')}))` },
    },
    {
      title: 'Slots',
      unit: 'short',
      queries: { used: `sum(${metric('slots_used')})`, total: `sum(${metric('slots')})` },
    },
    {
      title: 'Reconcile passes by outcome',
      unit: 'ops',
      queries: { '{{outcome}}': rateOf('reconcile_duration_seconds', 'outcome') },
    },
    {
      title: 'Duration of reconcile passes, p99',
      unit: 's',
      queries: { '{{provider}}': quantileOf(0.99, 'reconcile_duration_seconds', 'provider') },
    },
    { title: 'Leases', unit: 'short', queries: { '{{of}}': `sum by (of) (${metric('leases')})` } },
  ],
  Providers: [
    {
      title: 'Calls by operation',
      unit: 'ops',
      queries: { '{{provider}} {{operation}}': rateOf('provider_call_duration_seconds', 'provider, operation') },
    },
    {
      title: 'Failed calls by code',
      unit: 'ops',
      queries: {
        '{{provider}} {{code}}': rateOf('provider_call_duration_seconds', 'provider, code', '{code!="ok"}'),
      },
    },
    {
      title: 'Duration of calls, p99',
      unit: 's',
      queries: { '{{provider}}': quantileOf(0.99, 'provider_call_duration_seconds', 'provider') },
    },
    {
      title: 'Paused connections',
      unit: 'short',
      queries: { '{{provider}} {{reason}}': `max by (provider, reason) (${metric('paused_connections')})` },
    },
    {
      title: 'Holds of new creates, and workloads on hold',
      unit: 'short',
      queries: {
        'holds by {{scope}}': `max by (scope) (${metric('creation_holds')})`,
        '{{provider}} on hold': `max by (provider) (${metric('held_workloads')})`,
      },
    },
    {
      title: 'Scans: time since they were due',
      unit: 's',
      queries: { '{{provider}} {{kind}}': `max by (provider, kind) (${metric('scan_lag_seconds')})` },
    },
    {
      title: 'Scans: time since the last complete one',
      unit: 's',
      queries: { '{{kind}} {{connection}}': `topk(10, max by (connection, kind) (${metric('sweep_age_seconds')}))` },
    },
    {
      title: 'Objects read by scans',
      unit: 'ops',
      queries: { '{{provider}}': `sum by (provider) (rate(${metric('scan_listed_objects')}_sum[$__rate_interval]))` },
    },
    {
      title: 'Duration of scans, p99',
      unit: 's',
      queries: { '{{provider}}': quantileOf(0.99, 'scan_duration_seconds', 'provider') },
    },
  ],
  'Provider health': [
    {
      title: 'Share of calls that fail',
      unit: 'percentunit',
      queries: {
        '{{provider}}': `${rateOf('provider_call_duration_seconds', 'provider', failures)} / ${rateOf('provider_call_duration_seconds', 'provider')}`,
      },
    },
    {
      title: 'Time since the last successful call',
      unit: 's',
      queries: {
        '{{provider}} {{connection}}': `topk(10, max by (provider, connection) (${metric('last_success_age_seconds')}))`,
      },
    },
    {
      title: 'Duration of calls, p50',
      unit: 's',
      queries: { '{{provider}}': quantileOf(0.5, 'provider_call_duration_seconds', 'provider') },
    },
    {
      title: 'Parked workloads',
      unit: 'short',
      queries: { '{{provider}} {{reason}}': `max by (provider, reason) (${metric('parked_workloads')})` },
    },
  ],
  Webhooks: [
    {
      title: 'Deliveries by outcome',
      unit: 'ops',
      queries: { '{{outcome}}': rateOf('webhook_delivery_duration_seconds', 'outcome') },
    },
    {
      title: 'Time from an event to its delivery, p99',
      unit: 's',
      queries: { p99: quantileOf(0.99, 'webhook_lag_seconds', '') },
    },
    {
      title: 'Deliveries',
      unit: 'short',
      queries: {
        pending: `max(${metric('webhook_deliveries_pending')})`,
        failed: `max(${metric('webhook_deliveries_failed')})`,
        'failing endpoints': `max(${metric('failing_webhook_endpoints')})`,
      },
    },
  ],
  Processes: [
    {
      title: 'Processes by version',
      unit: 'short',
      queries: { '{{version}}': `count by (version) (${metric('build_info')})` },
    },
    {
      title: 'Metrics of the installation: 0 = not read from the database',
      unit: 'short',
      queries: { '{{instance}}': `min by (instance) (${metric('installation_metrics_up')})` },
    },
    {
      title: 'Database connections',
      unit: 'short',
      queries: {
        '{{instance}} {{state}}': `sum by (instance, state) (${metric('database_pool_connections')})`,
        '{{instance}} limit': `sum by (instance) (${metric('database_pool_max_connections')})`,
        '{{instance}} waiting': `sum by (instance) (${metric('database_pool_waiting')})`,
      },
    },
  ],
}
