import type { LookupFunction } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeEgress } from '../../src/infra/egress.ts'
import { parseEgressRules } from '../../src/infra/egress-rules.ts'
import { makeHttpClient } from '../../src/providers/kit/http.ts'
import type { ProviderError } from '../../src/providers/provider-error.ts'
import { makeFixedClock } from '../support/fixed-clock.ts'
import { type StubServer, startStubServer } from '../support/stub-server.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A resolver that returns the given results in order and repeats the last one. */
function resolver(...answers: string[][]) {
  const lookups: string[] = []
  const lookup: LookupFunction = (hostname, options, callback) => {
    const addresses = answers[Math.min(lookups.length, answers.length - 1)] ?? []
    lookups.push(hostname)
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const [first] = found
    if (options.all === true || first === undefined) callback(null, found)
    else callback(null, first.address, first.family)
  }
  return { lookup, lookups: lookups }
}

/** A resolver that always fails. */
function failing(code: string): LookupFunction {
  return (_hostname, _options, callback) => callback(Object.assign(new Error('lookup failed'), { code }), [])
}

async function stub(): Promise<StubServer> {
  const server = await startStubServer()
  cleanups.push(() => server.close())
  server.on('GET /x', { body: { ok: true } })
  return server
}

function client(baseUrl: string, { allowed, lookup }: { allowed: string[]; lookup: LookupFunction }) {
  const http = makeHttpClient({
    baseUrl,
    connectTimeoutMs: 500,
    connect: makeEgress({ rules: parseEgressRules(allowed), lookup }).connector(500),
    timeoutMs: 3000,
    maxResponseBytes: 1000,
    clock: makeFixedClock(),
  })
  cleanups.push(() => http.close())
  const get = (origin?: string) =>
    http.send({
      method: 'GET',
      target: '/x',
      signal: new AbortController().signal,
      ...(origin === undefined ? {} : { origin }),
    })
  const failure = (origin?: string): Promise<ProviderError> =>
    get(origin).then(
      ({ status }) => {
        throw new Error(`unexpected response ${status}`)
      },
      (error: ProviderError) => error,
    )
  return { get, failure, close: () => http.close() }
}

const denied = { code: 'egress_denied', notSent: true }

