import { stringify } from 'yaml'
import { metric, quantileOf, rateOf } from './metric.ts'

export interface Alert {
  /** Also the file name of its page in docs/runbooks. */
  name: string
  expr: string
  /** How long the expression must hold. */
  for: string
  /** `critical`: somebody is woken up. `warning`: somebody looks the same day. */
  severity: 'critical' | 'warning'
  summary: string
}

/** Codes of calls that indicate a problem of the provider, not of the request. */
const failures = '{code=~"unavailable|timeout|outcome_unknown|bad_response|internal"}'
const requests = (selector = '') => rateOf('http_request_duration_seconds', 'route', selector, '5m')
const calls = (selector = '') => rateOf('provider_call_duration_seconds', 'provider', selector, '10m')

export const alerts: readonly Alert[] = [
  {
    name: 'SwitchyardApiDown',
    expr: `absent(${metric('http_request_duration_seconds')}_count) and absent(${metric('installation_metrics_up')})`,
    for: '5m',
    severity: 'critical',
    summary: 'No API process is scraped.',
  },
  {
    name: 'SwitchyardWorkersDown',
    expr: `absent(${metric('slots')})`,
    for: '5m',
    severity: 'critical',
    summary: 'No worker is scraped: accepted work waits.',
  },
  {
    name: 'SwitchyardRequestErrors',
    expr: `sum(${requests('{status="5xx"}')}) / sum(${requests()}) > 0.05`,
    for: '5m',
    severity: 'critical',
    summary: '{{ $value | humanizePercentage }} of the requests fail with 5xx.',
  },
  {
    name: 'SwitchyardRequestsSlow',
    expr: `${quantileOf(0.99, 'http_request_duration_seconds', '', '10m')} > 1`,
    for: '10m',
    severity: 'warning',
    summary: 'The slowest 1 % of the requests take more than {{ $value | humanizeDuration }}.',
  },
  {
    name: 'SwitchyardBacklogOld',
    expr: `max by (project, provider) (${metric('oldest_due_seconds')}) > 120`,
    for: '5m',
    severity: 'critical',
    summary: 'Work of {{ $labels.project }} at {{ $labels.provider }} waits for {{ $value | humanizeDuration }}.',
  },
  {
    name: 'SwitchyardWorkloadsParked',
    expr: `max by (kind, provider, reason) (${metric('parked_workloads')}) > 0`,
    for: '10m',
    severity: 'warning',
    summary: '{{ $value }} {{ $labels.kind }}s at {{ $labels.provider }} need an operator: {{ $labels.reason }}.',
  },
  {
    name: 'SwitchyardDuplicates',
    expr: `max(${metric('duplicates')}) > (max(${metric('duplicates')} offset 1h) or vector(0))`,
    for: '0m',
    severity: 'critical',
    summary: 'A provider reported a second object for a workload.',
  },
  {
    name: 'SwitchyardProviderErrors',
    expr: `${calls(failures)} / ${calls()} > 0.2`,
    for: '10m',
    severity: 'warning',
    summary: '{{ $value | humanizePercentage }} of the calls to {{ $labels.provider }} fail.',
  },
  {
    name: 'SwitchyardConnectionsPaused',
    expr: `max by (provider, reason) (${metric('paused_connections')}{reason!="held"}) > 0`,
    for: '15m',
    severity: 'warning',
    summary: '{{ $value }} connections to {{ $labels.provider }} are paused: {{ $labels.reason }}.',
  },
  {
    name: 'SwitchyardScansLate',
    expr: `max by (provider, kind) (${metric('scan_lag_seconds')}) > 300`,
    for: '10m',
    severity: 'warning',
    summary: 'Statuses of {{ $labels.kind }}s at {{ $labels.provider }} are {{ $value | humanizeDuration }} late.',
  },
  {
    name: 'SwitchyardOrphans',
    expr: `max by (connection, kind) (${metric('orphans')}) > 0`,
    for: '30m',
    severity: 'warning',
    summary: '{{ $value }} remote objects of {{ $labels.connection }} have no record and may be billed.',
  },
  {
    name: 'SwitchyardWebhooksLate',
    expr: `max(${metric('webhook_overdue_seconds')}) > 300`,
    for: '10m',
    severity: 'warning',
    summary: 'Webhook deliveries to healthy endpoints are {{ $value | humanizeDuration }} late.',
  },
  {
    name: 'SwitchyardWebhookEndpointsFailing',
    expr: `max(${metric('failing_webhook_endpoints')}) > 0`,
    for: '1h',
    severity: 'warning',
    summary: '{{ $value }} webhook endpoints have rejected their last delivery for an hour.',
  },
  {
    name: 'SwitchyardInstallationUnmeasured',
    expr: `max(${metric('installation_metrics_up')}) == 0`,
    for: '5m',
    severity: 'critical',
    summary: 'No API process can read the metrics of the installation from the database.',
  },
  {
    name: 'SwitchyardDatabasePoolExhausted',
    expr: `min_over_time(${metric('database_pool_waiting')}[5m]) > 0`,
    for: '5m',
    severity: 'warning',
    summary: 'Queries of {{ $labels.instance }} wait for a database connection.',
  },
]

/** Generates deploy/monitoring/switchyard.rules.yaml. */
export function generateAlertRules(): string {
  const rules = alerts.map(({ name, expr, for: duration, severity, summary }) => ({
    alert: name,
    expr,
    for: duration,
    labels: { severity },
    annotations: { summary, runbook: `docs/runbooks/${name}.md` },
  }))
  const header =
    '# Alert rules for Prometheus, generated by `npm run docs:generate` from scripts/docs/monitoring/alerts.ts.\n'
  return header + stringify({ groups: [{ name: 'switchyard', rules }] }, { lineWidth: 0 })
}
