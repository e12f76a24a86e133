import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Problem } from './problem.ts'

/** What is answered to requests that Node ends before any route sees them. */
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

/** Of every answer: it is data, for nobody but who asked. */
export const plainHeaders = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }

/** No route has seen the request, so there is no reply to write to: the problem goes onto the socket by hand. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  // What the client goes on sending fails to parse as well; it was answered the first time.
  if (answered.has(socket)) return
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  endWith(socket, broken[error.code ?? ''] ?? notHttp)
}

/** A CONNECT, which asks for a tunnel: there is no response object, and Node would close the socket without an answer. */
export function answerConnect(_request: IncomingMessage, socket: Duplex): void {
  endWith(socket, { status: 405, detail: 'CONNECT is not supported: this service is not a proxy.' }, [
    'allow: GET, HEAD',
  ])
}

/** An `Expect` other than `100-continue`, which Node asks about before it makes a request of it. */
export function answerExpectation({ headers, url }: IncomingMessage, response: ServerResponse): void {
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

const answered = new WeakSet<Duplex>()
const lingerMs = 2000

/**
 * The socket is half-closed first and destroyed a little later (RFC 9112, 9.6): a reset would discard the answer of a
 * client that is still sending.
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
  answered.add(socket)
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  setTimeout(() => socket.destroy(), lingerMs).unref()
}

function problemOf(status: number, detail: string, instance = '/'): Problem {
  const code = status === 405 ? 'method_not_allowed' : 'invalid_request'
  return {
    ...{ type: `urn:switchyard:problem:${code}`, title: STATUS_CODES[status] ?? 'Bad Request', status, detail },
    ...{ instance, code, errors: [], requestId: randomUUID(), retryable: status === 408 },
  }
}
