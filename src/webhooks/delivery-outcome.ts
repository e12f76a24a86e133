import { retryAfterMs } from '../vocabulary/retry-after.ts'
import type { EndpointResponse } from './attempt.ts'
import type { DisabledReason } from './webhook-endpoint.ts'
import type { WebhookSettings } from './webhook-settings.ts'

/** What an answer means for the delivery, and for its endpoint. */
export type DeliveryOutcome = { is: 'delivered' } | ({ is: 'failed' } & Failure)

export interface Failure {
  /** When the delivery is due again; null = it has failed for good. */
  retryMs: number | null
  /** Pause of the endpoint if it keeps failing. */
  pauseMs: number
  /** How long it asks to be left alone, whatever succeeds meanwhile; 0 = it does not ask. */
  askedMs: number
  disables: DisabledReason | null
}

interface Situation {
  /** Attempts since it became pending, this one not counted. */
  retryStep: number
  /** Failures of the endpoint in a row, before this answer. */
  failures: number
  now: Date
  /** Drawn from 0 to 1. */
  chance: number
}

/** Part of a wait by which it is longer or shorter: who failed together does not come back together. */
const jitter = 0.1

/** Any 2xx is a success, everything else a failure, including redirects. 410 disables the endpoint. */
export function deliveryOutcome(
  answer: EndpointResponse,
  situation: Situation,
  settings: WebhookSettings,
): DeliveryOutcome {
  const { scheduleMs, backoff, maxRetryAfterMs } = settings
  const { retryStep, failures, now, chance } = situation
  if ('httpStatus' in answer && answer.httpStatus >= 200 && answer.httpStatus < 300) return { is: 'delivered' }
  if ('httpStatus' in answer && answer.httpStatus === 410)
    return { is: 'failed', retryMs: null, pauseMs: 0, askedMs: 0, disables: 'gone' }
  const askedMs = Math.min(askedMsOf(answer, now), maxRetryAfterMs)
  const scheduled = scheduleMs[retryStep]
  const spread = 1 + jitter * (2 * chance - 1)
  return {
    is: 'failed',
    retryMs: scheduled === undefined ? null : Math.max(scheduled * spread, askedMs),
    pauseMs: Math.min(backoff.firstMs * 2 ** Math.min(failures, 20), backoff.maxMs) * spread,
    askedMs,
    disables: null,
  }
}

/** How long an endpoint asks not to be called; 0 if it does not ask, or if its status does not allow it to. */
function askedMsOf(answer: EndpointResponse, now: Date): number {
  if (!('httpStatus' in answer) || answer.retryAfter === null) return 0
  if (answer.httpStatus !== 429 && answer.httpStatus < 500) return 0
  return retryAfterMs(answer.retryAfter, now) ?? 0
}
