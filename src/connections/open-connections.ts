import type { Driver } from '../providers/driver.ts'
import type { Drivers, OpenProvider, Provider } from '../providers/provider.ts'
import type { ProviderError } from '../providers/provider-error.ts'
import type { HttpClient, ProviderClock } from '../providers/session.ts'
import type { SecretBox } from '../secrets/secret-box.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { Connection } from './connection.ts'
import type { Called, ConnectionsRepository, SealedConnection } from './connections.repository.ts'
import { namingAddresses } from './endpoints.ts'
import { makeOpenedCache } from './opened-cache.ts'
import { pauseFor } from './pause.ts'

/** An HTTP client of one connection's own: its sockets are nobody else's. */
export interface ConnectionHttp extends HttpClient {
  close(): Promise<void>
}

/** A connection whose drivers can be called. */
export interface Opened {
  readonly provider: string
  readonly version: number
  /** Where its calls go; what could be read of a base URL that is none. */
  readonly origin: string
  readonly scope: JsonObject
  readonly drivers: Drivers
  driver<K extends Kind>(kind: K): Driver<K> | undefined
  verify(signal: AbortSignal): Promise<void>
}

export interface OpenConnectionsDeps {
  repository: ConnectionsRepository
  secretBox: SecretBox
  providerById(id: string): Provider | undefined
  makeHttp(baseUrl: string): ConnectionHttp
  clock: ProviderClock
  /** Workloads and walks that a pause has stopped go on. */
  wakeWaiting(connectionId: string): Promise<void>
  /** As long as this one call after a pause may take before somebody else tries. */
  probeMs: number
}

export type OpenConnections = ReturnType<typeof makeOpenConnections>

/** How often each process looks for opened connections that are deleted or replaced. */
const staleIntervalMs = 5000

/**
 * Opens connections and notes how calls over them went. Tokens live as long as the opened connection, so changed
 * credentials take their tokens with them.
 */
export function makeOpenConnections(deps: OpenConnectionsDeps) {
  const { repository, clock } = deps
  const cache = makeOpenedCache({ load, versions: repository.versions, clock })
  let timer: NodeJS.Timeout | undefined

  async function load(connectionId: string): Promise<Entry> {
    const sealed = await repository.sealed(connectionId)
    if (sealed === null) throw new Error(`There is no connection ${connectionId}.`)
    return makeEntry(deps, sealed, credentialsOf(deps, sealed))
  }

  async function succeeded(called: Called): Promise<void> {
    await repository.succeeded(called)
    if (called.isProbe) await deps.wakeWaiting(called.id)
  }

  return {
    open: cache.open,
    forget: cache.forget,
    dropStale: cache.dropStale,

    /** Looks for what is stale until it is closed. A look that fails is made up for by the next. */
    start(): void {
      timer = setInterval(() => void cache.dropStale().catch(() => {}), staleIntervalMs).unref()
    },

    /** The driver of a connection as it is now; undefined where it cannot be opened any more. */
    async driverOf<K extends Kind>(connectionId: string, kind: K): Promise<Driver<K> | undefined> {
      return cache.current(connectionId).then(
        (connection) => connection.driver(kind),
        () => undefined,
      )
    },

    /** Opens without keeping: to try settings and credentials before they are stored. */
    tryOut: (connection: Connection, credentials: JsonObject): Entry => makeEntry(deps, connection, credentials),

    async failed(called: Called, error: ProviderError): Promise<void> {
      const pause = pauseFor(error)
      if (pause !== null) await deps.repository.failed(called, pause)
      // A no to one request is the answer of a provider that is there.
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
  { providerById, makeHttp, clock }: OpenConnectionsDeps,
  connection: Connection,
  credentials: JsonObject,
): Entry {
  const provider = providerById(connection.provider)
  if (provider === undefined) throw new Error(`This version has no provider ${connection.provider}.`)
  const { settings } = connection
  const baseUrl = provider.baseUrl(settings)
  const http = makeHttp(baseUrl)
  const { drivers, verify }: OpenProvider = provider.open({
    settings,
    credentials,
    http: namingAddresses(http, provider, settings),
    clock,
  })
  const opened: Opened = {
    provider: provider.id,
    version: connection.version,
    origin: URL.canParse(baseUrl) ? new URL(baseUrl).origin : baseUrl,
    scope: provider.scope(settings),
    drivers,
    driver: <K extends Kind>(kind: K) => drivers[kind] as Driver<K> | undefined,
    verify,
  }
  return { opened, http }
}

/** A deleted connection has no credentials any more; what still names it cannot call. */
function credentialsOf({ secretBox }: OpenConnectionsDeps, sealed: SealedConnection): JsonObject {
  if (sealed.sealedCredentials === '') throw new Error(`Connection ${sealed.id} is deleted.`)
  return secretBox.open(sealed.id, sealed.sealedCredentials)
}
