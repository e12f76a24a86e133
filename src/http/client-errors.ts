import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIPv6 } from 'node:net'
import type { Duplex } from 'node:stream'
import { ApiError } from '../vocabulary/api-error.ts'
import type { Problem } from './problem.ts'
import { problemTypes, problemUrn } from './problem-types.ts'

/** Responses to requests that Node rejects before they reach a route. */
const broken: Readonly<Record<string, { status: number; detail: string }>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    detail: 'The request line and headers exceed the maximum size. Reduce the header size.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    detail: 'Request timed out: it was not received completely in time. Retry.',
  },
}
const notHttp = { status: 400, detail: 'Invalid HTTP request. Check the request line and headers.' }

/** Headers of every response: no content sniffing, no caching. */
export const plainHeaders = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }

/** Writes the problem directly to the socket: without a route there is no reply object. */
export function rejectBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  // Further data from the client fails to parse too; the first error was already returned.
  if (responded.has(socket)) return
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  endWith(socket, broken[error.code ?? ''] ?? notHttp)
}

/**
 * Rejects CONNECT (a tunnel request): there is no response object, and Node would close the socket without a response.
 */
export function rejectConnect(_request: IncomingMessage, socket: Duplex): void {
  endWith(socket, { status: 405, detail: 'CONNECT is not supported: this service is not a proxy.' }, [
    'allow: GET, HEAD',
  ])
}

/** Rejects an `Expect` other than `100-continue`, which Node reports before it creates a request. */
export function rejectExpectation({ headers, url }: IncomingMessage, response: ServerResponse): void {
  const detail = `Expect: ${headers.expect} is not supported; only 100-continue is. Remove the header.`
  const problem = problemOf(417, detail, url?.split('?', 1)[0])
  const body = JSON.stringify(problem)
  response
    .writeHead(417, {
      ...{ 'content-type': 'application/problem+json', 'content-length': Buffer.byteLength(body) },
      ...{ 'x-request-id': problem.requestId, ...plainHeaders, connection: 'close' },
    })
    .end(body)
}

const responded = new WeakSet<Duplex>()
const lingerMs = 2000

/**
 * Half-closes the socket and destroys it later (RFC 9112, 9.6): a reset would discard the response while the client is
 * still sending.
 */
function endWith(socket: Duplex, { status, detail }: { status: number; detail: string }, more: string[] = []): void {
  const problem = problemOf(status, detail)
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status} ${problem.title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${problem.requestId}`,
    ...Object.entries(plainHeaders).map(([name, value]) => `${name}: ${value}`),
    ...more,
    'connection: close',
  ]
  responded.add(socket)
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  setTimeout(() => socket.destroy(), lingerMs).unref()
}

function problemOf(status: number, detail: string, instance = '/'): Problem {
  const code = status === 405 ? 'method_not_allowed' : 'invalid_request'
  return {
    ...{ type: problemUrn(code), title: problemTypes[code].title, status, detail },
    ...{ instance, code, errors: [], requestId: randomUUID(), retryable: status === 408 },
  }
}

/** Node keeps the first of duplicate headers, while a proxy may have used another one. */
const single: ReadonlySet<string> = new Set(['host', 'authorization', 'content-type'])

/** Registered name or IPv4 address with an optional port (RFC 3986, 3.2.2). No comma, which joins duplicate headers. */
const namedHost = /^(?:[\w.~!$&'()*+;=-]|%[0-9a-f]{2})*(?::\d*)?$/i
const literalHost = /^\[([0-9a-f:.]+)\](?::\d*)?$/i

/**
 * Rejects a request with a missing, invalid or duplicate Host header (RFC 9112, 3.2), or with other duplicate headers
 * that allow request smuggling.
 */
export function rejectAmbiguousHeaders({ headers, rawHeaders, httpVersion }: IncomingMessage): void {
  if (headers.host === undefined && httpVersion === '1.1')
    throw refused('host', 'required', 'The Host header is missing; HTTP/1.1 requires it.')
  if (headers.host !== undefined && !isHost(headers.host))
    throw refused('host', 'invalid', 'The Host header is invalid: it must have the form host or host:port.')
  const seen = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    if (!single.has(name)) continue
    if (seen.has(name)) throw refused(name, 'duplicate', `The header ${name} was sent more than once. Send it once.`)
    seen.add(name)
  }
}

function isHost(text: string): boolean {
  return namedHost.test(text) || isIPv6(literalHost.exec(text)?.[1] ?? '')
}

function refused(name: string, code: string, detail: string): ApiError {
  return new ApiError('invalid_request', detail, { errors: [{ in: 'header', pointer: name, code, detail }] })
}
