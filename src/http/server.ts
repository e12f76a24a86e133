import { randomUUID } from 'node:crypto'
import fastify, { type FastifyBaseLogger, type FastifyRequest, LogController } from 'fastify'
import { ApiError } from '../vocabulary/api-error.ts'
import {
  answerBrokenRequest,
  answerConnect,
  answerExpectation,
  plainHeaders,
  rejectAmbiguousHeaders,
} from './client-errors.ts'
import { compilersFactory } from './compilers.ts'
import { closeWhileDraining, type Draining } from './draining.ts'
import { locatePublicly } from './headers.ts'
import type { HttpServer } from './http-server.ts'
import { takeJsonOnly } from './json-body.ts'
import type { LoadLimits } from './load-shedding.ts'
import { ProblemSchema, sendProblem } from './problem.ts'
import { rejectUnsafeText } from './text-validation.ts'
import { rejectUnknownRoutes } from './unknown-routes.ts'

export type { HttpServer }

/** Where the service meets the network. */
export interface EdgeSettings {
  /** Proxies whose `X-Forwarded-For` is trusted: addresses and ranges; empty = none. */
  trustedProxies: readonly string[]
  /** Origins whose pages may call the API from a browser; empty = none. */
  corsOrigins: readonly string[]
  /** Where clients reach the service, without a slash at the end; empty = at the root of whatever host they name. */
  publicUrl: string
  /** Serves `/docs` and `/openapi.json`. */
  hasDocs: boolean
  /** Serves `/metrics`, which tells how much of what runs, and no names but ids. */
  hasMetrics: boolean
  load: LoadLimits
  /** How long a client may hold a socket. */
  patience: {
    /** Until the headers, and the whole request, have arrived. */
    headersMs: number
    requestMs: number
    /** Without taking any more of an answer. */
    answerMs: number
  }
}

export interface ServerOptions {
  logger: FastifyBaseLogger
  bodyLimitBytes: number
  edge: EdgeSettings
  draining: Draining
  /** Whether an error means that the database is unavailable or asks for a retry, rather than a defect. */
  isOutage(error: unknown): boolean
}

const away = new ApiError('unavailable', 'A dependency is temporarily unavailable. Retry later.', {
  retryAfterSeconds: 1,
})

/** Ids that a client may give a request: they end up in log lines and answers. */
const safeRequestId = /^[A-Za-z0-9._-]{1,128}$/

/** A server without routes: bodies are neither coerced nor stripped, and every error is a problem. */
export function makeServer({ logger, bodyLimitBytes, edge, draining, isOutage }: ServerOptions): HttpServer {
  const server: HttpServer = fastify({
    loggerInstance: logger,
    bodyLimit: bodyLimitBytes,
    // A busy machine must not fail the start.
    pluginTimeout: 0,
    requestTimeout: edge.patience.requestMs,
    http: {
      headersTimeout: edge.patience.headersMs,
      connectionsCheckingInterval: edge.patience.headersMs / 2,
      // Node would answer with an empty 400: `rejectAmbiguousHeaders` answers with a problem.
      requireHostHeader: false,
    },
    trustProxy: edge.trustedProxies.length === 0 ? false : [...edge.trustedProxies],
    // A request may take long to be answered, so silence alone ends nothing; see `dropSlowReaders`.
    connectionTimeout: 0,
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    logController: new LogController({ disableRequestLogging: true }),
    return503OnClosing: false,
    schemaController: { compilersFactory },
    routerOptions: { maxParamLength: 256 },
    // A path that is no URL, or a parameter that is too long: refused before there is a route.
    frameworkErrors: (error, request, reply) => {
      void reply.headers(headersOfAll(request))
      sendProblem(error, request, reply)
    },
    clientErrorHandler: answerBrokenRequest,
    // A separate logger costs a request more than its route does, and most requests never log.
    childLoggerFactory: (parent, bindings, options) => madeOnUse(() => parent.child(bindings, options)),
    genReqId: (request) => {
      const given = request.headers['x-request-id']
      return typeof given === 'string' && safeRequestId.test(given) ? given : randomUUID()
    },
  })
  server.server.on('checkExpectation', answerExpectation).on('connect', answerConnect)
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
  dropSlowReaders(server, edge.patience.answerMs)
  closeWhileDraining(server, draining)
  locatePublicly(server, edge.publicUrl)
  server.addHook('preValidation', async (request) => rejectUnsafeText(request))
  if (['debug', 'trace'].includes(logger.level)) logAnswers(server)
  return server
}

function logAnswers(server: HttpServer): void {
  server.addHook('onResponse', async ({ method, routeOptions, log }, { statusCode, elapsedTime }) => {
    log.debug(
      { method, route: routeOptions.url, status: statusCode, tookMs: Math.round(elapsedTime) },
      'request completed',
    )
  })
}

const loggingMethods: ReadonlySet<unknown> = new Set(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'child'])

/** Makes the logger when something is logged with it. Fastify looks at each method of every request's logger before. */
function madeOnUse(make: () => FastifyBaseLogger): FastifyBaseLogger {
  let made: FastifyBaseLogger | undefined
  const read = (name: string | symbol): unknown => {
    made ??= make()
    return Reflect.get(made, name, made)
  }
  return new Proxy({} as FastifyBaseLogger, {
    get(_, name) {
      if (!loggingMethods.has(name)) return read(name)
      return (...parts: unknown[]) => (read(name) as (...parts: unknown[]) => unknown).apply(made, parts)
    },
  })
}

function headersOfAll({ id }: FastifyRequest) {
  return { 'x-request-id': id, ...plainHeaders }
}

/** An answer that nobody takes is not kept: its socket ends. Once it is taken, Node sets the socket's next limit itself. */
function dropSlowReaders(server: HttpServer, answerMs: number): void {
  server.addHook('onSend', async (_request, { raw }) => {
    raw.setTimeout(answerMs, () => raw.destroy())
  })
}
