import { setTimeout as sleep } from 'node:timers/promises'
import type { SwitchyardError } from '@switchyard/client'

/** The same tolerance as in the client's waits. */
const maxOutageMs = 300_000

/** Tolerance of a wait for a service that is temporarily unavailable. */
export interface Outage {
  /** The service has responded. */
  over(): void
  /** Returns when the request can be repeated. Throws an error that is not temporary, or that lasts for too long. */
  endure(error: unknown, signal: AbortSignal): Promise<void>
}

export function makeOutage(): Outage {
  let sinceMs: number | undefined
  return {
    over() {
      sinceMs = undefined
    },
    async endure(error, signal) {
      signal.throwIfAborted()
      sinceMs ??= Date.now()
      const delayMs = delayAfter(error)
      if (delayMs === null || Date.now() - sinceMs + delayMs > maxOutageMs) throw error
      await sleep(delayMs, undefined, { signal })
    },
  }
}

/** Time after which the request may succeed; null if it never does. The client, and its classes, load with a request. */
function delayAfter(error: unknown): number | null {
  if (!(error instanceof Error)) return null
  if (error.name === 'ConnectionError' || error.name === 'TimeoutError') return 0
  const { isRetryable = false, retryAfterMs = 0 } = error as Partial<SwitchyardError>
  return isRetryable ? retryAfterMs : null
}
