import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Switchyard, type SwitchyardOptions } from '../src/index.ts'

export const apiKey = 'sk_test_0123456789'

export interface Received {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: string
}

/** Responds to one request. */
export type Step = (response: ServerResponse, request: Received) => void | Promise<void>

export interface ScriptedService extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
  client(options?: SwitchyardOptions): Switchyard
}

/** A server that executes one step per request and repeats the last one. */
export async function startService(...steps: readonly Step[]): Promise<ScriptedService> {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request
    const index = received.push({ method, url, headers, body: '' }) - 1
    const entry = { method, url, headers, body: await text(request) }
    received[index] = entry
    await (steps[index] ?? steps.at(-1))?.(response, entry)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    received,
    client: (options) => new Switchyard({ url, apiKey, ...options }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const json =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Step =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  }

export const problem = (status: number, code: string, more: object = {}, headers: Record<string, string> = {}): Step =>
  json({ ...problemOf(status, code), ...more }, status, { 'content-type': 'application/problem+json', ...headers })

function problemOf(status: number, code: string) {
  return {
    type: `urn:switchyard:problem:${code}`,
    title: `Title of ${code}`,
    status,
    detail: `Detail of ${code}.`,
    instance: '/',
    code,
    errors: [],
    requestId: 'req-1',
    retryable: status === 429 || status >= 500,
  }
}

/** Closes the connection without a response. */
export const drop: Step = (response) => {
  response.destroy()
}

/** An event stream with `seq` as position, which then ends, is aborted or stays open. */
export const stream =
  (events: readonly { seq: number }[], end: 'ends' | 'breaks' | 'stays' = 'ends'): Step =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const event of events) response.write(`:\nid: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`)
    if (end === 'ends') response.end()
    if (end === 'breaks') setTimeout(() => response.destroy(), 20)
  }

export const job = (status: string, version = 1) => ({ id: 'job_1', status, version, name: 'a' })
