import { createServer, type Server, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { Agent, buildConnector } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { type HttpClientOptions, makeHttpClient } from '../../src/providers/kit/http.ts'
import { ProviderError } from '../../src/providers/provider-error.ts'
import type { HttpClient, HttpRequest } from '../../src/providers/session.ts'
import { makeFixedClock } from '../support/fixed-clock.ts'
import { startStubServer } from '../support/stub-server.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const clock = makeFixedClock()

function client(baseUrl: string, more: Partial<HttpClientOptions> = {}): HttpClient {
  const http = makeHttpClient({
    baseUrl,
    connectTimeoutMs: 500,
    timeoutMs: 5000,
    maxResponseBytes: 1000,
    clock,
    ...more,
  })
  cleanups.push(() => http.close())
  return http
}

function request(more: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'POST', target: '/x', body: '{}', signal: new AbortController().signal, ...more }
}

async function stub() {
  const server = await startStubServer()
  cleanups.push(() => server.close())
  return server
}

/** A TCP server that records every byte it reads. */
async function rawServer(onData: (socket: Socket) => void = () => {}) {
  const bytes: Buffer[] = []
  const sockets: Socket[] = []
  const server: Server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      bytes.push(chunk)
      onData(socket)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy()
      server.close(() => resolve())
    })
  cleanups.push(close)
  return { port, sockets, close, text: () => Buffer.concat(bytes).toString('latin1') }
}

async function failure(response: Promise<unknown>): Promise<ProviderError> {
  const error = await response.then(
    () => new Error('unexpected response'),
    (cause: unknown) => cause,
  )
  if (!(error instanceof ProviderError)) throw error
  return error
}

describe('HTTP request', () => {
  it.each(["/a/it's?x=%27&y=%20+%2F&z=é", '/b?q=a|b^c"d', '/%7Euser/../x//y?a=1&&b'])(
    'contains the unmodified target: %s',
    async (target) => {
      const server = await rawServer((socket) => void socket.end('HTTP/1.1 204 No Content\r\n\r\n'))
      await client(`http://127.0.0.1:${server.port}`).send(request({ target }))
      expect(server.text().split('\r\n')[0]).toBe(`POST ${target} HTTP/1.1`)
    },
  )

  it('sends a body with its length on a GET', async () => {
    const server = await stub()
    server.on('GET /list', { body: { ok: true } })
    const http = client(server.url)
    const response = await http.send(request({ method: 'GET', target: '/list', body: '{"filter":"é"}' }))
    expect(response.text).toBe('{"ok":true}')
    expect(server.requests[0]).toMatchObject({ body: '{"filter":"é"}', headers: { 'content-length': '15' } })
    expect(server.requests[0]?.headers['transfer-encoding']).toBeUndefined()
  })

  it('has a Host header with host and port of its origin', async () => {
    const [first, second] = [await stub(), await stub()]
    second.on('POST /x', { status: 201 })
    const http = client(first.url)
    expect((await http.send(request({ origin: second.url }))).status).toBe(201)
    expect(second.requests[0]?.headers.host).toBe(second.url.replace('http://', ''))
    expect(first.requests).toHaveLength(0)
  })

  it('sends the host in the TLS handshake, and is not sent if the handshake fails', async () => {
    const server = await rawServer((socket) => void socket.end('HTTP/1.1 400 no TLS here\r\n\r\n'))
    const http = client(`https://localhost:${server.port}`)
    const error = await failure(http.send(request({ headers: { authorization: 'Bearer hush-hush' } })))
    expect(error).toMatchObject({ code: 'unavailable', notSent: true })
    expect(server.text()).toContain('localhost')
    expect(server.text()).not.toContain('hush')
  })
})

