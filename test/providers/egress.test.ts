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

/** A resolver that answers each question with the next of its answers, and the last permanently. */
function resolver(...answers: string[][]) {
  const asked: string[] = []
  const lookup: LookupFunction = (hostname, options, callback) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? []
    asked.push(hostname)
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    const [first] = found
    if (options.all === true || first === undefined) callback(null, found)
    else callback(null, first.address, first.family)
  }
  return { lookup, asked }
}

/** A resolver that has no answer. */
function failing(code: string): LookupFunction {
  return (_hostname, _options, callback) => callback(Object.assign(new Error('no answer'), { code }), [])
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
        throw new Error(`answered ${status}`)
      },
      (error: ProviderError) => error,
    )
  return { get, failure, close: () => http.close() }
}

const denied = { code: 'egress_denied', notSent: true }

describe('a connection that is opened', () => {
  it('goes to a listed name at a private address, by http', async () => {
    const server = await stub()
    const port = new URL(server.url).port
    const { lookup, asked } = resolver(['127.0.0.1'])
    const { get } = client(`http://hub.internal:${port}`, { allowed: ['hub.internal'], lookup })
    expect(await get()).toMatchObject({ status: 200 })
    expect(asked).toEqual(['hub.internal'])
  })

  it('goes to an unlisted name whose address lies in a listed range', async () => {
    const server = await stub()
    const { lookup } = resolver(['127.0.0.1'])
    const { get } = client(`http://hub.internal:${new URL(server.url).port}`, { allowed: ['127.0.0.0/8'], lookup })
    expect(await get()).toMatchObject({ status: 200 })
  })

  it('is refused where a public name turns out to be inside, and nothing is sent', async () => {
    const server = await stub()
    const { port } = new URL(server.url)
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '10.0.0.1', '169.254.169.254', 'fd00::1']) {
      const { failure } = client(`https://api.example.com:${port}`, { allowed: [], ...resolver([address]) })
      expect(await failure(), address).toMatchObject(denied)
    }
    expect(server.requests).toEqual([])
  })

  it('does not tell which address a name has', async () => {
    const { failure } = client('https://api.example.com', { allowed: [], ...resolver(['10.11.12.13']) })
    const error = await failure()
    expect(`${error.message} ${String(error.cause)}`).not.toContain('10.11.12.13')
    expect(error.message).toContain('EGRESS_ALLOW')
  })

  it('is judged again each time: a name that moves inside after its first answer is not followed', async () => {
    const server = await stub()
    const { port } = new URL(server.url)
    // 127.0.0.1 plays the allowed address, 127.0.0.2 (where the server listens not) the one it moves to.
    const { lookup, asked } = resolver(['127.0.0.1'], ['127.0.0.2'])
    const { get, failure } = client(`http://api.example.com:${port}`, { allowed: [`127.0.0.1:${port}`], lookup })
    server.once('GET /x', { body: {}, headers: { connection: 'close' } })
    expect(await get()).toMatchObject({ status: 200 })
    expect(await failure()).toMatchObject(denied)
    expect(asked).toEqual(['api.example.com', 'api.example.com'])
    expect(server.requests).toHaveLength(1)
  })

  it('dials only the permitted of several addresses', async () => {
    const server = await stub()
    const { port } = new URL(server.url)
    const { lookup } = resolver(['169.254.169.254', '10.0.0.1', '127.0.0.1'])
    const { get } = client(`http://hub.internal:${port}`, { allowed: [`127.0.0.1:${port}`], lookup })
    expect(await get()).toMatchObject({ status: 200 })
  })

  it('is not opened to a listed name that leads to a metadata service', async () => {
    const { failure } = client('http://hub.internal', { allowed: ['hub.internal'], ...resolver(['169.254.169.254']) })
    expect(await failure()).toMatchObject(denied)
  })

  it('asks no resolver about an address, and refuses it all the same', async () => {
    const server = await stub()
    const { lookup, asked } = resolver([])
    const { failure } = client(server.url, { allowed: [], lookup })
    expect(await failure()).toMatchObject(denied)
    expect(await failure(`http://[::1]:${new URL(server.url).port}`)).toMatchObject(denied)
    expect(asked).toEqual([])
    expect(server.requests).toEqual([])
  })

  it('is refused by http to a public address that is not listed', async () => {
    const { failure } = client('http://api.example.com', { allowed: [], ...resolver(['93.184.216.34']) })
    expect(await failure()).toMatchObject(denied)
  })

  it('to another host than the base URL is held to the same rules', async () => {
    const server = await stub()
    const other = await stub()
    const { lookup } = resolver(['127.0.0.1'])
    const { get, failure } = client(server.url, { allowed: [`127.0.0.1:${new URL(server.url).port}`], lookup })
    expect(await get()).toMatchObject({ status: 200 })
    expect(await failure(other.url)).toMatchObject(denied)
    expect(other.requests).toEqual([])
  })

  it('that is redirected hands the redirect back', async () => {
    const server = await stub()
    const other = await stub()
    server.on('GET /x', { status: 302, headers: { location: `${other.url}/x` } })
    const { get } = client(server.url, { allowed: ['127.0.0.1'], ...resolver([]) })
    expect(await get()).toMatchObject({ status: 302 })
    expect(other.requests).toEqual([])
  })

  it('to a name that does not exist fails like one to a name that leads inside', async () => {
    const absent = failing('ENOTFOUND')
    for (const url of ['https://hub.internal', 'https://hub.internal:8443', 'http://hub.internal']) {
      const inside = await client(url, { allowed: ['10.9.0.0/16'], ...resolver(['10.0.0.1']) }).failure()
      const nowhere = await client(url, { allowed: ['10.9.0.0/16'], lookup: absent }).failure()
      expect(inside).toMatchObject(denied)
      expect({ ...nowhere, message: nowhere.message, cause: String(nowhere.cause) }).toEqual({
        ...inside,
        message: inside.message,
        cause: String(inside.cause),
      })
    }
  })

  it('to a listed name that does not exist, or by a resolver that does not answer, is no matter of egress', async () => {
    const listed = client('https://hub.internal', { allowed: ['*.internal'], lookup: failing('ENOTFOUND') })
    expect(await listed.failure()).toMatchObject({ code: 'unavailable', notSent: true })
    const unanswered = client('https://hub.internal', { allowed: [], lookup: failing('EAI_AGAIN') })
    expect(await unanswered.failure()).toMatchObject({ code: 'unavailable', notSent: true })
  })
})

