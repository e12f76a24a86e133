import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import fastify, { type FastifyRequest } from 'fastify'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Caller } from '../../../src/http/caller.ts'
import { makeStreamLimit } from '../../../src/http/concurrency-limits.ts'
import { sendEvents } from '../../../src/http/event-stream.ts'
import { ApiError } from '../../../src/vocabulary/api-error.ts'

const caller: Caller = { projectId: 'prj', scopes: new Set(), by: { subject: 'key', address: '', requestId: '' } }
const server = fastify()
const shutdown = new AbortController()
let reads = 0
let url: string
let isRevoked = false

beforeAll(async () => {
  server.decorate('authenticate', async () => {
    if (isRevoked) throw new ApiError('unauthenticated', 'revoked')
    return caller
  })
  server.get('/quiet', (request: FastifyRequest, reply) => {
    request.caller = caller
    const empty = { messages: [], position: 0, isFull: false, isBehind: false, isOver: false }
    return sendEvents(request, reply, {
      streams: { ...makeStreamLimit({ perCaller: 1 }), ended: shutdown.signal },
      from: 0,
      clock: { monotonicMs: () => performance.now() },
      wait: (_ms, signal) => once(signal, 'abort'),
      read: async () => empty,
    })
  })
  server.get('/', (request: FastifyRequest, reply) => {
    request.caller = caller
    return sendEvents(request, reply, {
      streams: { ...makeStreamLimit({ perCaller: 1 }), ended: shutdown.signal },
      from: 0,
      clock: { monotonicMs: () => performance.now() },
      wait: async () => {},
      async read(after) {
        reads += 1
        const messages = [{ id: after + 1, data: { text: 'x'.repeat(100_000) } }]
        return { messages, position: after + 1, isFull: true, isBehind: false, isOver: false }
      },
    })
  })
  server.get('/late', (request: FastifyRequest, reply) => {
    request.caller = caller
    let now = 0
    return sendEvents(request, reply, {
      streams: { ...makeStreamLimit({ perCaller: 1 }), ended: new AbortController().signal },
      from: 0,
      // Each read is later than a heartbeat.
      clock: { monotonicMs: () => (now += 60_000) },
      wait: async () => {},
      async read(after) {
        const messages = after === 2 ? [{ id: 3, data: { n: 3 } }] : []
        return { messages, position: after + 1, isFull: false, isBehind: false, isOver: after === 2 }
      },
    })
  })
  url = await server.listen({ host: '127.0.0.1', port: 0 })
})

afterAll(() => server.close())

it('ends when its key is revoked, also while idle', async () => {
  const [response] = (await once(get(`${url}/quiet`), 'response')) as [IncomingMessage]
  const ended = once(response.resume(), 'end')
  isRevoked = true
  await ended
  isRevoked = false
})

it('sends comment lines while idle', async () => {
  const [response] = (await once(get(`${url}/late`), 'response')) as [IncomingMessage]
  // The connection of a stream cannot be reused.
  expect(response.headers.connection).toBe('close')
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  expect(text).toBe(':\n:\nid: 3\ndata: {"n":3}\n\n')
})

it('reads only as fast as the client consumes, and ends when the process stops', async () => {
  const [response] = (await once(get(url), 'response')) as [IncomingMessage]
  response.on('error', () => {})
  let received = 0
  response.on('data', (chunk: Buffer) => {
    received += chunk.length
  })
  await vi.waitUntil(() => received > 20_000_000, { timeout: 30_000 })
  response.pause()
  // In-flight data fills the buffers of both sides, then reading stops.
  let before = -1
  await vi.waitUntil(
    () => {
      const hasStopped = reads === before
      before = reads
      return hasStopped
    },
    { timeout: 30_000, interval: 300 },
  )
  expect(reads * 100_000 - received).toBeLessThan(30_000_000)
  const closed = once(response, 'close')
  shutdown.abort()
  response.resume()
  await closed
  expect(reads).toBeLessThanOrEqual(before + 1)
})
