import type { FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from './http-server.ts'

/** A request whose response has ended, or whose client has gone. */
export interface ObservedRequest {
  method: string
  /** The route's pattern, such as `/jobs/:id`; null if no route matched. */
  route: string | null
  status: number
  seconds: number
  /** Whether the client asked to wait: a long poll or an event stream. */
  isWait: boolean
  /** Code of the problem that was returned, if any. */
  problemCode: string | null
}

export type ObserveRequest = (request: ObservedRequest) => void

/** Reports every request, including those that no route matched. */
export function observeRequests(server: HttpServer, observe: ObserveRequest): void {
  server.addHook('onResponse', async (request, reply) => observe(observed(request, reply)))
}

function observed(request: FastifyRequest, reply: FastifyReply): ObservedRequest {
  const { method, routeOptions, problemCode } = request
  return {
    method,
    route: routeOptions.url ?? null,
    status: reply.statusCode,
    seconds: reply.elapsedTime / 1000,
    isWait: reply.hasHeader('preference-applied') || reply.getHeader('content-type') === 'text/event-stream',
    problemCode,
  }
}
