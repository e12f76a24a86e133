import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** A value with its labels. */
export interface Sample {
  labels: Readonly<Record<string, string>>
  value: number
}

/** A metric of the whole installation, the same on every instance. */
export interface Measure {
  name: string
  help: string
  labels: readonly string[]
  samples: readonly Sample[]
}

export interface Metrics {
  /** All metrics in the Prometheus text format. */
  text(): Promise<string>
  readonly contentType: string
}

/** The database is read at most once per this interval, regardless of the number of scrapes. */
const freshMs = 5000

export function makeMetrics({
  measure,
  clock,
}: {
  measure(): Promise<readonly Measure[]>
  clock: { monotonicMs(): number }
}): Metrics {
  const own = new Registry()
  collectDefaultMetrics({ register: own, prefix: 'switchyard_process_' })
  let last: { text: Promise<string>; atMs: number } | undefined

  async function look(): Promise<string> {
    const registry = new Registry()
    for (const { name, help, labels, samples } of await measure()) {
      const gauge = new Gauge({ name: `switchyard_${name}`, help, labelNames: [...labels], registers: [registry] })
      for (const { labels: of, value } of samples)
        gauge.set(Object.fromEntries(labels.map((label) => [label, of[label] ?? ''])), value)
    }
    return registry.metrics()
  }

  return {
    contentType: own.contentType,
    async text() {
      if (last === undefined || clock.monotonicMs() - last.atMs > freshMs) {
        last = { text: look(), atMs: clock.monotonicMs() }
        last.text.catch(() => {
          last = undefined
        })
      }
      return (await last.text) + (await own.metrics())
    },
  }
}
