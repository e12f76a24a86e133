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

/** What a process reports about itself. */
export interface ProcessMetrics {
  observe<N extends HistogramName>(name: N, labels: LabelsOf<N>, value: number): void
  count<N extends CounterName>(name: N, labels: LabelsOf<N>): void
  /** Reads the gauge at each scrape. */
  gauge<N extends ProcessGaugeName>(name: N, read: () => readonly { labels: LabelsOf<N>; value: number }[]): void
}

/** What is served at `/metrics`. */
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
  const made = new Map<MetricName, Histogram | Counter>()

  function metricOf<M extends Histogram | Counter>(name: MetricName, make: () => M): M {
    const known = made.get(name) as M | undefined
    if (known !== undefined) return known
    const fresh = make()
    made.set(name, fresh)
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

/** The database is read at most once per this interval, regardless of the number of scrapes. */
const freshMs = 5000

export interface MetricsDeps {
  registry: Registry
  /** Reads the metrics of the whole installation; null if this process does not report them. */
  measure: (() => Promise<readonly Measure[]>) | null
  clock: { monotonicMs(): number }
}

export function makeMetrics({ registry, measure, clock }: MetricsDeps): Metrics {
  let last: { text: Promise<string>; atMs: number } | undefined

  async function installationText(): Promise<string> {
    if (measure === null) return ''
    if (last === undefined || clock.monotonicMs() - last.atMs > freshMs) {
      last = { text: textOf(measure), atMs: clock.monotonicMs() }
      last.text.catch(() => {
        last = undefined
      })
    }
    return last.text
  }

  return {
    contentType: registry.contentType,
    text: async () => (await installationText()) + (await registry.metrics()),
  }
}

async function textOf(measure: NonNullable<MetricsDeps['measure']>): Promise<string> {
  const registry = new Registry()
  for (const { name, samples } of await measure()) setAll(new Gauge(optionsOf(name, registry)), name, samples)
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
