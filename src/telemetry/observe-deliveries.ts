import type { ProcessMetrics } from './metrics.ts'
import { type MonotonicClock, timed } from './timed.ts'

interface Deps {
  metrics: Pick<ProcessMetrics, 'observe'>
  clock: MonotonicClock
}

interface Delivery {
  /** The database clock at the claim. */
  now: Date
  /** The message; `timestamp` is the time of the event. */
  payload: { timestamp?: unknown }
}

type Response = { httpStatus: number } | { reason: string }

/** Measures webhook deliveries. */
export function makeObserveDelivery({ metrics, clock }: Deps) {
  return <R extends Response>(delivery: Delivery, post: () => Promise<R>): Promise<R> =>
    timed(clock, post, (ended) => {
      const outcome = ended.ok ? outcomeOf(ended.result) : 'aborted'
      metrics.observe('webhook_delivery_duration_seconds', { outcome }, ended.seconds)
      const lagSeconds = lagOf(delivery)
      if (outcome === '2xx' && lagSeconds !== null)
        metrics.observe('webhook_lag_seconds', {}, lagSeconds + ended.seconds)
    })
}

export function outcomeOf(response: Response): string {
  return 'httpStatus' in response ? statusClass(response.httpStatus) : response.reason
}

/** `2xx` for 200 to 299. */
export function statusClass(status: number): string {
  return `${Math.floor(status / 100)}xx`
}

/** Seconds from the event to the claim; null for a message without a time. */
function lagOf({ now, payload: { timestamp } }: Delivery): number | null {
  const at = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN
  return Number.isNaN(at) ? null : Math.max(0, (now.getTime() - at) / 1000)
}
