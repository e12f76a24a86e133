import underPressure from '@fastify/under-pressure'
import { ApiError } from '../vocabulary/api-error.ts'
import type { HttpServer } from './http-server.ts'

/** Limits above which requests are rejected; 0 = no limit. */
export interface LoadLimits {
  /** Mean event loop delay within a second. */
  maxEventLoopDelayMs: number
  maxHeapBytes: number
}

const retryAfterSeconds = 5
const logIntervalMs = 10_000

const overloaded = new ApiError('unavailable', `The service is overloaded. Retry in ${retryAfterSeconds} seconds.`, {
  retryAfterSeconds,
})

/**
 * Rejects requests while the process is overloaded, before any other processing: accepted requests finish sooner, and
 * clients retry at another instance. Must be registered before the authentication hooks, and not for health checks and
 * metrics.
 */
export async function shedLoad(server: HttpServer, { maxEventLoopDelayMs, maxHeapBytes }: LoadLimits): Promise<void> {
  if (maxEventLoopDelayMs === 0 && maxHeapBytes === 0) return
  let loggedAtMs = Number.NEGATIVE_INFINITY
  await server.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs,
    maxHeapUsedBytes: maxHeapBytes,
    async pressureHandler(_request, _reply, type, value) {
      const nowMs = performance.now()
      // Rate-limited: a line per request would add to the load.
      if (nowMs - loggedAtMs >= logIntervalMs) {
        server.log.warn({ type, value }, 'overloaded: rejecting requests')
        loggedAtMs = nowMs
      }
      throw overloaded
    },
  })
}
