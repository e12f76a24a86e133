import type { LookupFunction } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { makeEgress } from '../../src/infra/egress.ts'
import { parseEgressRules } from '../../src/infra/egress-rules.ts'
import { parseNoProxy, proxyServerOf } from '../../src/infra/proxy-server.ts'
import { makeHttpClient } from '../../src/providers/kit/http.ts'
import type { ProviderError } from '../../src/providers/provider-error.ts'
import { type ConnectProxy, startConnectProxy } from '../support/connect-proxy.ts'
import { makeFixedClock } from '../support/fixed-clock.ts'
import { resolverOf } from '../support/resolvers.ts'
import { type StubServer, startStubServer } from '../support/stub-server.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Site {
  allowed?: string[]
  noProxy?: string[]
  addresses?: Record<string, string[]>
  allowsUnresolved?: boolean
  credentials?: { username: string; password: string }
  proxyUrl?: string
}

/** A provider, a proxy, and a client whose egress uses that proxy. */
async function site({ allowed = [], noProxy = [], addresses = {}, allowsUnresolved = false, ...more }: Site = {}) {
  const server: StubServer = await startStubServer()
  const proxy: ConnectProxy = await startConnectProxy()
  server.on('GET /x', { body: { ok: true } })
  const { port } = new URL(server.url)
  const { lookup, lookups } = resolverOf(addresses)
  const egress = makeEgress({
    rules: parseEgressRules(allowed),
    lookup,
    proxy: {
      server: proxyServerOf({ url: more.proxyUrl ?? proxy.url, ...more.credentials }),
      isBypassed: parseNoProxy(noProxy),
    },
    allowsUnresolved,
  })
  const options = { connectTimeoutMs: 500, connect: egress.connector(500), timeoutMs: 3000, maxResponseBytes: 1000 }
  const http = makeHttpClient({ baseUrl: 'http://unused.test', ...options, clock: makeFixedClock() })
  cleanups.push(
    () => server.close(),
    () => proxy.close(),
    () => http.close(),
  )
  const get = (origin: string) =>
    http.send({ method: 'GET', target: '/x', signal: new AbortController().signal, origin })
  const failure = (origin: string): Promise<ProviderError> =>
    get(origin).then(
      ({ status }) => {
        throw new Error(`unexpected response ${status}`)
      },
      (error: ProviderError) => error,
    )
  return { server, proxy, port, lookups: lookups, get, failure }
}

const hub = { allowed: ['hub.example'], addresses: { 'hub.example': ['10.1.2.3'] } }

describe('call through a proxy', () => {
  it('tunnels with CONNECT and the host name, over http as well', async () => {
    const { server, proxy, port, lookups, get } = await site(hub)
    expect(await get(`http://hub.example:${port}`)).toMatchObject({ status: 200 })
    expect(proxy.connects).toEqual([`hub.example:${port}`])
    expect(proxy.others).toEqual([])
    expect(lookups).toEqual(['hub.example'])
    expect(server.requests).toMatchObject([{ target: '/x', headers: { host: `hub.example:${port}` } }])
    expect(server.requests[0]?.headers).not.toHaveProperty('proxy-authorization')
  })

  it('reuses the tunnel for the next call', async () => {
    const { proxy, port, get } = await site(hub)
    await get(`http://hub.example:${port}`)
    await new Promise(setImmediate)
    await get(`http://hub.example:${port}`)
    expect(proxy.connects).toHaveLength(1)
  })

  it('authenticates to the proxy', async () => {
    const { proxy, port, get } = await site({
      ...hub,
      credentials: { username: 'us', password: 'p@ss' },
    })
    await get(`http://hub.example:${port}`)
    expect(proxy.authorizations).toEqual([`Basic ${Buffer.from('us:p@ss').toString('base64')}`])
  })

  it('is denied if any address of the name is not allowed', async () => {
    const addresses = { 'two.example': ['93.184.215.14', '10.0.0.1'], 'metadata.example': ['169.254.169.254'] }
    const { proxy, failure } = await site({ allowed: ['metadata.example'], addresses })
    for (const origin of ['https://two.example', 'http://metadata.example', 'https://169.254.169.254'])
      expect(await failure(origin), origin).toMatchObject({ code: 'egress_denied', notSent: true })
    expect(proxy.connects).toEqual([])
  })

  it('is denied for plain http to a public address', async () => {
    const { proxy, failure } = await site({ addresses: { 'api.example': ['93.184.215.14'] } })
    expect(await failure('http://api.example')).toMatchObject({ code: 'egress_denied' })
    expect(proxy.connects).toEqual([])
  })

  it('bypasses the proxy for NO_PROXY destinations, which must still be allowed', async () => {
    const addresses = { 'hub.example': ['127.0.0.1'], 'other.hub.example': ['127.0.0.1'] }
    const { server, proxy, port, get, failure } = await site({
      allowed: ['hub.example'],
      noProxy: ['hub.example'],
      addresses,
    })
    await get(`http://hub.example:${port}`)
    expect(await failure(`http://other.hub.example:${port}`)).toMatchObject({ code: 'egress_denied' })
    expect(proxy.connects).toEqual([])
    expect(server.requests).toHaveLength(1)
  })
})

