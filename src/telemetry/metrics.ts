import { setTimeout as sleep } from 'node:timers/promises'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Measure, Sample } from './measure.ts'
import {
  type CounterName,
  type HistogramName,
  type LabelsOf,
  type MetricDefinition,
  type MetricName,
  metricList,
  type ProcessGaugeName,
} from './metric-list.ts'

/** Metrics of a process. */
export interface ProcessMetrics {
  observe<N extends HistogramName>(name: N, labels: LabelsOf<N>, value: number): void
  count<N extends CounterName>(name: N, labels: LabelsOf<N>): void
  /** Reads the gauge at each scrape. */
  gauge<N extends ProcessGaugeName>(name: N, read: () => readonly { labels: LabelsOf<N>; value: number }[]): void
}

/** Response of `/metrics`. */
export interface Metrics {
  /** All metrics in the Prometheus text format. */
  text(): Promise<string>
  readonly contentType: string
}

const prefix = 'switchyard_'

/** The registry of a process, and what modules report to it. */
export function makeProcessMetrics(): { metrics: ProcessMetrics; registry: Registry } {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: `${prefix}process_` })
  const instruments = new Map<MetricName, Histogram | Counter>()

  function metricOf<M extends Histogram | Counter>(name: MetricName, make: () => M): M {
    const known = instruments.get(name) as M | undefined
    if (known !== undefined) return known
    const fresh = make()
    instruments.set(name, fresh)
    return fresh
  }

  const metrics: ProcessMetrics = {
    observe: (name, labels, value) =>
      metricOf(name, () => new Histogram({ ...optionsOf(name, registry), buckets: bucketsOf(name) })).observe(
        labels,
        value,
      ),
    count: (name, labels) => metricOf(name, () => new Counter(optionsOf(name, registry))).inc(labels),
    gauge(name, read) {
      const gauge: Gauge = new Gauge({ ...optionsOf(name, registry), collect: () => setAll(gauge, name, read()) })
    },
  }
  return { metrics, registry }
}

/** For a process that serves no metrics. */
export const noMetrics: ProcessMetrics = { observe() {}, count() {}, gauge() {} }

/** The database is read again at most this long after the last measurement has ended, regardless of the number of scrapes. */
const freshMs = 5000
/** Less than the timeouts of scrapers. */
const defaultLimitMs = 3000
/** While there is no newer one, a measurement is served for this long: the scrape interval is up to a minute. */
const staleMs = 60_000

export interface MetricsDeps {
  registry: Registry
  /** Reads the metrics of the whole installation; null if this process does not report them. */
  measure: (() => Promise<readonly Measure[]>) | null
  clock: { monotonicMs(): number }
  /** Called with the error of a failed measurement. Its scrape omits it. */
  onFailure(error: unknown): void
  /** A scrape waits this long for a measurement. A slower one is left to later scrapes. */
  limitMs?: number
}

export function makeMetrics({ registry, measure, ...deps }: MetricsDeps): Metrics {
  const installationText = measure === null ? async () => '' : makeInstallationText({ measure, ...deps })
  return {
    contentType: registry.contentType,
    text: async () => (await installationText()) + (await registry.metrics()),
  }
}

type InstallationDeps = Omit<MetricsDeps, 'registry'> & { measure: NonNullable<MetricsDeps['measure']> }

/** Never fails, and takes no longer than `limitMs`: the process must be observable while the database is not. */
function makeInstallationText(deps: InstallationDeps): () => Promise<string> {
  const { measure, clock, onFailure, limitMs = defaultLimitMs } = deps
  let latest = { text: '', endedAtMs: Number.NEGATIVE_INFINITY }
  let pending: Promise<void> | null = null
  const ageMs = () => clock.monotonicMs() - latest.endedAtMs

  async function remeasure(): Promise<void> {
    try {
      latest = { text: await textOf(await measure()), endedAtMs: clock.monotonicMs() }
    } catch (error) {
      onFailure(error)
    } finally {
      pending = null
    }
  }

  return async () => {
    if (ageMs() > freshMs) {
      pending ??= remeasure()
      await Promise.race([pending, sleep(limitMs, undefined, { ref: false })])
    }
    const value = ageMs() > freshMs ? 0 : 1
    const up = await textOf([{ name: 'installation_metrics_up', samples: [{ labels: {}, value }] }])
    return up + (ageMs() > staleMs ? '' : latest.text)
  }
}

async function textOf(measures: readonly { name: MetricName; samples: readonly Sample[] }[]): Promise<string> {
  const registry = new Registry()
  for (const { name, samples } of measures) setAll(new Gauge(optionsOf(name, registry)), name, samples)
  return registry.metrics()
}

/** Replaces all values. Labels are written in the order of the list. */
function setAll(gauge: Gauge, name: MetricName, samples: readonly Sample[]): void {
  gauge.reset()
  const labelNames: readonly string[] = metricList[name].labels
  for (const { labels, value } of samples)
    gauge.set(Object.fromEntries(labelNames.map((label) => [label, labels[label] ?? ''])), value)
}

function optionsOf(name: MetricName, registry: Registry) {
  const { help, labels }: MetricDefinition = metricList[name]
  return { name: prefix + name, help, labelNames: [...labels], registers: [registry] }
}

function bucketsOf(name: HistogramName): number[] {
  return [...metricList[name].buckets]
}
