import { retryAfterMs } from '../vocabulary/retry-after.ts'
import type { EndpointResponse } from './attempt.ts'
import type { DisabledReason } from './webhook-endpoint.ts'
import type { WebhookSettings } from './webhook-settings.ts'

/** Effect of a response on the delivery and its endpoint. */
export type DeliveryOutcome = { is: 'delivered' } | ({ is: 'failed' } & Failure)

export interface Failure {
  /** Time until the delivery is due again; null = failed permanently. */
  retryMs: number | null
  /** Pause of the endpoint if it keeps failing. */
  pauseMs: number
  /** Time requested by `Retry-After`, in effect even if other deliveries succeed; 0 = none. */
  requestedMs: number
  disables: DisabledReason | null
}

interface Situation {
  /** Attempts since it became pending, without this one. */
  retryStep: number
  /** Consecutive failures of the endpoint before this response. */
  failures: number
  now: Date
  /** Random number from 0 to 1. */
  chance: number
}

/** Fraction by which a wait varies, so that deliveries that failed together are not retried together. */
const jitter = 0.1

/** Any 2xx is a success, everything else a failure, including redirects. 410 disables the endpoint. */
export function deliveryOutcome(
  response: EndpointResponse,
  situation: Situation,
  settings: WebhookSettings,
): DeliveryOutcome {
  const { scheduleMs, backoff, maxRetryAfterMs } = settings
  const { retryStep, failures, now, chance } = situation
  if ('httpStatus' in response && response.httpStatus >= 200 && response.httpStatus < 300) return { is: 'delivered' }
  if ('httpStatus' in response && response.httpStatus === 410)
    return { is: 'failed', retryMs: null, pauseMs: 0, requestedMs: 0, disables: 'gone' }
  const requestedMs = Math.min(requestedMsOf(response, now), maxRetryAfterMs)
  const scheduled = scheduleMs[retryStep]
  const spread = 1 + jitter * (2 * chance - 1)
  return {
    is: 'failed',
    retryMs: scheduled === undefined ? null : Math.max(scheduled * spread, requestedMs),
    pauseMs: Math.min(backoff.firstMs * 2 ** Math.min(failures, 20), backoff.maxMs) * spread,
    requestedMs,
    disables: null,
  }
}

/** Time requested by `Retry-After`; 0 if it is absent or not applicable to the status. */
function requestedMsOf(response: EndpointResponse, now: Date): number {
  if (!('httpStatus' in response) || response.retryAfter === null) return 0
  if (response.httpStatus !== 429 && response.httpStatus < 500) return 0
  return retryAfterMs(response.retryAfter, now) ?? 0
}
