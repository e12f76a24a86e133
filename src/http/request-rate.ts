import type { FastifyReply } from 'fastify'
import type { RequestRates } from '../infra/request-rates.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import type { HttpServer } from './server.ts'

/**
 * Refuses a caller that sends more than it may, and tells everybody how much is left, in the `RateLimit` fields of
 * draft-ietf-httpapi-ratelimit-headers. Must be registered where callers are known.
 */
export function limitRequestRate(server: HttpServer, rates: Pick<RequestRates, 'count'>): void {
  server.addHook('onRequest', async (request, reply: FastifyReply) => {
    const { isAllowed, limit, remaining, resetSeconds, windowSeconds } = await rates.count(request.caller.by.subject)
    void reply.headers({
      'ratelimit-policy': `"default";q=${limit};w=${windowSeconds}`,
      ratelimit: `"default";r=${remaining};t=${resetSeconds}`,
    })
    if (isAllowed) return
    throw new ApiError(
      'rate_limited',
      `Rate limit of ${limit} requests per ${windowSeconds} s exceeded. Retry in ${resetSeconds} s.`,
      { retryAfterSeconds: Math.max(1, resetSeconds) },
    )
  })
}
