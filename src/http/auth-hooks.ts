import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RequestRates } from '../infra/request-rates.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import { permits, type Scope } from '../vocabulary/scopes.ts'
import type { Authenticate, Caller } from './caller.ts'
import type { HttpServer } from './server.ts'

export interface AuthHooksDeps {
  authenticate: Authenticate
  /** Called for authenticated callers without permission. */
  onDenied(caller: Caller, request: FastifyRequest): Promise<void>
}

/**
 * Admits only callers with one of the scopes of the route. A route without scopes is a programming error and fails the
 * start. Must be registered before any guarded route.
 *
 * @param rates null: unlimited
 */
export function registerAuthHooks(
  server: HttpServer,
  { authenticate, onDenied }: AuthHooksDeps,
  rates: RequestRates | null,
): void {
  server.decorate('authenticate', authenticate)
  // Null until the hook has run; a route without a caller then fails instead of responding.
  server.decorateRequest('caller', null as never)
  server.addHook('onRoute', ({ method, url, config }) => {
    if (config?.scopes === undefined) throw new Error(`${method} ${url} does not say which scopes let a caller in.`)
  })
  server.addHook('onRequest', async (request) => {
    const caller = await authenticate(request)
    const traceParent = request.trace?.traceParent ?? null
    request.caller = traceParent === null ? caller : { ...caller, by: { ...caller.by, traceParent } }
  })
  // Before the scopes: denied requests count too, or they could fill the audit log.
  if (rates !== null) limitRequestRate(server, rates)
  server.addHook('onRequest', async (request) => {
    const { caller } = request
    const needed = request.routeOptions.config.scopes ?? ['admin']
    if (permits(caller.scopes, needed)) return
    await onDenied(caller, request)
    throw refused(needed, caller.scopes)
  })
}

function refused(needed: readonly Scope[], held: ReadonlySet<Scope>): ApiError {
  const has = held.size === 0 ? 'none' : [...held].join(', ')
  return new ApiError(
    'permission_denied',
    `Missing scope: this request requires ${needed.join(' or ')}; yours are: ${has}. Ask an administrator for a key with that scope.`,
  )
}

/**
 * Rejects callers that exceed their request rate, and reports the remaining requests to every caller in the `RateLimit`
 * fields of draft-ietf-httpapi-ratelimit-headers. Must be registered after authentication.
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
