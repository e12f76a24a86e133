import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

/** One value with its labels. */
export interface Sample {
  labels: Readonly<Record<string, string>>
  value: number
}

/** A number that is true of the installation as a whole, whoever is asked. */
export interface Measure {
  name: string
  help: string
  labels: readonly string[]
  samples: readonly Sample[]
}

export interface Metrics {
  /** Everything in the text form that Prometheus reads. */
  text(): Promise<string>
  readonly contentType: string
}

/** A look at the database every so often, however many ask. */
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
