import underPressure from '@fastify/under-pressure'
import { ApiError } from '../vocabulary/api-error.ts'
import type { HttpServer } from './http-server.ts'

/** From where on requests are rejected; 0 = no limit. */
export interface LoadLimits {
  /** Mean delay of the event loop within a second. */
  maxEventLoopDelayMs: number
  maxHeapBytes: number
}

const retryAfterSeconds = 5
const logIntervalMs = 10_000

const overloaded = new ApiError('unavailable', `The service is overloaded. Retry in ${retryAfterSeconds} seconds.`, {
  retryAfterSeconds,
})

/**
 * Rejects requests while the process is overloaded, before anything is done for them: those it has accepted finish
 * sooner, and clients retry at another instance. Must be registered before the hooks that authenticate, and not where
 * health checks and metrics are served.
 */
export async function shedLoad(server: HttpServer, { maxEventLoopDelayMs, maxHeapBytes }: LoadLimits): Promise<void> {
  if (maxEventLoopDelayMs === 0 && maxHeapBytes === 0) return
  let loggedAtMs = Number.NEGATIVE_INFINITY
  await server.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    maxHeapUsedBytes: maxHeapBytes,
    async pressureHandler(_request, _reply, type, value) {
      const nowMs = performance.now()
      // One line for many requests: writing each would add to the load.
      if (nowMs - loggedAtMs >= logIntervalMs) {
        server.log.warn({ type, value }, 'overloaded: rejecting requests')
        loggedAtMs = nowMs
      }
      throw overloaded
    },
  })
}
