export interface WebhookSettings {
  /** Timeout from opening the socket to the end of the response headers. */
  timeoutMs: number
  /** Duration of a lease; must exceed that of an attempt, or the delivery would be sent twice concurrently. */
  leaseMs: number
  /** Delays before the second attempt, the third, and so on. After the last attempt the delivery has failed. */
  scheduleMs: readonly number[]
  /** Pause of the whole endpoint after a failure, doubling from `firstMs`. */
  backoff: { firstMs: number; maxMs: number }
  /** Maximum `Retry-After` that is respected. */
  maxRetryAfterMs: number
  /** An endpoint without a success for this long is disabled. */
  disableAfterMs: number
  /** Maximum deliveries in flight per process. */
  concurrency: number
  /** Maximum per endpoint, so that a slow one does not use all slots. */
  perEndpoint: number
  /** Maximum per project; also the maximum of probes. */
  perProject: number
  /** Retention of finished deliveries. */
  retentionMs: number
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** Uses the schedule of the Standard Webhooks specification: ten attempts in about three days. */
export function webhookSettings({ timeoutMs }: { timeoutMs: number }): WebhookSettings {
  return {
    timeoutMs,
    leaseMs: 2 * timeoutMs + 5 * second,
    scheduleMs: [
      ...[5 * second, 5 * minute, 30 * minute],
      ...[2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour],
    ],
    backoff: { firstMs: second, maxMs: minute },
    maxRetryAfterMs: hour,
    disableAfterMs: 5 * day,
    concurrency: 64,
    perEndpoint: 8,
    perProject: 16,
    retentionMs: 30 * day,
  }
}
