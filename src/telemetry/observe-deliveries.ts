import type { ProcessMetrics } from './metrics.ts'
import { type Ended, type MonotonicClock, timed } from './timed.ts'
import type { Span, SpanStart, Tracing } from './tracing.ts'

interface Deps {
  metrics: Pick<ProcessMetrics, 'observe'>
  tracing: Pick<Tracing, 'span'>
  clock: MonotonicClock
}

interface Delivery {
  id: string
  endpointId: string
  eventId: string
  type: string
  /** Of the request that the workload was last changed by; absent or null = none is known. */
  traceParent?: string | null
  /** The database clock at the claim. */
  now: Date
  /** The message; `timestamp` is the time of the event. */
  payload: { timestamp?: unknown }
}

type Response = { httpStatus: number } | { reason: string }

/** Headers to send along. */
type Headers = Readonly<Record<string, string>>

/** Measures and traces webhook deliveries. The receiver gets the `traceparent` of the span. */
export function makeObserveDelivery({ metrics, tracing, clock }: Deps) {
  function report(delivery: Delivery, span: Span, ended: Ended<Response>): void {
    const outcome = ended.ok ? outcomeOf(ended.result) : 'aborted'
    metrics.observe('webhook_delivery_duration_seconds', { outcome }, ended.seconds)
    if (ended.ok && 'httpStatus' in ended.result) span.set({ 'http.response.status_code': ended.result.httpStatus })
    if (outcome !== '2xx') span.fail(outcome)
    const lagSeconds = outcome === '2xx' ? lagOf(delivery) : null
    if (lagSeconds !== null) metrics.observe('webhook_lag_seconds', {}, lagSeconds + ended.seconds)
  }

  return <R extends Response>(delivery: Delivery, post: (headers: Headers) => Promise<R>): Promise<R> =>
    tracing.span(startOf(delivery), (span) => {
      const headers: Headers = span.traceParent === null ? {} : { traceparent: span.traceParent }
      const send = () => post(headers)
      return timed(clock, send, (ended) => report(delivery, span, ended))
    })
}

/** Without the URL, which may hold a secret. */
function startOf({ id, endpointId, eventId, type, traceParent: parent = null }: Delivery): SpanStart {
  return {
    ...{ name: `webhook ${type}`, kind: 'client', parent },
    attributes: {
      'switchyard.webhook.delivery.id': id,
      'switchyard.webhook.endpoint.id': endpointId,
      'switchyard.event.id': eventId,
      'switchyard.event.type': type,
    },
  }
}

function outcomeOf(response: Response): string {
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
