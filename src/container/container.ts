import { makeTenancy } from '../access/tenancy.ts'
import type { AppDeps } from '../app.ts'
import { describeProvider } from '../capabilities/describe-provider.ts'
import { makeConnectionsRepository } from '../connections/connections.repository.ts'
import { makeIdSpaceOf } from '../connections/id-spaces.ts'
import { makeChangeNotifier } from '../events/change-notifier.ts'
import { deprecations } from '../http/deprecations.ts'
import { makeDraining } from '../http/draining.ts'
import { isTransientError } from '../infra/database-errors.ts'
import { providers as registered } from '../providers/registry.ts'
import { makeHints } from '../queue/hints.ts'
import { queues } from '../queue/queues.ts'
import { makeOpenSecrets } from '../secrets/secret-variables.ts'
import { makeSecretsRepository } from '../secrets/secrets.repository.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { isTerminal, type Transitions } from '../vocabulary/transitions.ts'
import { makeMeasuresRepository } from '../workloads/maintenance/measures.repository.ts'
import { makeReadsRepository } from '../workloads/store/reads.repository.ts'
import { makeConnections } from './connections.ts'
import type { ContainerDeps } from './deps.ts'
import { makeIssuerFetch } from './egress.ts'
import { makeEngine } from './engine.ts'
import { makeHealth } from './health.ts'
import { makeReopenReplaced, whyNotReady } from './installation.ts'
import { makeOperator } from './operator.ts'
import { makeRecordLogs } from './record-logs.ts'
import { makeTelemetry } from './telemetry.ts'
import { makeWebhooks } from './webhooks.ts'
import { kinds, makeWorkloads } from './workloads.ts'

export { webhookSettings } from '../webhooks/webhook-settings.ts'
export type { ContainerDeps, ContainerSettings } from './deps.ts'
export * from './installation.ts'

export type Container = ReturnType<typeof makeContainer>

/** The composition root: wires all modules. Starts nothing. */
export function makeContainer(deps: ContainerDeps) {
  const { database, backend, clock, logger, settings, installationTag, providers = registered } = deps
  const { prisma } = database
  const { oidc } = settings
  const shutdown = new AbortController()
  const draining = makeDraining()

  const { calls, health, measureHealth } = makeHealth(deps)
  const telemetry = makeTelemetry({ ...deps, calls })

  const hints = makeHints({
    queue: backend.makeQueue(queues.reconcile.name),
    trace: telemetry.traceHint,
    log: logger,
  })
  const notifier = makeChangeNotifier({
    installationTag,
    notify: async (channel, payload) => void (await prisma.$queryRaw`SELECT pg_notify(${channel}, ${payload})::text`),
    connect: deps.connectListener,
    log: logger,
  })
  const providerById = (id: string) => providers.find((provider) => provider.id === id)
  const idSpaceOf = makeIdSpaceOf({ repository: makeConnectionsRepository(prisma), providerById })
  const reads = makeReadsRepository(database.sql, idSpaceOf)
  const isOver = (kind: Kind, status: string) => isTerminal(kinds[kind].transitions as Transitions<string>, status)

  const tenancy = makeTenancy({
    prisma,
    sql: database.sql,
    clock,
    log: logger,
    fetch: makeIssuerFetch(settings),
    ...(oidc === undefined ? {} : { oidc }),
  })
  const { secretsKey } = deps
  const common = { database, clock, settings, installationTag, providers, reads }
  const connections = makeConnections({ ...common, secretsKey, isOver, ...telemetry })
  const { opened } = connections
  const secrets = makeOpenSecrets({
    repository: makeSecretsRepository(prisma),
    secretBox: connections.secretBox,
  })
  const workloads = makeWorkloads({ ...common, idSpaceOf, tenancy, connections, secrets, hints, notifier })
  const { resolve } = workloads.jobs
  const operator = makeOperator({
    ...{ database, settings, logger, connections, secrets, reads, resolve },
    providerIds: providers.map(({ id }) => id),
  })
  const workers = (deps.makeEngine ?? makeEngine)({
    ...{
      database,
      kinds,
      installationTag,
      connections: opened,
      idSpaceOf,
      secrets,
      backend,
      notifier,
      observer: telemetry.engine,
      clock,
      log: logger,
      settings,
    },
    shutdown: shutdown.signal,
  })
  const webhooks = makeWebhooks({
    ...{ ...deps, notifier, ...connections, shutdown: shutdown.signal, ...telemetry },
  })
  const measureWorkloads = makeMeasuresRepository(prisma)
  const measure = async () => (await Promise.all([measureWorkloads(), webhooks.measure(), measureHealth()])).flat()

  const app: AppDeps = {
    logger,
    bodyLimitBytes: settings.bodyLimitBytes,
    isOutage: isTransientError,
    version: deps.version,
    edge: settings.edge,
    draining,
    requestRates: deps.requestRates,
    authHooks: tenancy.authHooks,
    deprecations,
    projects: tenancy.routes,
    requestObserver: telemetry.requestObserver,
    metrics: telemetry.metricsWith(measure),
    readiness: { check: () => whyNotReady(database) },
    capabilities: { describe: () => providers.map((provider) => describeProvider(provider)) },
    connections: connections.routes,
    health,
    webhooks: webhooks.routes,
    operator,
    ...workloads,
  }
  return {
    app,
    /** The metrics of a process without an API: those of the process, without those of the installation. */
    ownMetrics: telemetry.metricsWith(null),
    /** Adds the metrics of a worker to those of the process. */
    watchWork: () => telemetry.watchWork({ workers, sender: webhooks.sender }),
    workers,
    sender: webhooks.sender,
    recordLogs: makeRecordLogs(deps),
    notifier,
    hints,
    opened,
    calls,
    draining,
    shutdown,
    reopenReplaced: makeReopenReplaced(prisma, kinds),
  }
}
