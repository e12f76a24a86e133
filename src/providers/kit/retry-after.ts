import type { HttpResponse, ProviderClock } from '../provider.ts'

/** `Retry-After` in milliseconds, from seconds or a date; absent where the header is absent or no such thing. */
export function retryAfterMs(headers: HttpResponse['headers'], clock: ProviderClock): number | undefined {
  const value = headers['retry-after']
  if (typeof value !== 'string') return undefined
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(0, at - clock.now().getTime())
}
