import type { Kind } from '../vocabulary/kinds.ts'
import type { ProcessMetrics } from './metrics.ts'
import { type MonotonicClock, timed } from './timed.ts'

interface Deps {
  metrics: Pick<ProcessMetrics, 'observe'>
  clock: MonotonicClock
}

interface About {
  provider: string
  kind: Kind
}

/** Measures reconcile passes and scans. */
export function makeEngineObserver({ metrics, clock }: Deps) {
  return {
    /** A pass throws if its result could not be written. */
    pass<R extends { outcome: string }>({ provider, kind }: About, run: () => Promise<R>): Promise<R> {
      return timed(clock, run, (ended) => {
        const outcome = ended.ok ? ended.result.outcome : 'error'
        metrics.observe('reconcile_duration_seconds', { provider, kind, outcome }, ended.seconds)
      })
    },

    scan<R extends { isComplete: boolean; listed: number }>(
      { provider, kind }: About,
      run: () => Promise<R>,
    ): Promise<R> {
      return timed(clock, run, (ended) => {
        const outcome = ended.ok ? (ended.result.isComplete ? 'complete' : 'incomplete') : 'failed'
        metrics.observe('scan_duration_seconds', { provider, kind, outcome }, ended.seconds)
        if (ended.ok) metrics.observe('scan_listed_objects', { provider, kind }, ended.result.listed)
      })
    },
  }
}
