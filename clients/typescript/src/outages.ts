import { SwitchyardError } from './errors.ts'
import { backoffMs, isTemporary } from './retries.ts'
import { sleep } from './timers.ts'

/** Tolerance of long operations, of minutes or hours, for a service that is temporarily unavailable. */
export interface Outages {
  /** The service has responded. */
  over(): void
  /** Waits before the next try. Throws the error if it is not temporary, or the outage lasts too long. */
  endure(error: unknown, signal?: AbortSignal): Promise<void>
}

export function makeOutages(maxOutageMs: number): Outages {
  let since: number | null = null
  let failures = 0
  return {
    over() {
      since = null
      failures = 0
    },
    async endure(error, signal) {
      signal?.throwIfAborted()
      since ??= Date.now()
      const { retryAfterMs = 0 } = error instanceof SwitchyardError ? error : {}
      const delayMs = Math.max(retryAfterMs, backoffMs(failures++))
      if (!isTemporary(error) || Date.now() - since + delayMs > maxOutageMs) throw error
      await sleep(delayMs, signal)
    },
  }
}
