import { expect } from 'vitest'
import type { Driver } from '../../../src/providers/driver.ts'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import { kubernetesProvider } from '../../../src/providers/kubernetes/index.ts'
import type { OpenProvider } from '../../../src/providers/provider.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { forEachTest } from '../../support/for-each-test.ts'
import { type StubServer, startStubServer } from '../../support/stub-server.ts'

export const { signal } = new AbortController()
export const uid = 'aaaaaaaa-0000-4000-a000-000000000001'

/** The drivers, connected to a stub server with configured responses. */
interface KubeStub {
  stub: StubServer
  open(settings?: object): OpenProvider
  job(): Driver<'job'>
  environment(): Driver<'environment'>
  close(): Promise<void>
}

async function startKubeStub(): Promise<KubeStub> {
  const stub = await startStubServer()
  const clock = makeFixedClock('2026-11-28T12:00:00.000Z')
  const http = makeHttpClient({
    ...{ baseUrl: stub.url, clock },
    ...{ connectTimeoutMs: 1000, timeoutMs: 1000, maxResponseBytes: 3e6 },
  })
  const open = (more: object = {}) => {
    const settings = { baseUrl: stub.url, namespace: 'lab', ...more }
    return kubernetesProvider.open({ settings, credentials: { token: 'a-token-of-the-cluster' }, http, clock })
  }
  return {
    stub,
    open,
    job: () => open().drivers.job ?? expect.fail('kubernetes has no jobs'),
    environment: () => open().drivers.environment ?? expect.fail('kubernetes has no environments'),
    async close() {
      await http.close()
      await stub.close()
    },
  }
}

/** A new stub for each test of a file, which fails after unexpected requests. */
export const startKubeStubForEachTest = () =>
  forEachTest(startKubeStub, async ({ stub, close }) => {
    expect(stub.unexpected).toEqual([])
    await close()
  })