describe('HTTP response', () => {
  it.each([200, 301, 404, 429, 500, 503])(
    'is returned once for status %i, without a retry or redirect',
    async (status) => {
      const server = await stub()
      server.on('POST /x', { status, headers: { location: '/y', 'retry-after': '1' }, body: 'text' })
      const response = await client(server.url).send(request())
      expect(response).toMatchObject({ status, text: 'text', headers: { 'retry-after': '1' } })
      expect(server.requests).toHaveLength(1)
    },
  )

  it('is a bad response if it exceeds the size limit', async () => {
    const server = await stub()
    server.on('POST /x', { body: 'y'.repeat(1001) })
    expect(await failure(client(server.url).send(request()))).toMatchObject({
      code: 'bad_response',
      httpStatus: 200,
      notSent: false,
    })
  })

  it('is a bad response if it is not HTTP', async () => {
    const server = await rawServer((socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
    const error = await failure(client(`http://127.0.0.1:${server.port}`).send(request()))
    expect(error.code).toBe('bad_response')
    expect(inspect(error, { depth: 10 })).not.toContain('OpenSSH')
  })

  it('is unavailable and possibly executed if it is truncated', async () => {
    const server = await rawServer((socket) => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'))
    const error = await failure(client(`http://127.0.0.1:${server.port}`).send(request()))
    expect(error).toMatchObject({ code: 'unavailable', notSent: false })
  })
})

describe('request that was not sent', () => {
  it('is reported if the port refuses connections', async () => {
    const server = await rawServer()
    await server.close()
    const error = await failure(client(`http://127.0.0.1:${server.port}`).send(request()))
    expect(error).toMatchObject({ code: 'unavailable', notSent: true })
    expect(error.message).toContain('ECONNREFUSED')
  })

  it('is reported if the name does not resolve', async () => {
    const error = await failure(client('http://nowhere.invalid').send(request()))
    expect(error).toMatchObject({ code: 'unavailable', notSent: true })
  })

  it('is reported if the TLS handshake times out', async () => {
    const server = await rawServer()
    const http = client(`https://127.0.0.1:${server.port}`, { connectTimeoutMs: 50 })
    expect(await failure(http.send(request()))).toMatchObject({ code: 'unavailable', notSent: true })
    expect(server.text()).not.toContain('POST')
  })

  it('is reported if the caller aborts during the connect, and no bytes follow', async () => {
    const server = await stub()
    server.on('POST /y', {})
    const connector = buildConnector({})
    const gate = Promise.withResolvers<void>()
    const dispatcher = new Agent({
      connections: 1,
      connect: (options, callback) => void gate.promise.then(() => connector(options, callback)),
    })
    cleanups.push(() => dispatcher.close())
    const http = client(server.url, { dispatcher })
    const abort = new AbortController()
    const response = failure(http.send(request({ signal: abort.signal })))
    abort.abort()
    expect(await response).toMatchObject({ code: 'timeout', notSent: true })
    gate.resolve()
    expect((await http.send(request({ target: '/y' }))).status).toBe(200)
    expect(server.requests.map((each) => each.target)).toEqual(['/y'])
  })

  it('is reported if the caller aborted before', async () => {
    const server = await stub()
    expect(await failure(client(server.url).send(request({ signal: AbortSignal.abort() })))).toMatchObject({
      code: 'timeout',
      notSent: true,
    })
    expect(server.requests).toHaveLength(0)
  })

  it.each(['wall', 'monotonic'])('is reported if the %s clock is past sendBy', async (clockName) => {
    const server = await stub()
    server.on('POST /x', {})
    const past = { at: new Date(clock.now().getTime() - 1), monotonicMs: clock.monotonicMs() + 1000 }
    const late = { at: new Date(clock.now().getTime() + 1000), monotonicMs: clock.monotonicMs() - 1 }
    const http = client(server.url)
    const error = await failure(http.send(request({ sendBy: clockName === 'wall' ? past : late })))
    expect(error).toMatchObject({ code: 'timeout', notSent: true })
    expect((await http.send(request())).status).toBe(200)
    expect(server.requests).toHaveLength(1)
  })

  it('is reported if sendBy passes while it waits for a connection', async () => {
    const testClock = makeFixedClock()
    const server = await stub()
    let release: () => void = () => {}
    server.once('POST /slow', { isSilent: true })
    server.on('POST /x', {})
    const http = client(server.url, { connections: 1, clock: testClock })
    const abort = new AbortController()
    const silent = failure(http.send(request({ target: '/slow', signal: abort.signal })))
    await server.received(1)
    const queued = failure(
      http.send(
        request({ target: '/queued', sendBy: { at: new Date(testClock.now().getTime() + 100), monotonicMs: 1e9 } }),
      ),
    )
    release = () => abort.abort()
    testClock.advance(101)
    release()
    expect(await silent).toMatchObject({ code: 'timeout', notSent: false })
    expect(await queued).toMatchObject({ code: 'timeout', notSent: true })
    expect((await http.send(request())).status).toBe(200)
    expect(server.requests.map((each) => each.target)).toEqual(['/slow', '/x'])
  })

  it('is reported if it is aborted in the queue, and keeps the connection usable', async () => {
    const server = await rawServer((socket) => {
      if (server.text().endsWith('release')) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
    })
    const http = client(`http://127.0.0.1:${server.port}`, { connections: 1 })
    const first = http.send(request({ body: 'release' }))
    const abort = new AbortController()
    const queued = failure(http.send(request({ body: 'never', signal: abort.signal })))
    abort.abort()
    expect(await queued).toMatchObject({ notSent: true })
    expect((await first).status).toBe(200)
    expect((await http.send(request({ body: 'release' }))).status).toBe(200)
    expect(server.text()).not.toContain('never')
    expect(server.sockets).toHaveLength(1)
  })

  it('is reported for an invalid header, without its value in the error', async () => {
    const server = await stub()
    const error = await failure(client(server.url).send(request({ headers: { 'x-key': 'hush\nhush' } })))
    expect(error).toMatchObject({ code: 'invalid_request', notSent: true })
    expect(inspect(error, { depth: 10 })).not.toContain('hush')
  })
})

describe('request that may have been sent', () => {
  it('is reported if the connection is reset after the request was read', async () => {
    const server = await stub()
    server.on('POST /x', { isReset: true })
    expect(await failure(client(server.url).send(request()))).toMatchObject({ code: 'unavailable', notSent: false })
    expect(server.requests).toHaveLength(1)
  })

  it('is reported if no response arrives in time', async () => {
    const server = await stub()
    server.on('POST /x', { isSilent: true })
    expect(await failure(client(server.url, { timeoutMs: 50 }).send(request()))).toMatchObject({
      code: 'timeout',
      notSent: false,
    })
  })

  it('is reported within 100 ms after the caller aborts', async () => {
    const server = await stub()
    server.on('POST /x', { isSilent: true })
    const abort = new AbortController()
    const response = failure(
      client(server.url).send(request({ signal: abort.signal, headers: { authorization: 'hush-hush' } })),
    )
    await server.received(1)
    const startMs = performance.now()
    abort.abort()
    const error = await response
    expect(performance.now() - startMs).toBeLessThan(100)
    expect(error).toMatchObject({ code: 'timeout', notSent: false })
    expect(inspect(error, { depth: 10 })).not.toContain('hush')
  })
})
