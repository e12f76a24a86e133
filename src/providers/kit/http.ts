import { Agent, type buildConnector, type Dispatcher } from 'undici'
import type { HttpClient, HttpRequest, HttpResponse, ProviderClock } from '../provider.ts'
import { Attempt } from './http-attempt.ts'

export interface HttpClientOptions {
  /** Requests go to its origin; a path in it is the driver's business, since targets are sent as given. */
  baseUrl: string
  /** Replaces the client's own agent. Not closed by `close()`. */
  dispatcher?: Dispatcher
  /** Opens the sockets of the client's own agent (egress rules); the connect timeout is then its own business. */
  connect?: buildConnector.connector
  /** For TCP and TLS together. */
  connectTimeoutMs: number
  /** From `send` to the last byte of the answer; waiting for a free connection counts. */
  timeoutMs: number
  maxResponseBytes: number
  /** Connections per origin; further requests wait. 16 unless given. */
  connections?: number
  clock: ProviderClock
  userAgent?: string
}

/**
 * One HTTP attempt per `send`: no retry, no redirect, no decompression, bounded in time, size and connections.
 * Any answer resolves, whatever its status. Rejects with a ProviderError only:
 * `egress_denied` + notSent (a host that does not exist or that the operator does not allow), `unavailable` + notSent (no connection), `unavailable` (connection lost after the request began to leave),
 * `timeout` (time or caller's patience over, or past `sendBy`), `bad_response` (no HTTP, or too long).
 * `notSent` is true only when no byte of the request was handed to a socket.
 */
export function makeHttpClient(options: HttpClientOptions): HttpClient & { close(): Promise<void> } {
  const ownAgent = options.dispatcher === undefined ? makeAgent(options) : null
  const dispatcher = options.dispatcher ?? ownAgent
  if (dispatcher === null) throw new TypeError('an HTTP client needs a dispatcher')
  const origin = new URL(options.baseUrl).origin
  const userAgent = options.userAgent ?? 'switchyard'

  return {
    send(request: HttpRequest): Promise<HttpResponse> {
      const attempt = new Attempt(request, { ...options, origin: request.origin ?? origin })
      if (attempt.isSettled) return attempt.answer
      try {
        dispatcher.dispatch(
          {
            origin: request.origin ?? origin,
            method: request.method,
            path: request.target,
            headers: { 'user-agent': userAgent, ...request.headers },
            body: request.body ?? null,
            // Never pipelined behind another request, nor sent a second time by undici.
            idempotent: false,
            headersTimeout: 0,
            bodyTimeout: 0,
          },
          attempt,
        )
      } catch (error) {
        attempt.onResponseError(null, error)
      }
      return attempt.answer
    },
    close: async () => {
      await ownAgent?.close()
    },
  }
}

function makeAgent(options: HttpClientOptions): Agent {
  return new Agent({
    connections: options.connections ?? 16,
    pipelining: 1,
    // Over HTTP/2 one lost connection fails many requests at once, and undici requeues streams by itself.
    allowH2: false,
    ...(options.connect === undefined ? { connectTimeout: options.connectTimeoutMs } : { connect: options.connect }),
  })
}
