import { inspect } from 'node:util'
import { afterEach, beforeEach, expect } from 'vitest'
import type { Driver } from '../../../src/providers/driver.ts'
import type { Intent } from '../../../src/providers/intent.ts'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import type { OpenProvider } from '../../../src/providers/provider.ts'
import type { ProviderError } from '../../../src/providers/provider-error.ts'
import { scnetProvider } from '../../../src/providers/scnet/index.ts'
import type { Json, JsonObject } from '../../../src/vocabulary/json.ts'
import type { EnvironmentSpec, JobSpec } from '../../../src/vocabulary/spec.ts'
import { type FixedClock, makeFixedClock } from '../../support/fixed-clock.ts'
import { type StubResponse, type StubServer, startStubServer } from '../../support/stub-server.ts'

export const accessKey = '85f96a42b13f4d2c8b760d2775bbcca8'
export const secretKey = 'test-secret-key-of-bob'
export const { signal } = new AbortController()

/** The start time of every test; the first token expires a day later. */
export const now = '2025-12-01T13:26:31.000Z'

export const ok = (data: Json): StubResponse => ({ body: { code: '0', msg: 'success', data } })
export const failed = (code: string, msg: string, data: Json = null): StubResponse => ({ body: { code, msg, data } })
export const rejected = failed('10008', 'auth_fail', 'token is invalid')

/** A token in the platform's format: all values are strings, the expiry is in milliseconds. */
export function jwt(name: string, expiresAt: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const payload = { computeUser: name, expireTime: String(Date.parse(expiresAt)), clusterId: '11112' }
  return `${part({ alg: 'HS256', typ: 'JWT' })}.${part(payload)}.c2ln`
}

export const firstToken = jwt('first', '2025-12-02T13:00:00Z')
export const loginRoute = 'POST /api/user/v3/tokens'
export const centerRoute = 'GET /ac/openapi/v2/center'

export interface ScnetStub {
  readonly server: StubServer
  readonly clock: FixedClock
  open(settings?: JsonObject, credentials?: JsonObject): OpenProvider
  job(settings?: JsonObject): Driver<'job'>
  environment(settings?: JsonObject): Driver<'environment'>
  /** Method, target and body of every call except logins and discovery. */
  calls(): string[][]
}

/** A server that accepts logins of bob and shows one region. Unexpected requests fail the test. */
export function useScnetStub(): ScnetStub {
  let server: StubServer
  let clock: FixedClock
  let closing: (() => Promise<void>)[]

  beforeEach(async () => {
    server = await startStubServer()
    clock = makeFixedClock(now)
    closing = []
    const regions = [
      { clusterId: 0, clusterName: 'ac', token: 'platform' },
      { clusterId: '11112', clusterName: 'East', token: firstToken },
      { clusterId: '11113', clusterName: 'West', token: null },
    ]
    server.on(loginRoute, ok(regions))
    server.on(centerRoute, ok(centerOf(server.url)))
    server.on('GET /hpc/openapi/v2/cluster', ok([{ id: 1638523853, text: 'slurm', JobManagerType: 'SLURM' }]))
  })

  afterEach(async () => {
    expect(server.unexpected).toEqual([])
    for (const close of closing) await close()
    await server.close()
  })

  function open(settings: JsonObject = {}, credentials: JsonObject = { accessKey, secretKey }): OpenProvider {
    const limits = { connectTimeoutMs: 1000, timeoutMs: 1000, maxResponseBytes: 1e6 }
    const http = makeHttpClient({ baseUrl: server.url, clock, ...limits })
    closing.push(http.close)
    const hosts = { loginUrl: server.url, platformUrl: server.url }
    const region = 'clusterName' in settings ? {} : { clusterId: '11112' }
    const all = { user: 'bob', ...region, ...hosts, ...settings }
    return scnetProvider.open({ settings: all, credentials, http, clock })
  }

  return {
    get server() {
      return server
    },
    get clock() {
      return clock
    },
    open,
    job: (settings) => required(open(settings).drivers.job),
    environment: (settings) => required(open(settings).drivers.environment),
    calls: () =>
      server.requests
        .filter(({ target }) => !/tokens|center|\/v2\/cluster$/.test(target))
        .map(({ method, target, body }) => [`${method} ${decodeURIComponent(target.replaceAll('+', ' '))}`, body]),
  }
}

/** A response as observed on live systems: one object, `enable` as a string, URLs with and without the service prefix. */
export function centerOf(url: string): JsonObject {
  return {
    id: 11112,
    name: 'East',
    clusterUserInfo: { userName: 'bob_hpc', homePath: '/public/home/bob_hpc' },
    aiUrls: [
      { url: 'http://127.0.0.1:1/ai', enable: 'false' },
      { url, enable: 'true', version: '2' },
    ],
    hpcUrls: [{ url: `${url}/hpc/`, enable: 'true' }],
    efileUrls: [{ url: `${url}/efile`, enable: true }],
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('missing driver')
  return value
}

export const environmentIntent = (
  clock: FixedClock,
  spec: EnvironmentSpec,
  correlationTag: string,
): Intent<'environment'> => ({
  ...attemptAt(clock),
  spec,
  correlationTag,
})

export const jobIntent = (clock: FixedClock, spec: JobSpec, correlationTag: string): Intent<'job'> => ({
  ...attemptAt(clock),
  spec,
  correlationTag,
})

function attemptAt(clock: FixedClock) {
  const sendBy = { at: new Date(clock.now().getTime() + 5000), monotonicMs: clock.monotonicMs() + 5000 }
  return { environmentRemoteId: null, before: null, sendBy, firstSentAt: clock.now() }
}

/** The error of a rejected promise, searched for secrets. */
export async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => {
      throw new Error('expected a rejection')
    },
    (cause: ProviderError) => cause,
  )
  const shown = inspect(error, { depth: 10 })
  for (const secret of [secretKey, accessKey, firstToken, 'hunter2']) expect(shown).not.toContain(secret)
  return error
}
