import { afterAll, beforeEach } from 'vitest'
import type { Driver } from '../../../src/providers/driver.ts'
import type { Intent } from '../../../src/providers/intent.ts'
import { jupyterhubProvider } from '../../../src/providers/jupyterhub/index.ts'
import { makeHttpClient } from '../../../src/providers/kit/http.ts'
import type { OpenProvider } from '../../../src/providers/provider.ts'
import type { HttpRequest } from '../../../src/providers/session.ts'
import { startSandbox } from '../../../src/sandbox/server.ts'
import type { Json, JsonObject } from '../../../src/vocabulary/json.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'

export const { signal } = new AbortController()

export interface Opened {
  provider: OpenProvider
  driver: Driver<'environment'>
  /** The requests, in order. */
  requests: readonly HttpRequest[]
}

/** The hub of the sandbox for the tests of a file, reset before each test, with an adjustable clock and connections. */
export async function useTestHub() {
  const clock = makeFixedClock('2026-01-05T00:00:00.000Z')
  const sandbox = await startSandbox({ providers: ['jupyterhub'], clock: { now: () => clock.now().getTime() } })
  const url = sandbox.urls.jupyterhub
  const http = makeHttpClient({ baseUrl: url, clock, connectTimeoutMs: 1000, timeoutMs: 2000, maxResponseBytes: 1e7 })
  const [limited] = sandbox.otherAccounts.jupyterhub
  let counter = 0

  /** Opens a connection. A setting that is undefined is omitted. */
  function open(
    settings: Readonly<Record<string, Json | undefined>> = {},
    token: string = sandbox.accounts.jupyterhub.token,
  ): Opened {
    const requests: HttpRequest[] = []
    const tap = {
      send: (request: HttpRequest) => {
        requests.push(request)
        return http.send(request)
      },
    }
    const entries = Object.entries({ baseUrl: url, username: 'ada', ...settings })
    const all = Object.fromEntries(entries.filter(([, value]) => value !== undefined)) as JsonObject
    const provider = jupyterhubProvider.open({ settings: all, credentials: { token }, http: tap, clock })
    const driver = provider.drivers.environment
    if (driver === undefined) throw new Error('no driver for environments')
    return { provider, driver, requests }
  }

  function intent(spec: EnvironmentSpec, correlationTag?: string): Intent<'environment'> {
    counter += 1
    const sendBy = { at: new Date(clock.now().getTime() + 5000), monotonicMs: clock.monotonicMs() + 5000 }
    const tag = correlationTag ?? `m${String(counter).padStart(11, '0')}`
    return { correlationTag: tag, spec, environmentRemoteId: null, before: null, sendBy, firstSentAt: clock.now() }
  }

  beforeEach(() => sandbox.reset())
  afterAll(async () => {
    await http.close()
    await sandbox.close()
  })

  return {
    sandbox,
    url,
    clock,
    open,
    intent,
    /** A token of the user ben, for ben's servers only. */
    limitedToken: limited?.token ?? '',
    /** Creates a server and advances the clock until it is ready. */
    async createReady(driver: Driver<'environment'>, spec: EnvironmentSpec): Promise<string> {
      const { remoteId } = await driver.create(intent(spec), signal)
      clock.advance(1000)
      return remoteId ?? ''
    },
  }
}
