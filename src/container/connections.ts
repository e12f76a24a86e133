import { describeConnection } from '../capabilities/describe-provider.ts'
import { makeChangeConnection } from '../connections/change-connection.ts'
import { makeConnectionSchemas } from '../connections/connection.schemas.ts'
import { makeConnectionChangesRepository } from '../connections/connection-changes.repository.ts'
import { makeConnectionQueries } from '../connections/connection-queries.ts'
import { makeConnectionResolver } from '../connections/connection-resolver.ts'
import { makeConnectionService } from '../connections/connection-service.ts'
import { makeConnectionsRepository } from '../connections/connections.repository.ts'
import type { ConnectionRoutesDeps } from '../connections/connections.routes.ts'
import type { Network } from '../connections/network.ts'
import { type ConnectionHttp, makeOpenConnections, type OpenConnectionsDeps } from '../connections/open-connections.ts'
import type { Egress } from '../infra/egress.ts'
import { proxyServerOf } from '../infra/proxy-server.ts'
import { makeHttpClient } from '../providers/kit/http.ts'
import type { Provider } from '../providers/provider.ts'
import { makeSecretBox } from '../secrets/secret-box.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { ReadsRepository } from '../workloads/store/reads.repository.ts'
import type { ContainerDeps } from './deps.ts'
import { makeSiteEgress } from './egress.ts'

interface ConnectionsDeps
  extends Pick<ContainerDeps, 'database' | 'clock' | 'secretsKey' | 'settings' | 'installationTag'> {
  providers: readonly Provider[]
  reads: Pick<ReadsRepository, 'unheld' | 'now'>
  observedProvider: OpenConnectionsDeps['observed']
  observedHttp(client: ConnectionHttp, baseUrl: string): ConnectionHttp
  isOver(kind: Kind, status: string): boolean
}

/** Connections to providers: how they are opened and resolved, and their routes. */
export function makeConnections(deps: ConnectionsDeps) {
  const { clock, settings, providers, reads, isOver, installationTag } = deps
  const { prisma } = deps.database
  const providerById = (id: string) => providers.find((provider) => provider.id === id)
  const secretBox = makeSecretBox(deps.secretsKey)
  const repository = makeConnectionsRepository(prisma)
  const egress = makeSiteEgress(settings)
  const changes = makeConnectionChangesRepository(prisma)
  const { callTimeoutMs } = settings.timing
  const opened = makeOpenConnections({
    ...{ repository, secretBox, providerById, makeHttp: makeHttpOf(egress, deps), clock },
    ...{ observed: deps.observedProvider, wakeWaiting: changes.wakeWaiting, probeMs: 2 * callTimeoutMs },
  })
  const resolver = makeConnectionResolver({ repository, opened, providerIds: providers.map(({ id }) => id), clock })
  const shared = { secretBox, providerById, egressDenial: egress.denialOf, onChange: resolver.forget, clock }
  const service = makeConnectionService({ ...shared, repository, opened })
  const { get } = service
  const orphans = { ...reads, installationTag, isOver, maxPages: settings.sweep.maxPages }
  const routes: ConnectionRoutesDeps = {
    schemas: makeConnectionSchemas(providers),
    service,
    change: makeChangeConnection({
      ...{ ...shared, get, repository: changes },
      sealedNetwork: async (id) => (await repository.sealed(id))?.sealedNetwork ?? null,
    }),
    queries: makeConnectionQueries({ get, repository: changes, opened, callTimeoutMs, orphans }),
    describe: (provider, connectionSettings) => describeConnection(providerById(provider) as never, connectionSettings),
    capabilitiesSchemaId: 'ConnectionCapabilities',
  }
  return { opened, resolve: resolver.resolve, secretBox, routes }
}

const connectTimeoutMs = 10_000

/** Every connection calls its provider through a separate client, within the egress rules. */
const makeHttpOf =
  (egress: Egress, { clock, settings, observedHttp }: Pick<ConnectionsDeps, 'clock' | 'settings' | 'observedHttp'>) =>
  (baseUrl: string, { proxy, ...certificates }: Network) => {
    const client = makeHttpClient({
      baseUrl,
      connectTimeoutMs,
      connect: egress.connector(connectTimeoutMs, {
        ...certificates,
        ...(proxy === undefined ? {} : { proxy: proxyServerOf(proxy) }),
      }),
      timeoutMs: settings.timing.callTimeoutMs,
      maxResponseBytes: 32 * 1024 * 1024,
      clock,
    })
    return observedHttp(client, baseUrl)
  }