describe('name that cannot be resolved locally', () => {
  it('is denied by default', async () => {
    const { proxy, failure } = await site()
    expect(await failure('https://api.example')).toMatchObject({ code: 'egress_denied', notSent: true })
    expect(proxy.connects).toEqual([])
  })

  it('is resolved by the proxy if the operator permits it', async () => {
    const { proxy, failure } = await site({ allowsUnresolved: true })
    proxy.respondWith(503)
    expect(await failure('https://api.example.com')).toMatchObject({ code: 'unavailable' })
    expect(proxy.connects).toEqual(['api.example.com:443'])
  })

  it('is not sent to the proxy while too many lookups are pending', async () => {
    const { proxy, port, get } = await site({ allowsUnresolved: true, allowed: ['127.0.0.1'] })
    const lookupsReleased = Promise.withResolvers<void>()
    const slow: LookupFunction = (_name, _options, callback) =>
      void lookupsReleased.promise.then(() => callback(null, []))
    const egress = makeEgress({
      rules: parseEgressRules([]),
      lookup: slow,
      proxy: { server: proxyServerOf({ url: proxy.url }), isBypassed: () => false },
      allowsUnresolved: true,
    })
    const connect = egress.connector(200)
    const codes: string[] = []
    for (let count = 0; count < 1004; count += 1)
      connect({ hostname: `n${count}.example.com`, protocol: 'https:', port: '443' }, (...[error]) => {
        codes.push((error as NodeJS.ErrnoException).code ?? '')
      })
    await expect.poll(() => codes).toEqual(['EAI_AGAIN'])
    expect(proxy.connects).toEqual([])
    lookupsReleased.resolve()
    expect(await get(`http://127.0.0.1:${port}`)).toMatchObject({ status: 200 })
  })

  it.each([
    'https://metadata.google.internal',
    'https://169.254.169.254..',
    'https://api.svc',
    'https://intranet',
    'https://x.localhost',
    'http://api.example.com',
  ])('is denied for an unlisted internal or plain http destination: %s', async (origin) => {
    const { proxy, failure } = await site({ allowsUnresolved: true })
    expect(await failure(origin)).toMatchObject({ code: 'egress_denied' })
    expect(proxy.connects).toEqual([])
  })

  it('is resolved by the proxy if it is internal and listed', async () => {
    const { port, get } = await site({ allowsUnresolved: true, allowed: ['slurm.internal'] })
    expect(await get(`http://slurm.internal:${port}`)).toMatchObject({ status: 200 })
  })

  it('is denied if it resolves to an address that is not allowed', async () => {
    const { proxy, failure } = await site({ allowsUnresolved: true, addresses: { 'a.example': ['10.0.0.1'] } })
    expect(await failure('https://a.example')).toMatchObject({ code: 'egress_denied' })
    expect(proxy.connects).toEqual([])
  })
})

describe('egress proxy without a tunnel', () => {
  it.each([
    [407, { code: 'unavailable', message: expect.stringContaining('(EGRESS_PROXY) requires other credentials') }],
    [403, { code: 'egress_denied', message: expect.stringContaining('(EGRESS_PROXY) does not allow the host') }],
    [502, { code: 'unavailable', message: expect.stringContaining('(HTTP 502 to CONNECT)') }],
    [503, { code: 'unavailable' }],
    ['reset', { code: 'unavailable', message: expect.stringContaining('no connection to the egress proxy') }],
    ['silent', { code: 'unavailable' }],
  ] as const)('reports the call as not sent after a %s response', async (answer, expected) => {
    const { server, proxy, port, failure } = await site({
      ...hub,
      credentials: { username: 'u', password: 'secret-pw' },
    })
    proxy.respondWith(answer)
    const error = await failure(`http://hub.example:${port}`)
    expect(error).toMatchObject({ ...expected, field: 'EGRESS_PROXY', notSent: true })
    expect(JSON.stringify([error.message, String(error.cause)])).not.toMatch(/secret-pw|c2VjcmV0/)
    expect(server.requests).toEqual([])
  })

  it('is called once if it sends data after its CONNECT response', async () => {
    const { server, proxy, port, failure } = await site(hub)
    proxy.respondWith('chatty')
    expect(await failure(`http://hub.example:${port}`)).toMatchObject({ code: 'unavailable', notSent: true })
    expect(proxy.connects).toHaveLength(1)
    expect(server.requests).toEqual([])
  })

  it('fails calls as not sent while it is unavailable, and serves the next call', async () => {
    const { proxy, port, get, failure } = await site(hub)
    const unreachable = await site({ ...hub, proxyUrl: 'http://127.0.0.1:1' })
    expect(await unreachable.failure(`http://hub.example:${port}`)).toMatchObject({
      code: 'unavailable',
      notSent: true,
      message: expect.stringContaining('ECONNREFUSED'),
    })
    proxy.respondWith(502)
    await failure(`http://hub.example:${port}`)
    proxy.respondWith(200)
    expect(await get(`http://hub.example:${port}`)).toMatchObject({ status: 200 })
  })
})
