import { Agent, type buildConnector, type Dispatcher } from 'undici'
import type { HttpClient, HttpRequest, HttpResponse, ProviderClock } from '../session.ts'
import { Attempt } from './http-attempt.ts'

export interface HttpClientOptions {
  /** Requests go to its origin. The driver handles a path in it, because targets are sent as given. */
  baseUrl: string
  /** Replaces the client's agent. Not closed by `close()`. */
  dispatcher?: Dispatcher
  /** Opens the sockets of the client's agent (egress rules) and then applies the connect timeout. */
  connect?: buildConnector.connector
  /** For TCP and TLS together. */
  connectTimeoutMs: number
  /** From `send` to the end of the response, including the wait for a free connection. */
  timeoutMs: number
  maxResponseBytes: number
  /** Connections per origin; further requests wait. Default 16. */
  connections?: number
  clock: ProviderClock
  userAgent?: string
}

/**
 * One HTTP attempt per `send`: no retry, no redirect, no decompression, bounded in time, size and connections. Any
 * response resolves, regardless of its status. Rejects only with a ProviderError: `egress_denied` + notSent (unknown or
 * disallowed host), `unavailable` + notSent (no connection), `unavailable` (connection lost after sending began),
 * `timeout` (timeout, abort, or past `sendBy`), `bad_response` (not HTTP, or too long). `notSent` is true only if
 * nothing of the request was written to a socket.
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
      if (attempt.isSettled) return attempt.response
      try {
        dispatcher.dispatch(
          {
            origin: request.origin ?? origin,
            method: request.method,
            path: request.target,
            headers: { 'user-agent': userAgent, ...request.headers },
            body: request.body ?? null,
            // Prevents pipelining behind another request and retries by undici.
            idempotent: false,
            headersTimeout: 0,
            bodyTimeout: 0,
          },
          attempt,
        )
      } catch (error) {
        attempt.onResponseError(null, error)
      }
      return attempt.response
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
    // With HTTP/2, one lost connection fails many requests and undici requeues streams.
    allowH2: false,
    ...(options.connect === undefined ? { connectTimeout: options.connectTimeoutMs } : { connect: options.connect }),
  })
}
