import type { CallRecorder } from '../health/call-recorder.ts'
import type { RequestObserver } from '../http/observed-requests.ts'
import type { HttpClient } from '../providers/session.ts'
import type { Measure } from '../telemetry/measure.ts'
import { type Metrics, makeMetrics, makeProcessMetrics, noMetrics, type ProcessMetrics } from '../telemetry/metrics.ts'
import { makeObserveDelivery } from '../telemetry/observe-deliveries.ts'
import { makeEngineObserver } from '../telemetry/observe-engine.ts'
import { makeTraceHint } from '../telemetry/observe-hints.ts'
import { makeObserveProvider } from '../telemetry/observe-provider-calls.ts'
import { observedHttp } from '../telemetry/observe-provider-http.ts'
import { makeMeasureRequest, makeTraceRequest } from '../telemetry/observe-requests.ts'
import { noTracing } from '../telemetry/tracing.ts'
import type { WebhookSender } from '../webhooks/sender.ts'
import type { WorkloadWorkers } from '../workloads/schedule/workload-workers.ts'
import type { ContainerDeps } from './deps.ts'

/** Parts of a worker whose state is read at each scrape. */
interface Work {
  workers: Pick<WorkloadWorkers, 'load'>
  sender: Pick<WebhookSender, 'inFlight'>
}

interface TelemetryDeps
  extends Pick<ContainerDeps, 'settings' | 'clock' | 'database' | 'tracing' | 'logger' | 'version'> {
  /** Records provider calls for the health of connections. */
  calls: Pick<CallRecorder, 'record'>
}

/** Metrics and tracing of this process, for each measured module. */
export function makeTelemetry(given: TelemetryDeps) {
  const { settings, clock, database, tracing = noTracing, logger, version } = given
  const own = settings.edge.hasMetrics ? makeProcessMetrics() : null
  const metrics = own?.metrics ?? noMetrics
  const deps = { metrics, tracing, clock }
  metrics.gauge('build_info', () => [{ labels: { version }, value: 1 }])
  watchPool(metrics, database.pool)
  return {
    engine: makeEngineObserver(deps),
    observeDelivery: makeObserveDelivery(deps),
    observedProvider: makeObserveProvider({ ...deps, record: given.calls.record }),
    observedHttp: <C extends HttpClient>(client: C, baseUrl: string): C =>
      tracing.isOn ? observedHttp(client, baseUrl, tracing) : client,
    traceHint: makeTraceHint(tracing),
    isTraced: tracing.isOn,
    requestObserver: {
      ...(own && { ended: makeMeasureRequest(metrics) }),
      ...(tracing.isOn && { trace: makeTraceRequest(tracing) }),
    } satisfies RequestObserver,

    /** Null: none are served. */
    metricsWith(measure: (() => Promise<readonly Measure[]>) | null): Metrics | null {
      const onFailure = (err: unknown) => logger.warn({ err }, 'metrics of the installation not read')
      return own && makeMetrics({ registry: own.registry, measure, clock, onFailure })
    },

    watchWork({ workers, sender }: Work): void {
      metrics.gauge('slots', () => [{ labels: {}, value: workers.load().slots }])
      metrics.gauge('slots_used', () => [{ labels: {}, value: workers.load().slotsUsed }])
      metrics.gauge('leases', () => {
        const { slotsUsed, scans } = workers.load()
        return [
          { labels: { of: 'workload' }, value: slotsUsed },
          { labels: { of: 'scan' }, value: scans },
          { labels: { of: 'webhook_delivery' }, value: sender.inFlight() },
        ]
      })
    },
  }
}

function watchPool(metrics: ProcessMetrics, pool: ContainerDeps['database']['pool']): void {
  metrics.gauge('database_pool_connections', () => [
    { labels: { state: 'idle' }, value: pool.idleCount },
    { labels: { state: 'used' }, value: pool.totalCount - pool.idleCount },
  ])
  metrics.gauge('database_pool_max_connections', () => [{ labels: {}, value: pool.options.max }])
  metrics.gauge('database_pool_waiting', () => [{ labels: {}, value: pool.waitingCount }])
}
