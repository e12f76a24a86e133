export interface WebhookSettings {
  /** From opening the socket to the end of the answer's headers. */
  timeoutMs: number
  /** How long a claim lasts; longer than an attempt may take, or it would be sent twice at the same time. */
  leaseMs: number
  /** The waits before the second attempt, the third, and so on. After the last of them a delivery has failed. */
  scheduleMs: readonly number[]
  /** The whole endpoint waits so long after a failure, doubling from the first. */
  backoff: { firstMs: number; maxMs: number }
  /** Maximum `Retry-After` that is respected. */
  maxRetryAfterMs: number
  /** An endpoint that has failed for so long without a success is disabled. */
  disableAfterMs: number
  /** Deliveries under way in one process. */
  concurrency: number
  /** Of them to one endpoint, so that a slow one leaves slots to the others. */
  perEndpoint: number
  /** Of them for one project; and so many at most try endpoints that have failed. */
  perProject: number
  /** Retention of finished deliveries. */
  keepMs: number
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** The schedule is the one that the Standard Webhooks specification proposes: ten attempts in about three days. */
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
    keepMs: 30 * day,
  }
}
