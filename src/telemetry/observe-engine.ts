import type { Kind } from '../vocabulary/kinds.ts'
import type { ProcessMetrics } from './metrics.ts'
import { type Ended, type MonotonicClock, timed } from './timed.ts'
import { type Attributes, messagingAttributes, type Tracing } from './tracing.ts'

interface Deps {
  metrics: Pick<ProcessMetrics, 'observe'>
  tracing: Pick<Tracing, 'span' | 'open'>
  clock: MonotonicClock
}

interface About {
  connectionId: string
  provider: string
  kind: Kind
}

interface Pass extends About {
  workloadId: string
  /** Of the request that the workload was last changed by. */
  traceParent: string | null
}

/** Measures and traces wake-up messages, reconcile passes and scans. */
export function makeEngineObserver({ metrics, tracing, clock }: Deps) {
  return {
    /**
     * A wake-up message of a traced request. Its span is not active in `run`, which starts work of other requests too.
     */
    async hint(traceParent: string | undefined, run: () => Promise<void>): Promise<void> {
      if (traceParent === undefined) return run()
      const span = tracing.open({
        ...{ name: 'process wake-up', kind: 'consumer', parent: traceParent, attributes: messagingAttributes },
      })
      await run().finally(span.end)
    },

    /** A pass throws if its result could not be written. Without a traced request it is a trace by itself. */
    pass<R extends { outcome: string }>(about: Pass, run: () => Promise<R>): Promise<R> {
      const { provider, kind, workloadId, traceParent: parent } = about
      const attributes = { ...attributesOf(about), 'switchyard.workload.id': workloadId }
      return tracing.span({ name: `reconcile ${kind}`, kind: 'consumer', parent, attributes }, (span) =>
        timed(clock, run, (ended) => {
          const outcome = ended.ok ? ended.result.outcome : 'error'
          metrics.observe('reconcile_duration_seconds', { provider, kind, outcome }, ended.seconds)
          span.set({ 'switchyard.outcome': outcome })
          if (outcome === 'failed' || outcome === 'error') span.fail(outcome)
        }),
      )
    },

    /** A scan serves many workloads, so it is a trace by itself. */
    scan<R extends { isComplete: boolean; listed: number }>(about: About, run: () => Promise<R>): Promise<R> {
      const { provider, kind } = about
      const attributes = attributesOf(about)
      return tracing.span({ name: `scan ${kind}`, kind: 'internal', parent: null, attributes }, (span) =>
        timed(clock, run, (ended) => {
          const outcome = scanOutcome(ended)
          metrics.observe('scan_duration_seconds', { provider, kind, outcome }, ended.seconds)
          span.set({ 'switchyard.outcome': outcome })
          if (!ended.ok) return span.fail(outcome)
          metrics.observe('scan_listed_objects', { provider, kind }, ended.result.listed)
          span.set({ 'switchyard.scan.listed': ended.result.listed })
        }),
      )
    },
  }
}

function scanOutcome(ended: Ended<{ isComplete: boolean }>): string {
  if (!ended.ok) return 'failed'
  return ended.result.isComplete ? 'complete' : 'incomplete'
}

function attributesOf({ connectionId, provider, kind }: About): Attributes {
  return {
    ...{ 'switchyard.provider': provider, 'switchyard.kind': kind, 'switchyard.connection.id': connectionId },
  }
}
