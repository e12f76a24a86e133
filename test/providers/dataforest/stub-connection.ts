import { afterEach, beforeEach, expect } from 'vitest'
import { dataforestProvider } from '../../../src/providers/dataforest/index.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import type { OpenProvider } from '../../../src/providers/provider.ts'
import { ncpSignature } from '../../../src/providers/vendors/ncp/signature.ts'
import { type StubServer, startStubServer } from '../../support/stub-server.ts'
import { clock, keys } from './samples.ts'

export const accountId = '6COytUeFj7b8eOhq2L5zL'

export const route = (operation: string) => `POST /api/v2/${operation}`

/** A connection to a stub server, new for each test. Unexpected or wrongly signed requests fail the test. */
export function useStubConnection() {
  let stub: StubServer
  let provider: OpenProvider
  let closeHttp: () => Promise<void>

  beforeEach(async () => {
    stub = await startStubServer()
    const limits = { connectTimeoutMs: 1000, timeoutMs: 1000, maxResponseBytes: 1e6 }
    const http = makeHttpClient({ baseUrl: stub.url, clock, ...limits })
    closeHttp = http.close
    provider = dataforestProvider.open({ settings: { accountId, baseUrl: stub.url }, credentials: keys, http, clock })
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

  return {
    get stub() {
      return stub
    },
    get provider() {
      return provider
    },
    driver<K extends 'job' | 'environment'>(kind: K): Driver<K> {
      const driver = provider.drivers[kind]
      if (driver === undefined) throw new Error(`no driver for ${kind}`)
      return driver as Driver<K>
    },
    /** Operation and body of each request, in order. */
    bodies: () => stub.requests.map(({ target, body }) => [target.replace('/api/v2/', ''), JSON.parse(body)]),
  }
}