describe('egress connection', () => {
  it('is allowed to a listed name at a private address over http', async () => {
    const server = await stub()
    const port = new URL(server.url).port
    const { lookup, lookups } = resolver(['127.0.0.1'])
    const { get } = client(`http://hub.internal:${port}`, { allowed: ['hub.internal'], lookup })
    expect(await get()).toMatchObject({ status: 200 })
    expect(lookups).toEqual(['hub.internal'])
  })

  it('is allowed to an unlisted name whose address is in a listed range', async () => {
    const server = await stub()
    const { lookup } = resolver(['127.0.0.1'])
    const { get } = client(`http://hub.internal:${new URL(server.url).port}`, { allowed: ['127.0.0.0/8'], lookup })
    expect(await get()).toMatchObject({ status: 200 })
  })

  it('is denied before sending if a public name resolves to an internal address', async () => {
    const server = await stub()
    const { port } = new URL(server.url)
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '10.0.0.1', '169.254.169.254', 'fd00::1']) {
      const { failure } = client(`https://api.example.com:${port}`, { allowed: [], ...resolver([address]) })
      expect(await failure(), address).toMatchObject(denied)
    }
    expect(server.requests).toEqual([])
  })

  it('does not disclose the address of a denied name', async () => {
    const { failure } = client('https://api.example.com', { allowed: [], ...resolver(['10.11.12.13']) })
    const error = await failure()
    expect(`${error.message} ${String(error.cause)}`).not.toContain('10.11.12.13')
    expect(error.message).toContain('EGRESS_ALLOW')
  })

  it('checks the address of a name again for each connection', async () => {
    const server = await stub()
    const { port } = new URL(server.url)
    // 127.0.0.1 is the allowed address; 127.0.0.2, where no server listens, is the address after the change.
    const { lookup, lookups } = resolver(['127.0.0.1'], ['127.0.0.2'])
    const { get, failure } = client(`http://api.example.com:${port}`, { allowed: [`127.0.0.1:${port}`], lookup })
    server.once('GET /x', { body: {}, headers: { connection: 'close' } })
    expect(await get()).toMatchObject({ status: 200 })
    expect(await failure()).toMatchObject(denied)
    expect(lookups).toEqual(['api.example.com', 'api.example.com'])
    expect(server.requests).toHaveLength(1)
  })

  it('dials only the allowed addresses of a name', async () => {
    const server = await stub()
    const { port } = new URL(server.url)
    const { lookup } = resolver(['169.254.169.254', '10.0.0.1', '127.0.0.1'])
    const { get } = client(`http://hub.internal:${port}`, { allowed: [`127.0.0.1:${port}`], lookup })
    expect(await get()).toMatchObject({ status: 200 })
  })

  it('is denied to a listed name that resolves to a metadata service', async () => {
    const { failure } = client('http://hub.internal', { allowed: ['hub.internal'], ...resolver(['169.254.169.254']) })
    expect(await failure()).toMatchObject(denied)
  })

  it('is denied to an unlisted address without a lookup', async () => {
    const server = await stub()
    const { lookup, lookups } = resolver([])
    const { failure } = client(server.url, { allowed: [], lookup })
    expect(await failure()).toMatchObject(denied)
    expect(await failure(`http://[::1]:${new URL(server.url).port}`)).toMatchObject(denied)
    expect(lookups).toEqual([])
    expect(server.requests).toEqual([])
  })

  it('is denied over http to an unlisted public address', async () => {
    const { failure } = client('http://api.example.com', { allowed: [], ...resolver(['93.184.216.34']) })
    expect(await failure()).toMatchObject(denied)
  })

  it('applies the same rules to other hosts than the base URL', async () => {
    const server = await stub()
    const other = await stub()
    const { lookup } = resolver(['127.0.0.1'])
    const { get, failure } = client(server.url, { allowed: [`127.0.0.1:${new URL(server.url).port}`], lookup })
    expect(await get()).toMatchObject({ status: 200 })
    expect(await failure(other.url)).toMatchObject(denied)
    expect(other.requests).toEqual([])
  })

  it('returns a redirect without following it', async () => {
    const server = await stub()
    const other = await stub()
    server.on('GET /x', { status: 302, headers: { location: `${other.url}/x` } })
    const { get } = client(server.url, { allowed: ['127.0.0.1'], ...resolver([]) })
    expect(await get()).toMatchObject({ status: 302 })
    expect(other.requests).toEqual([])
  })

  it('fails alike for a missing name and a name with an internal address', async () => {
    const notFound = failing('ENOTFOUND')
    for (const url of ['https://hub.internal', 'https://hub.internal:8443', 'http://hub.internal']) {
      const internal = await client(url, { allowed: ['10.9.0.0/16'], ...resolver(['10.0.0.1']) }).failure()
      const missing = await client(url, { allowed: ['10.9.0.0/16'], lookup: notFound }).failure()
      expect(internal).toMatchObject(denied)
      expect({ ...missing, message: missing.message, cause: String(missing.cause) }).toEqual({
        ...internal,
        message: internal.message,
        cause: String(internal.cause),
      })
    }
  })

  it('is unavailable, not denied, for a missing listed name or a failing resolver', async () => {
    const listed = client('https://hub.internal', { allowed: ['*.internal'], lookup: failing('ENOTFOUND') })
    expect(await listed.failure()).toMatchObject({ code: 'unavailable', notSent: true })
    const failed = client('https://hub.internal', { allowed: [], lookup: failing('EAI_AGAIN') })
    expect(await failed.failure()).toMatchObject({ code: 'unavailable', notSent: true })
  })
})

describe('duration of an egress rejection', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** The time until a connection is denied, with a resolver that returns these addresses after a delay; null = no such name. */
  async function rejectionTime(found: string[] | null, afterMs: number, allowed: string[] = []): Promise<number> {
    const lookup: LookupFunction = (_hostname, _options, callback) => {
      const notFound = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
      const addresses = (found ?? []).map((address) => ({ address, family: 4 }))
      setTimeout(() => callback(found === null ? notFound : null, addresses), afterMs)
    }
    const connect = makeEgress({ rules: parseEgressRules(allowed), lookup }).connector(10_000)
    const startedMs = performance.now()
    const rejectedAfterMs = new Promise<number>((resolve) => {
      const options = { protocol: 'https:', host: 'name.example', hostname: 'name.example', port: '443' }
      connect(options, () => resolve(performance.now() - startedMs))
    })
    await vi.advanceTimersByTimeAsync(9000)
    return rejectedAfterMs
  }

  it('is the same for a name with an internal address and a missing name', async () => {
    const internal = await rejectionTime(['10.0.0.1'], 2)
    expect(internal).toBe(1000)
    for (const afterMs of [1, 80, 900]) expect(await rejectionTime(null, afterMs)).toBe(internal)
    // A slower name server is visible, in whole seconds.
    expect(await rejectionTime(null, 1200)).toBe(2000)
  })

  it('is the duration of the lookup for a listed name', async () => {
    expect(await rejectionTime(null, 80, ['name.example'])).toBe(80)
  })
})
