import { inspect } from 'node:util'
import { expect } from 'vitest'
import type { Driver } from '../../../src/providers/driver.ts'
import type { Intent } from '../../../src/providers/intent.ts'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import { modelartsProvider } from '../../../src/providers/modelarts/index.ts'
import { authorizationOf, encodePath, encodeQuery } from '../../../src/providers/modelarts/signer.ts'
import type { OpenProvider } from '../../../src/providers/provider.ts'
import type { ProviderError } from '../../../src/providers/provider-error.ts'
import type { JsonObject } from '../../../src/vocabulary/json.ts'
import type { Kind, Spec } from '../../../src/vocabulary/kinds.ts'
import { type FixedClock, makeFixedClock } from '../../support/fixed-clock.ts'
import { forEachTest } from '../../support/for-each-test.ts'
import { type RecordedRequest, type StubServer, startStubServer } from '../../support/stub-server.ts'

export const projectId = '77b6a44cba5143ab91d13ab9a8ff44fd'
export const keys = { accessKey: 'AKEXAMPLE0000000TEST', secretKey: 'skExampleSecretKey0000000000000000000000' }
export const login = { username: 'dev', password: 'p4ssw0rd-of-the-test', domainName: 'ACME' }
export const { signal } = new AbortController()

export interface Connection {
  stub: StubServer
  clock: FixedClock
  provider: OpenProvider
  driver<K extends Kind>(kind: K): Driver<K>
  intent<K extends Kind>(spec: Spec<K>, correlationTag?: string): Intent<K>
  /** Method, target below the project, and parsed body of each request. */
  sent(): unknown[]
  close(): Promise<void>
}

/** A connection to a stub server for both ModelArts and IAM, below `path`. */
export async function connect(
  settings: JsonObject = {},
  credentials: JsonObject = keys,
  path = '',
): Promise<Connection> {
  const stub = await startStubServer()
  const clock = makeFixedClock('2024-01-02T03:04:05.000Z')
  const http = makeHttpClient({
    baseUrl: stub.url,
    clock,
    connectTimeoutMs: 1000,
    timeoutMs: 500,
    maxResponseBytes: 1e5,
  })
  const url = `${stub.url}${path}`
  const all = { region: 'eu-de', projectId, baseUrl: url, iamUrl: url, ...settings }
  const provider = modelartsProvider.open({ settings: all, credentials, http, clock })
  return {
    stub,
    clock,
    provider,
    driver<K extends Kind>(kind: K) {
      const driver = provider.drivers[kind]
      if (driver === undefined) throw new Error(`no driver for ${kind}`)
      return driver as unknown as Driver<K>
    },
    intent<K extends Kind>(spec: Spec<K>, correlationTag = 'k7m2q9dxwa'): Intent<K> {
      const sendBy = { at: new Date(clock.now().getTime() + 1000), monotonicMs: clock.monotonicMs() + 1000 }
      return { correlationTag, spec, environmentRemoteId: null, before: null, sendBy, firstSentAt: clock.now() }
    },
    sent: () =>
      stub.requests.map(({ method, target, body }) => {
        const line = `${method} ${target.replace(`/${projectId}`, '')}`
        return body === '' ? [line] : [line, JSON.parse(body)]
      }),
    async close() {
      expect(stub.unexpected).toEqual([])
      await http.close()
      await stub.close()
    },
  }
}

/** A new connection for each test of a file. All its requests must be signed. */
export const connectForEachTest = (settings?: JsonObject) =>
  forEachTest(
    () => connect(settings),
    async ({ stub, close }) => {
      for (const request of stub.requests) expectSigned(request)
      await close()
    },
  )

export const v1 = (method: string, rest: string) => `${method} /v1/${projectId}/${rest}`
export const v2 = (method: string, rest: string) => `${method} /v2/${projectId}/${rest}`

export const rejection = (code: string, status = 400) => ({
  status,
  body: { error_code: `ModelArts.${code}`, error_message: `message of ${code}` },
})

/** The error of a rejected promise, searched for secrets. */
export async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => {
      throw new Error('expected a rejection')
    },
    (cause: ProviderError) => cause,
  )
  const shown = inspect(error, { depth: 10 })
  for (const secret of [keys.secretKey, keys.accessKey, login.password]) expect(shown).not.toContain(secret)
  return error
}

/** Verifies a recorded request against a recomputed signature. */
export function expectSigned({ method, target, headers, body }: RecordedRequest, securityToken?: string): void {
  const [path = '', query = ''] = target.split('?')
  const signed = {
    'content-type': 'application/json',
    'x-language': 'en-us',
    host: String(headers.host),
    'x-project-id': projectId,
    'x-sdk-date': '20240102T030405Z',
    ...(securityToken === undefined ? {} : { 'x-security-token': securityToken }),
  }
  const decoded = Object.fromEntries(new URLSearchParams(query))
  const uri = encodePath(path.slice(1).split('/').map(decodeURIComponent))
  const authorization = authorizationOf({ method, uri, query: encodeQuery(decoded), headers: signed, body }, keys)
  expect(headers).toMatchObject({ ...signed, authorization })
  expect(headers).not.toHaveProperty('x-auth-token')
}
