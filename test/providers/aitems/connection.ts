import { inspect } from 'node:util'
import { afterEach, beforeEach, expect } from 'vitest'
import { aitemsProvider } from '../../../src/providers/aitems/index.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import type { OpenProvider } from '../../../src/providers/provider.ts'
import type { ProviderError } from '../../../src/providers/provider-error.ts'
import { ncpSignature } from '../../../src/providers/vendors/ncp/signature.ts'
import type { JsonObject } from '../../../src/vocabulary/json.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { type StubServer, startStubServer } from '../../support/stub-server.ts'

const keys = { accessKey: 'EXAMPLEACCESSKEY0001', secretKey: 'exampleSecretKeyForUnitTestsOnly00000001' }
export const clock = makeFixedClock('2023-11-14T22:13:20.000Z')
export const { signal } = new AbortController()

export interface Connection {
  readonly stub: StubServer
  readonly provider: OpenProvider
  readonly job: Driver<'job'>
  readonly environment: Driver<'environment'>
  /** Method, path below the API prefix and parsed body of each request. */
  calls(): (readonly [string, unknown?])[]
}

/**
 * A stub of AiTEMS and its drivers for each test. Unexpected or wrongly signed requests fail the test. The signature is
 * computed from the received request.
 */
export function useConnection(settings: JsonObject = {}): Connection {
  let stub: StubServer
  let provider: OpenProvider
  let closeHttp: () => Promise<void>

  beforeEach(async () => {
    stub = await startStubServer()
    const http = makeHttpClient({
      baseUrl: stub.url,
      clock,
      connectTimeoutMs: 1000,
      timeoutMs: 1000,
      maxResponseBytes: 1e6,
    })
    closeHttp = http.close
    provider = aitemsProvider.open({ settings: { baseUrl: stub.url, ...settings }, credentials: keys, http, clock })
  })

  afterEach(async () => {
    expect(stub.unexpected).toEqual([])
    for (const { method, target, headers } of stub.requests) {
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'x-ncp-apigw-timestamp': '1700000000000',
        'x-ncp-iam-access-key': keys.accessKey,
        'x-ncp-apigw-signature-v2': ncpSignature({ method, target, timestampMs: 1_700_000_000_000 }, keys),
      })
    }
    await closeHttp()
    await stub.close()
  })

  const driver = <T>(candidate: T | undefined): T => {
    if (candidate === undefined) throw new Error('missing driver')
    return candidate
  }

  return {
    get stub() {
      return stub
    },
    get provider() {
      return provider
    },
    get job() {
      return driver(provider.drivers.job)
    },
    get environment() {
      return driver(provider.drivers.environment)
    },
    calls: () =>
      stub.requests.map(({ method, target, body }) => {
        const call = `${method} ${target.replace('/api/v1', '')}`
        return body === '' ? ([call] as const) : ([call, JSON.parse(body)] as const)
      }),
  }
}

/** A route below the API prefix, such as `GET /services`. */
export const route = (call: string) => call.replace(' /', ' /api/v1/')

/** The error of a rejected promise, searched for secrets. */
export async function failureOf(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => {
      throw new Error('expected a rejection')
    },
    (cause: ProviderError) => cause,
  )
  const shown = inspect(error, { depth: 10 })
  for (const secret of Object.values(keys)) expect(shown).not.toContain(secret)
  return error
}

export const sendBy = () => ({ at: new Date(clock.now().getTime() + 1000), monotonicMs: clock.monotonicMs() + 1000 })

/** The documented example of a service, with a full-length id. */
export const service = (more: JsonObject = {}): JsonObject => ({
  serviceId: 'fboyb1a2b3c',
  name: 'service',
  description: 'test [sy:k7m2n9qd4x]',
  status: 'datasetRequired',
  datasets: [],
  hpConfig: { is_enabled: false },
  infers: [],
  createdDate: '2023-11-15T07:13:21.235',
  updatedDate: '2023-11-15T07:13:21.235',
  type: 'batch',
  ...more,
})

export const train = (type: string, version: string, more: JsonObject = {}): JsonObject => ({
  serviceId: 'fboyb1a2b3c',
  type,
  hpConfig: { is_enabled: false },
  version,
  description: 'weekly [sy:k7m2n9qd4x]',
  status: 'learning',
  createdDate: '2023-11-15T07:14:00.000',
  inference: false,
  ...more,
})
