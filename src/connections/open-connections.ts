import type { Driver } from '../providers/driver.ts'
import type { Drivers, OpenProvider, Provider } from '../providers/provider.ts'
import { type ProviderError, UnknownProvider } from '../providers/provider-error.ts'
import type { HttpClient, ProviderClock } from '../providers/session.ts'
import type { SecretBox } from '../secrets/secret-box.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { Connection } from './connection.ts'
import type { Called, ConnectionsRepository, SealedConnection } from './connections.repository.ts'
import { namingAddresses } from './endpoints.ts'
import { type Network, networkIn } from './network.ts'
import { makeOpenedCache } from './opened-cache.ts'
import { pauseFor } from './pause.ts'

/** The HTTP client of one connection; its sockets are not shared. */
export interface ConnectionHttp extends HttpClient {
  close(): Promise<void>
}

/** A connection whose drivers can be called. */
export interface Opened {
  readonly provider: string
  readonly version: number
  /** The origin of its calls; the readable part if the base URL is invalid. */
  readonly origin: string
  readonly scope: JsonObject
  readonly drivers: Drivers
  driver<K extends Kind>(kind: K): Driver<K> | undefined
  discover?(signal: AbortSignal): Promise<JsonObject>
  verify(signal: AbortSignal): Promise<void>
}

export interface OpenConnectionsDeps {
  repository: ConnectionsRepository
  secretBox: SecretBox
  providerById(id: string): Provider | undefined
  makeHttp(baseUrl: string, network: Network): ConnectionHttp
  clock: ProviderClock
  /** Measures, records and traces the calls over a connection. */
  observed(providerId: string, connectionId: string, opened: OpenProvider): OpenProvider
  /** Resumes workloads and scans that a pause has stopped. */
  wakeWaiting(connectionId: string): Promise<void>
  /** How long a probe after a pause may take before another worker tries. */
  probeMs: number
}

export type OpenConnections = ReturnType<typeof makeOpenConnections>

/** Interval at which each process checks for opened connections that were deleted or replaced. */
const staleIntervalMs = 5000

/**
 * Opens connections and records the results of calls over them. Tokens are cached per opened connection, so changed
 * credentials discard them.
 */
export function makeOpenConnections(deps: OpenConnectionsDeps) {
  const { repository, clock } = deps
  const cache = makeOpenedCache({ load, versions: repository.versions, clock })
  let timer: NodeJS.Timeout | undefined

  async function load(connectionId: string): Promise<Entry> {
    const sealed = await repository.sealed(connectionId)
    if (sealed === null) throw new Error(`There is no connection ${connectionId}.`)
    return makeEntry(deps, sealed, { credentials: credentialsOf(deps, sealed), network: networkOf(deps, sealed) })
  }

  async function succeeded(called: Called): Promise<void> {
    await repository.succeeded(called)
    if (called.isProbe) await deps.wakeWaiting(called.id)
  }

  return {
    open: cache.open,
    forget: cache.forget,
    dropStale: cache.dropStale,

    /** Checks for stale connections until closed. A failed check is repeated at the next interval. */
    start(): void {
      timer = setInterval(() => void cache.dropStale().catch(() => {}), staleIntervalMs).unref()
    },

    /** The driver of a connection in its current version; undefined if it can no longer be opened. */
    async driverOf<K extends Kind>(connectionId: string, kind: K): Promise<Driver<K> | undefined> {
      return cache.current(connectionId).then(
        (connection) => connection.driver(kind),
        () => undefined,
      )
    },

    /** Opens without caching, to try settings and credentials before they are stored. */
    tryOut: (connection: Connection, credentials: JsonObject): Entry =>
      makeEntry(deps, connection, { credentials, network: {} }),

    async failed(called: Called, error: ProviderError): Promise<void> {
      const pause = pauseFor(error)
      if (pause !== null) await deps.repository.failed(called, pause)
      // Rejecting one request shows that the provider is available.
      else if (called.isProbe) await succeeded(called)
    },

    succeeded,

    mayProbe: (connectionId: string): Promise<boolean> => deps.repository.mayProbe(connectionId, deps.probeMs),

    async close(): Promise<void> {
      clearInterval(timer)
      await cache.close()
    },
  }
}

interface Entry {
  opened: Opened
  http: ConnectionHttp
}

function makeEntry(
  { providerById, makeHttp, clock, observed }: OpenConnectionsDeps,
  connection: Connection,
  { credentials, network }: { credentials: JsonObject; network: Network },
): Entry {
  const provider = providerById(connection.provider)
  if (provider === undefined) throw new UnknownProvider(connection.provider)
  const { settings, discovered } = connection
  const baseUrl = provider.baseUrl(settings)
  const http = makeHttp(baseUrl, network)
  const session = {
    ...{ settings, credentials, http: namingAddresses(http, provider, settings), clock },
    ...(discovered === undefined || discovered === null ? {} : { discovered }),
  }
  const { drivers, discover, verify } = observed(provider.id, connection.id, provider.open(session))
  const opened: Opened = {
    provider: provider.id,
    version: connection.version,
    origin: URL.canParse(baseUrl) ? new URL(baseUrl).origin : baseUrl,
    scope: provider.scope(settings),
    drivers,
    driver: <K extends Kind>(kind: K) => drivers[kind] as Driver<K> | undefined,
    ...(discover === undefined ? {} : { discover }),
    verify,
  }
  return { opened, http }
}

/** Deleted connections have no credentials, so remaining references to them cannot make calls. */
function credentialsOf({ secretBox }: OpenConnectionsDeps, sealed: SealedConnection): JsonObject {
  if (sealed.sealedCredentials === '') throw new Error(`Connection ${sealed.id} is deleted.`)
  return secretBox.open(sealed.id, sealed.sealedCredentials)
}

function networkOf({ secretBox }: OpenConnectionsDeps, { id, sealedNetwork }: SealedConnection): Network {
  return typeof sealedNetwork === 'string' ? networkIn(secretBox.open(id, sealedNetwork)) : {}
}
