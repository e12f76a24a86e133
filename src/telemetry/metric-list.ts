/**
 * Every metric of Switchyard. The registry, docs/observability.md and whatever else names metrics are made from this
 * list. Names are without the prefix `switchyard_`; names and labels are stable (docs/compatibility.md).
 */
export interface MetricDefinition {
  type: 'counter' | 'gauge' | 'histogram'
  help: string
  /** Every label has a bounded number of values. */
  labels: readonly string[]
  /**
   * Who reports it. `api`, `worker`, `process`: each process of that role, or each process, about itself.
   * `installation`: every API process, from the database, with the same values: aggregate with `max`, not `sum`.
   */
  from: 'api' | 'worker' | 'process' | 'installation'
  /** Upper bounds of a histogram. */
  buckets?: readonly number[]
}

const callBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const waitBuckets = [0.1, 1, 5, 15, 30, 60, 300, 1800]

/** Completes the definitions of what is reported by the same processes. */
function reportedBy<F extends MetricDefinition['from'], const D extends Record<string, Omit<MetricDefinition, 'from'>>>(
  from: F,
  definitions: D,
) {
  const entries = Object.entries(definitions).map(([name, definition]) => [name, { ...definition, from }])
  return Object.fromEntries(entries) as { readonly [N in keyof D]: D[N] & { readonly from: F } }
}

