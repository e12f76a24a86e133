import { retryAfterMs as parseRetryAfter } from '../../vocabulary/retry-after.ts'
import type { HttpResponse, ProviderClock } from '../session.ts'

/** A malformed header or a wrong clock must not pause a connection for days. */
const maxWaitMs = 3_600_000

/** `Retry-After` in milliseconds, from seconds or a date, at most an hour; undefined if absent or invalid. */
export function retryAfterMs(headers: HttpResponse['headers'], clock: ProviderClock): number | undefined {
  const value = headers['retry-after']
  const waitMs = typeof value === 'string' ? parseRetryAfter(value, clock.now()) : null
  return waitMs === null ? undefined : Math.min(waitMs, maxWaitMs)
}