describe('the time of a rejection', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** How long it takes to say no to a name, of which the resolver says this, after so long. */
  async function timeOf(found: string[] | null, afterMs: number, allowed: string[] = []): Promise<number> {
    const lookup: LookupFunction = (_hostname, _options, callback) => {
      const absent = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
      const addresses = (found ?? []).map((address) => ({ address, family: 4 }))
      setTimeout(() => callback(found === null ? absent : null, addresses), afterMs)
    }
    const connect = makeEgress({ rules: parseEgressRules(allowed), lookup }).connector(10_000)
    const startedMs = performance.now()
    const refused = new Promise<number>((resolve) => {
      const options = { protocol: 'https:', host: 'name.example', hostname: 'name.example', port: '443' }
      connect(options, () => resolve(performance.now() - startedMs))
    })
    await vi.advanceTimersByTimeAsync(9000)
    return refused
  }

  it('does not tell a name that leads inside from one that does not exist', async () => {
    const inside = await timeOf(['10.0.0.1'], 2)
    expect(inside).toBe(1000)
    for (const afterMs of [1, 80, 900]) expect(await timeOf(null, afterMs)).toBe(inside)
    // A name server that takes longer is seen, in whole steps.
    expect(await timeOf(null, 1200)).toBe(2000)
  })

  it('is that of the name server for a name that the operator has listed', async () => {
    expect(await timeOf(null, 80, ['name.example'])).toBe(80)
  })
})
