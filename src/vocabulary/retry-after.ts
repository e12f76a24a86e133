/** `Retry-After` in milliseconds, from seconds or a date (RFC 9110, 10.2.3); null if it is neither. */
export function retryAfterMs(value: string, now: Date): number | null {
  const text = value.trim()
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Math.max(0, Date.parse(text) - now.getTime())
  return Number.isNaN(waitMs) ? null : waitMs
}