const api = reportedBy('api', {
  http_request_duration_seconds: {
    type: 'histogram',
    help: 'Duration of requests, except long polls and event streams; `_count` is the number of requests.',
    labels: ['method', 'route', 'status'],
    buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  http_wait_duration_seconds: {
    type: 'histogram',
    help: 'Duration of long polls (`Prefer: wait`) and event streams.',
    labels: ['method', 'route', 'status'],
    buckets: waitBuckets,
  },
  http_problems_total: {
    type: 'counter',
    help: 'Problem responses by code, see docs/errors.md.',
    labels: ['route', 'code'],
  },
  installation_metrics_up: {
    type: 'gauge',
    help: '1 if the metrics of the whole installation could be read; 0 if they are absent, or up to a minute old, because the database has not returned them within 3 s.',
    labels: [],
  },
})

const process = reportedBy('process', {
  build_info: { type: 'gauge', help: 'Version of the process; the value is 1.', labels: ['version'] },
  database_pool_connections: { type: 'gauge', help: 'Open database connections of the pool.', labels: ['state'] },
  database_pool_max_connections: { type: 'gauge', help: 'Maximum database connections of the pool.', labels: [] },
  database_pool_waiting: { type: 'gauge', help: 'Queries that wait for a database connection.', labels: [] },
  provider_call_duration_seconds: {
    type: 'histogram',
    help: 'Duration of provider calls by operation; `code` is ok or the error code. API processes report logs, access, catalog, dryRun, discover, verify, and get and whyGone of imports.',
    labels: ['provider', 'operation', 'code'],
    buckets: callBuckets,
  },
})

const worker = reportedBy('worker', {
  slots: { type: 'gauge', help: 'Workloads that the worker can process concurrently.', labels: [] },
  slots_used: { type: 'gauge', help: 'Workloads that the worker processes now.', labels: [] },
  leases: {
    type: 'gauge',
    help: 'Leases that the worker holds, by what is leased: workload, scan or webhook_delivery.',
    labels: ['of'],
  },
  reconcile_duration_seconds: {
    type: 'histogram',
    help: 'Duration of reconcile passes by outcome: the step that was executed, wait, stale, released, failed or error.',
    labels: ['provider', 'kind', 'outcome'],
    buckets: callBuckets,
  },
  scan_duration_seconds: {
    type: 'histogram',
    help: 'Duration of scans of provider lists by outcome: complete, incomplete or failed.',
    labels: ['provider', 'kind', 'outcome'],
    buckets: [0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300],
  },
  scan_listed_objects: {
    type: 'histogram',
    help: 'Objects that a scan has read.',
    labels: ['provider', 'kind'],
    buckets: [0, 1, 10, 100, 1000, 10_000, 100_000],
  },
  webhook_delivery_duration_seconds: {
    type: 'histogram',
    help: 'Duration of webhook deliveries by outcome: the class of the status, or the reason why there was no response.',
    labels: ['outcome'],
    buckets: callBuckets,
  },
  webhook_lag_seconds: {
    type: 'histogram',
    help: 'Time from an event to its successful webhook delivery.',
    labels: [],
    buckets: [...waitBuckets, 21_600, 86_400],
  },
})

const installation = reportedBy('installation', {
  live_workloads: { type: 'gauge', help: 'Active jobs and environments.', labels: ['kind', 'provider', 'status'] },
  parked_workloads: {
    type: 'gauge',
    help: 'Workloads that require an operator: see resolve.',
    labels: ['kind', 'provider', 'reason'],
  },
  due_workloads: {
    type: 'gauge',
    help: 'Due workloads that no worker has claimed, at most 10000 per connection. The 20 projects with the oldest; the others together as `other`.',
    labels: ['project', 'provider'],
  },
  oldest_due_seconds: {
    type: 'gauge',
    help: 'Age of the oldest due workload that no worker has claimed, for the same projects.',
    labels: ['project', 'provider'],
  },
  overdue_seconds: { type: 'gauge', help: 'Age of the oldest due workload.', labels: [] },
  paused_connections: { type: 'gauge', help: 'Paused or held connections.', labels: ['provider', 'reason'] },
  creation_holds: {
    type: 'gauge',
    help: 'Active holds of new creates, by what they name: provider, connection, project, or several joined by `_`.',
    labels: ['scope'],
  },
  held_workloads: { type: 'gauge', help: 'Active workloads that wait with reason held.', labels: ['provider'] },
  scan_lag_seconds: {
    type: 'gauge',
    help: 'Age of the oldest due scan that no worker has claimed.',
    labels: ['provider', 'kind'],
  },
  sweep_age_seconds: {
    type: 'gauge',
    help: 'Seconds since the last complete scan of a provider list, if one is due. The 100 connections with the highest values.',
    labels: ['connection', 'kind'],
  },
  last_success_age_seconds: {
    type: 'gauge',
    help: 'Seconds since the last successful provider call of a connection, or since its creation if there was none, if a scan of it is due and it is not held. The 100 connections with the highest values.',
    labels: ['connection', 'provider'],
  },
  orphans: {
    type: 'gauge',
    help: 'Active remote objects tagged by this installation without a live record, at the last complete scan. The 100 connections with the highest values.',
    labels: ['connection', 'kind'],
  },
  duplicates: {
    type: 'gauge',
    help: 'Provider responses that reported a second object for a workload; see duplicate_detected.',
    labels: [],
  },
  webhook_deliveries_pending: { type: 'gauge', help: 'Pending webhook deliveries, 100000 at most.', labels: [] },
  webhook_deliveries_failed: {
    type: 'gauge',
    help: 'Permanently failed webhook deliveries, 100000 at most.',
    labels: [],
  },
  webhook_overdue_seconds: { type: 'gauge', help: 'Age of the oldest due delivery of a healthy endpoint.', labels: [] },
  failing_webhook_endpoints: { type: 'gauge', help: 'Webhook endpoints whose last delivery failed.', labels: [] },
})

/** The metrics of Switchyard. */
export const metricList = { ...api, ...process, ...worker, ...installation }

export type MetricName = keyof typeof metricList
type OfType<T extends MetricDefinition['type']> = {
  [N in MetricName]: (typeof metricList)[N]['type'] extends T ? N : never
}[MetricName]
export type HistogramName = OfType<'histogram'>
export type CounterName = OfType<'counter'>
/** A gauge about the process, sampled at each scrape. */
export type ProcessGaugeName = Exclude<OfType<'gauge'>, InstallationMetricName | 'installation_metrics_up'>
export type InstallationMetricName = keyof typeof installation
export type LabelsOf<N extends MetricName> = Readonly<Record<(typeof metricList)[N]['labels'][number], string>>

/**
 * Metrics of the Node.js process, in every process, made by prom-client. These are the ones to watch; there are more, all
 * with the prefix `switchyard_process_`, before the names of prom-client: names are stable.
 */
export const processMetricList = {
  process_process_cpu_seconds_total: { type: 'counter', help: 'Processor time, user and system.' },
  process_process_resident_memory_bytes: { type: 'gauge', help: 'Resident memory.' },
  process_process_start_time_seconds: { type: 'gauge', help: 'Start of the process, as Unix time.' },
  process_process_open_fds: { type: 'gauge', help: 'Open file descriptors.' },
  process_nodejs_eventloop_lag_seconds: { type: 'gauge', help: 'Event-loop delay, measured at the scrape.' },
  process_nodejs_eventloop_lag_p99_seconds: {
    type: 'gauge',
    help: 'Event-loop delay since the last scrape, 99th percentile.',
  },
  process_nodejs_heap_size_used_bytes: { type: 'gauge', help: 'Used part of the heap.' },
} as const satisfies Record<string, Pick<MetricDefinition, 'type' | 'help'>>
