import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ObservedRequest } from '../vocabulary/observed-request.ts'
import type { HttpServer } from './http-server.ts'

/** The trace of one request. */
export interface RequestTrace {
  readonly traceParent: string | null
  /** Makes the trace active for what `next` starts. */
  run(next: () => void): void
  end(request: ObservedRequest): void
}

export interface RequestObserver {
  /** Absent: requests are not traced. `traceParent` is what the client sent. */
  trace?(method: string, traceParent: string | null): RequestTrace
  /** Called for every request, including those that no route matched. */
  ended?(request: ObservedRequest): void
}

/** Reports requests. Must be registered before other hooks, so that they are a part of the trace. */
export function observeRequests(server: HttpServer, { trace, ended }: RequestObserver): void {
  server.decorateRequest('trace', null)
  if (trace !== undefined) traceRequests(server, trace)
  if (ended === undefined && trace === undefined) return
  server.addHook('onResponse', (request, reply, next) => {
    const observed = observe(request, reply)
    ended?.(observed)
    if (request.trace === null) return next()
    request.trace.end(observed)
    request.trace.run(next)
  })
}

function traceRequests(server: HttpServer, trace: NonNullable<RequestObserver['trace']>): void {
  server.addHook('onRequest', (request, _reply, next) => {
    const { traceparent } = request.headers
    request.trace = trace(request.method, typeof traceparent === 'string' ? traceparent : null)
    request.trace.run(next)
  })
  // Reading the body loses the context.
  server.addHook('preValidation', (request, _reply, next) => {
    if (request.trace === null) next()
    else request.trace.run(next)
  })
}

function observe(request: FastifyRequest, reply: FastifyReply): ObservedRequest {
  const { id, method, routeOptions, problemCode, caller } = request
  return {
    ...{ id, method, problemCode, route: routeOptions.url ?? null },
    status: reply.statusCode,
    seconds: reply.elapsedTime / 1000,
    isWait: reply.hasHeader('preference-applied') || reply.getHeader('content-type') === 'text/event-stream',
    projectId: (caller as FastifyRequest['caller'] | null)?.projectId ?? null,
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null if requests are not traced. */
    trace: RequestTrace | null
  }
}
