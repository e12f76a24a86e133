import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Problem } from './problem.ts'

/** What is answered to bytes that Node's parser does not take for a request. */
const broken: Readonly<Record<string, { status: number; detail: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, detail: 'The headers are larger than this service takes. Send less.' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, detail: 'The request took too long to arrive. Send it faster.' },
}
const notHttp = { status: 400, detail: 'This is not a valid HTTP request. Check its request line and headers.' }

/** Of every answer: it is data, for nobody but who asked. */
export const plainHeaders = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }

/** No route has seen the request, so there is no reply to write to: the problem goes onto the socket by hand. */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, detail } = broken[error.code ?? ''] ?? notHttp
  const title = STATUS_CODES[status] ?? 'Bad Request'
  const requestId = randomUUID()
  const problem: Problem = {
    ...{
      type: 'urn:switchyard:problem:invalid_request',
      title,
      status,
      detail,
      instance: '/',
      code: 'invalid_request',
    },
    ...{ errors: [], requestId, retryable: status === 408 },
  }
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status} ${title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    ...Object.entries(plainHeaders).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
