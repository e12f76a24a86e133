import { ConnectionError, SwitchyardError, TimeoutError } from './errors.ts'

const firstDelayMs = 250
const longestDelayMs = 8000
/** A longer `Retry-After` is left to the caller. */
const longestRetryAfterMs = 60_000

/** Exponential backoff, of which half is random. */
export function backoffMs(failures: number): number {
  const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** failures)
  return delayMs * (0.5 + Math.random() / 2)
}

/**
 * Whether repeating the request cannot have a second effect: reads, changes that lead to the same state, and creates
 * whose key the service remembers. `If-Match` prevents a second change as well.
 */
export function isRepeatable({ method, headers }: Request): boolean {
  return method !== 'POST' || headers.has('idempotency-key') || headers.has('if-match')
}

/** Time to wait before the next attempt; null if there is none: the error is final, or was the last one permitted. */
export function retryDelayMs(
  error: unknown,
  failures: number,
  { canRepeat, maxRetries }: { canRepeat: boolean; maxRetries: number },
): number | null {
  if (failures >= maxRetries || !(canRepeat ? isTemporary(error) : isUnprocessed(error))) return null
  const { retryAfterMs = 0 } = error instanceof SwitchyardError ? error : {}
  if (retryAfterMs > longestRetryAfterMs) return null
  return retryAfterMs === 0 ? backoffMs(failures) : retryAfterMs + backoffMs(0)
}

/** Whether the same request may succeed later. */
export function isTemporary(error: unknown): boolean {
  if (error instanceof SwitchyardError) return error.status === 429 || (error.status >= 500 && error.isRetryable)
  return error instanceof ConnectionError || error instanceof TimeoutError
}

/** Whether the service has certainly not processed the request. */
export function isUnprocessed(error: unknown): boolean {
  if (error instanceof SwitchyardError) return error.status === 429
  return error instanceof ConnectionError && unsentCodes.has(systemCodeOf(error.cause))
}

const unsentCodes: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'],
  // Bun
  'ConnectionRefused',
])

/** Node's fetch keeps the system error as the cause of its own. */
export function systemCodeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
  }
  return ''
}
