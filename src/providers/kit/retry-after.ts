import { retryAfterMs as parseRetryAfter } from '../../vocabulary/retry-after.ts'
import type { HttpResponse, ProviderClock } from '../provider.ts'

/** An odd header, or a date by another clock, must not keep a connection still for days. */
const maxWaitMs = 3_600_000

/** `Retry-After` in milliseconds, an hour at most; undefined if the header is missing or invalid. */
export function retryAfterMs(headers: HttpResponse['headers'], clock: ProviderClock): number | undefined {
  const value = headers['retry-after']
  const waitMs = typeof value === 'string' ? parseRetryAfter(value, clock.now()) : null
  return waitMs === null ? undefined : Math.min(waitMs, maxWaitMs)
}
