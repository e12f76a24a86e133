import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { endAfterFile } from './end-after-file.ts'

/** Request as received on the wire. */
export interface RecordedRequest {
  method: string
  /** Path and query, unchanged. */
  target: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: string
}

export interface StubResponse {
  status?: number
  headers?: Record<string, string>
  /** Response body: an object is sent as JSON, a string unchanged. */
  body?: unknown
  /** Reads the request and closes the connection without a response. */
  isReset?: true
  /** Reads the request and never responds. */
  isSilent?: true
  /** Reads the request and responds when this resolves. */
  until?: Promise<unknown>
}

type Script = StubResponse | ((request: RecordedRequest) => StubResponse)

export interface StubServer {
  readonly url: string
  readonly requests: readonly RecordedRequest[]
  /** Requests without a scripted route, which returned 599. Tests assert at the end that there are none. */
  readonly unexpected: readonly RecordedRequest[]
  /** Scripts the response of a route (`POST /a?b=c`, exact match) from now on. */
  on(route: string, script: Script): void
  /** Scripts the response of the next request of a route; several are queued. */
  once(route: string, script: Script): void
  /** Resolves when the server has read `count` requests. */
  received(count: number): Promise<void>
  close(): Promise<void>
}

/** Starts a real HTTP server on a free port, with scripted responses and recorded requests. */
export async function startStubServer(): Promise<StubServer> {
  const requests: RecordedRequest[] = []
  const unexpected: RecordedRequest[] = []
  const always = new Map<string, Script>()
  const queued = new Map<string, Script[]>()
  const waiting: { count: number; resolve: () => void }[] = []

  const server = createServer(async (incoming, response) => {
    const request = await readRequest(incoming)
    requests.push(request)
    for (const waiter of waiting) if (requests.length >= waiter.count) waiter.resolve()
    const route = `${request.method} ${request.target}`
    const script = queued.get(route)?.shift() ?? always.get(route)
    if (script === undefined) unexpected.push(request)
    const fallback = { status: 599, body: { unexpected: route } }
    const scripted: StubResponse = typeof script === 'function' ? script(request) : (script ?? fallback)
    await scripted.until
    respond(response, scripted)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    unexpected,
    on: (route, script) => void always.set(route, script),
    once: (route, script) => void queued.set(route, [...(queued.get(route) ?? []), script]),
    received: (count) =>
      requests.length >= count ? Promise.resolve() : new Promise((resolve) => void waiting.push({ count, resolve })),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readRequest(incoming: IncomingMessage): Promise<RecordedRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return {
    method: incoming.method ?? '',
    target: incoming.url ?? '',
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
  }
}

function respond(
  response: ServerResponse,
  { status = 200, headers = {}, body, isReset, isSilent }: StubResponse,
): void {
  if (isSilent) return
  if (isReset) {
    response.socket?.destroy()
    return
  }
  const isText = typeof body === 'string'
  response.writeHead(status, { 'content-type': isText ? 'text/plain' : 'application/json', ...headers })
  response.end(body === undefined ? '' : isText ? body : JSON.stringify(body))
}

/** A stub server for one test file. */
export async function useStubServer(): Promise<StubServer> {
  return endAfterFile(await startStubServer(), (stub) => stub.close())
}
