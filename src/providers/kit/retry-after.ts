import type { HttpResponse, ProviderClock } from '../provider.ts'

/** An odd header, or a date by another clock, must not keep a connection still for days. */
const maxWaitMs = 3_600_000

/**
 * `Retry-After` in milliseconds, from seconds or a date, an hour at most; absent where the header is absent or no such
 * thing.
 */
export function retryAfterMs(headers: HttpResponse['headers'], clock: ProviderClock): number | undefined {
  const value = headers['retry-after']
  if (typeof value !== 'string') return undefined
  const at = Date.parse(value)
  const waitMs = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Math.max(0, at - clock.now().getTime())
  return Number.isNaN(waitMs) ? undefined : Math.min(waitMs, maxWaitMs)
}
