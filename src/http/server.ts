import { randomUUID } from 'node:crypto'
import fastify, { type FastifyBaseLogger, type FastifyRequest, LogController } from 'fastify'
import { ApiError } from '../vocabulary/api-error.ts'
import {
  plainHeaders,
  rejectAmbiguousHeaders,
  rejectBrokenRequest,
  rejectConnect,
  rejectExpectation,
} from './client-errors.ts'
import { compilersFactory } from './compilers.ts'
import { closeWhileDraining, type Draining } from './draining.ts'
import { locatePublicly } from './headers.ts'
import type { HttpServer } from './http-server.ts'
import { takeJsonOnly } from './json-body.ts'
import type { LoadLimits } from './load-shedding.ts'
import { observeRequests, type RequestObserver } from './observed-requests.ts'
import { ProblemSchema, sendProblem } from './problem.ts'
import { problemPath } from './problem-pages.ts'
import { rejectUnsafeText } from './text-validation.ts'
import { rejectUnknownRoutes } from './unknown-routes.ts'

export type { HttpServer }

/** Network-facing settings. */
export interface EdgeSettings {
  /** Proxies whose `X-Forwarded-For` is trusted: addresses and ranges; empty = none. */
  trustedProxies: readonly string[]
  /** Origins allowed to call the API from a browser (CORS); empty = none. */
  corsOrigins: readonly string[]
  /** Public URL without a trailing slash; empty = root of the requested host. */
  publicUrl: string
  /** Serves `/docs`, `/openapi.json`, `/openapi-3.0.json` and `/problems`. */
  hasDocs: boolean
  /** Measures requests and serves `/metrics`: aggregate counts; the only names are ids. */
  hasMetrics: boolean
  load: LoadLimits
  /** Timeouts of client connections. */
  timeouts: {
    /** Timeouts for receiving the headers and the whole request. */
    headersMs: number
    requestMs: number
    /** Maximum time without the client reading from the response. */
    responseMs: number
  }
}

export interface ServerOptions {
  logger: FastifyBaseLogger
  bodyLimitBytes: number
  edge: EdgeSettings
  draining: Draining
  /** Whether an error means that the database is unavailable or asks for a retry, rather than a defect. */
  isOutage(error: unknown): boolean
  /** Absent: requests are neither measured nor traced. */
  requestObserver?: RequestObserver
}

const away = new ApiError('unavailable', 'A dependency is temporarily unavailable. Retry later.', {
  retryAfterSeconds: 1,
})

/** Accepted `X-Request-Id` values; they appear in logs and responses. */
const safeRequestId = /^[A-Za-z0-9._-]{1,128}$/

/** Creates a server without routes: bodies are neither coerced nor stripped, and every error is a problem. */
export function makeServer(options: ServerOptions): HttpServer {
  const { logger, bodyLimitBytes, edge, draining, isOutage, requestObserver = {} } = options
  const server: HttpServer = fastify({
    loggerInstance: logger,
    bodyLimit: bodyLimitBytes,
    // A busy machine must not fail the start.
    pluginTimeout: 0,
    requestTimeout: edge.timeouts.requestMs,
    http: {
      headersTimeout: edge.timeouts.headersMs,
      connectionsCheckingInterval: edge.timeouts.headersMs / 2,
      // Node would respond with an empty 400; `rejectAmbiguousHeaders` responds with a problem.
      requireHostHeader: false,
    },
    trustProxy: edge.trustedProxies.length === 0 ? false : [...edge.trustedProxies],
    // A response may take long, so an idle socket is no error; see `dropSlowReaders`.
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    logController: new LogController({ disableRequestLogging: true }),
    return503OnClosing: false,
    schemaController: { compilersFactory },
    routerOptions: { maxParamLength: 256 },
    // Invalid URL or overlong parameter: rejected before routing.
    frameworkErrors: (error, request, reply) => {
      void reply.headers(headersOfAll(request))
      sendProblem(error, request, reply)
    },
    clientErrorHandler: rejectBrokenRequest,
    // Creating a logger per request costs more than the route itself, and most requests never log.
    childLoggerFactory: (parent, bindings, options) => lazyLogger(() => parent.child(bindings, options)),
    genReqId: (request) => {
      const given = request.headers['x-request-id']
      return typeof given === 'string' && safeRequestId.test(given) ? given : randomUUID()
    },
  })
  server.server.on('checkExpectation', rejectExpectation).on('connect', rejectConnect)
  server.decorate('problemPages', edge.hasDocs ? `${edge.publicUrl}${problemPath}` : null)
  server.decorateRequest('problemCode', null)
  observeRequests(server, requestObserver)
  takeJsonOnly(server)
  server.addSchema(ProblemSchema)
  server.setErrorHandler((error, request, reply) => {
    if (!isOutage(error)) return sendProblem(error, request, reply)
    request.log.warn({ err: error }, 'request failed: dependency unavailable')
    return sendProblem(away, request, reply)
  })
  server.addHook('onRequest', async (request, reply) => {
    void reply.headers(headersOfAll(request))
    rejectAmbiguousHeaders(request.raw)
  })
  rejectUnknownRoutes(server)
  dropSlowReaders(server, edge.timeouts.responseMs)
  closeWhileDraining(server, draining)
  locatePublicly(server, edge.publicUrl)
  server.addHook('preValidation', async (request) => rejectUnsafeText(request))
  if (['debug', 'trace'].includes(logger.level)) logResponses(server)
  return server
}

function logResponses(server: HttpServer): void {
  server.addHook('onResponse', async ({ method, routeOptions, log }, { statusCode, elapsedTime }) => {
    log.debug(
      { method, route: routeOptions.url, status: statusCode, tookMs: Math.round(elapsedTime) },
      'request completed',
    )
  })
}

const loggingMethods: ReadonlySet<unknown> = new Set(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'child'])

/** Creates the logger on first use. Fastify reads each method of every request's logger before that. */
function lazyLogger(make: () => FastifyBaseLogger): FastifyBaseLogger {
  let logger: FastifyBaseLogger | undefined
  const read = (name: string | symbol): unknown => {
    logger ??= make()
    return Reflect.get(logger, name, logger)
  }
  return new Proxy({} as FastifyBaseLogger, {
    get(_, name) {
      if (!loggingMethods.has(name)) return read(name)
      return (...parts: unknown[]) => (read(name) as (...parts: unknown[]) => unknown).apply(logger, parts)
    },
  })
}

function headersOfAll({ id }: FastifyRequest) {
  return { 'x-request-id': id, ...plainHeaders }
}

/** Destroys the socket if a client does not read its response. After that Node sets the socket's next timeout. */
function dropSlowReaders(server: HttpServer, responseMs: number): void {
  server.addHook('onSend', async (_request, { raw }) => {
    raw.setTimeout(responseMs, () => raw.destroy())
  })
}
