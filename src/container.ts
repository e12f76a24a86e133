import { Client } from 'pg'
import type { AppDeps } from './app.ts'
import { describeConnection, describeProvider } from './capabilities/describe-provider.ts'
import { optionSchemasOf } from './capabilities/option-schemas.ts'
import { makeChangeConnection } from './connections/change-connection.ts'
import { makeConnectionSchemas } from './connections/connection.schemas.ts'
import { makeConnectionChangesRepository } from './connections/connection-changes.repository.ts'
import { makeConnectionQuestions } from './connections/connection-questions.ts'
import { makeConnectionResolver } from './connections/connection-resolver.ts'
import { makeConnectionService } from './connections/connection-service.ts'
import { makeConnectionsRepository } from './connections/connections.repository.ts'
import { makeOpenConnections } from './connections/open-connections.ts'
import { makeSecretBox } from './connections/secret-box.ts'
import { environmentKind } from './environments/environment.kind.ts'
import { makeEnvironmentSchemas } from './environments/environment.schemas.ts'
import { environmentActions } from './environments/environment.view.ts'
import { makeEnvironmentService } from './environments/environment-service.ts'
import { makeEventsRepository } from './events/events.repository.ts'
import { makeWake } from './events/wake.ts'
import type { EdgeSettings } from './http/server.ts'
import type { Clock } from './infra/clock.ts'
import type { Database } from './infra/database.ts'
import { type Egress, makeEgress } from './infra/egress.ts'
import { parseEgressRules } from './infra/egress-rules.ts'
import type { Logger } from './infra/logger.ts'
import type { RequestRates } from './infra/request-rates.ts'
import { jobKind } from './jobs/job.kind.ts'
import { makeJobSchemas } from './jobs/job.schemas.ts'
import { jobActions } from './jobs/job.view.ts'
import { bootstrap, drawInstallationTag } from './projects/bootstrap.ts'
import { makeInstallationRepository } from './projects/installation.repository.ts'
import type { OidcSettings } from './projects/oidc.ts'
import { makeTenancy } from './projects/tenancy.ts'
import { makeHttpClient } from './providers/kit/http.ts'
import type { Provider } from './providers/provider.ts'
import { providers as registered } from './providers/registry.ts'
import type { QueueBackend } from './queue/backend.ts'
import { makeHints } from './queue/hints.ts'
import { queues } from './queue/queues.ts'
import type { Kind } from './vocabulary/kinds.ts'
import { isTerminal, type Transitions } from './vocabulary/transitions.ts'
import { makeAdmissionRepository } from './workloads/admission.repository.ts'
import { makeAdmission } from './workloads/admission.ts'
import { makeAsk } from './workloads/ask.ts'
import { makeAttemptsRepository } from './workloads/attempts.repository.ts'
import { checkNames, examine, type Finding } from './workloads/doctor.repository.ts'
import { type EngineSettings, makeEngine } from './workloads/engine.ts'
import { makeImport } from './workloads/import.ts'
import { makeReadsRepository } from './workloads/reads.repository.ts'
import { makeRecordPort } from './workloads/record-port.ts'
import { reopenAll } from './workloads/reopen.repository.ts'
import { makeResolutionsRepository } from './workloads/resolutions.repository.ts'
import { makeResolve } from './workloads/resolve.ts'
import { makeSubmit } from './workloads/submit.ts'
import { makeWishesRepository } from './workloads/wishes.repository.ts'
import { makeWorkloadService } from './workloads/workload-service.ts'

export interface ContainerDeps {
  database: Database
  databaseUrl: string
  backend: QueueBackend
  /** 32 bytes, in hex or base64. */
  secretsKey: string
  clock: Clock
  logger: Logger
  version: string
  installationTag: string
  /** Null: nobody is limited. */
  requestRates: RequestRates | null
  settings: ContainerSettings
  /** The providers to know; all that are registered when absent. */
  providers?: readonly Provider[]
  /** Puts the engine together; a harness that takes a guard out of it hands in its own. */
  makeEngine?: typeof makeEngine
}

export interface ContainerSettings extends EngineSettings {
  bodyLimitBytes: number
  keyTtlHours: number
  maxWaitSeconds: number
  /** Hosts, addresses and ranges that may be called although they are not public, or by http. */
  egressAllow: readonly string[]
  edge: EdgeSettings
  /** Requests of one caller within a window; null = as many as it likes. */
  requestRate: { requests: number; windowSeconds: number } | null
  /** Absent: API keys are the only way in. */
  oidc?: OidcSettings
}

const connectTimeoutMs = 10_000

/** The composition root: every part, handed what it needs. Starts nothing. */
export function makeContainer(deps: ContainerDeps) {
  const { database, clock, logger, settings, backend, installationTag } = deps
  const { providers = registered } = deps
  const providerById = (id: string) => providers.find((provider) => provider.id === id)
  const { prisma } = database
  const { callTimeoutMs } = settings.timing
  const shutdown = new AbortController()
  const kinds = { job: jobKind, environment: environmentKind }

  const tenancy = makeTenancy({
    prisma,
    clock,
    log: logger,
    ...(settings.oidc === undefined ? {} : { oidc: settings.oidc }),
  })
  const secretBox = makeSecretBox(deps.secretsKey)
  const connections = makeConnectionsRepository(prisma)
  const egress = makeEgress({ rules: parseEgressRules(settings.egressAllow) })
  const makeHttp = makeHttpOf(egress, deps)
  const opened = makeOpenConnections({ repository: connections, secretBox, providerById, makeHttp, clock })
  const resolver = makeConnectionResolver({ repository: connections, opened, providerById, clock })
  const connectionService = makeConnectionService({
    repository: connections,
    secretBox,
    opened,
    providerById,
    egressRefusal: egress.refusalOf,
    quota: tenancy.quota,
    onChange: resolver.forget,
  })
  const driverOf = opened.driverOf

  const hints = makeHints({ queue: backend.makeQueue(queues.reconcile.name), log: logger })
  const wake = makeWake({
    notify: async (channel, payload) => void (await prisma.$queryRaw`SELECT pg_notify(${channel}, ${payload})::text`),
    connect: () => new Client({ connectionString: deps.databaseUrl, application_name: 'switchyard-listen' }),
    log: logger,
  })

  const reads = makeReadsRepository(prisma)
  const wishes = makeWishesRepository(prisma)
  const attempts = makeAttemptsRepository(prisma)
  const events = makeEventsRepository(prisma)
  const admission = makeAdmission({ repository: makeAdmissionRepository(prisma), lanes: 3, maxBatch: 200 })
  const hint = hints.reconcile
  const taking = { reads, quota: tenancy.quota, resolveConnection: resolver.resolve, admission, hint, installationTag }
  const submit = makeSubmit({ ...taking, kinds, keyTtlHours: settings.keyTtlHours })
  const service = makeWorkloadService({ kinds, reads, wishes, driverOf, hint, wake })
  const looking = { service, events, attempts, wait: wake.wait, clock, driverOf }
  const isOver = (kind: Kind, status: string) => isTerminal(kinds[kind].transitions as Transitions<string>, status)
  const orphans = { heldMarks: reads.heldMarks, installationTag, isOver, maxPages: settings.sweep.maxPages }
  const resolve = makeResolve({ kinds, reads, resolutions: makeResolutionsRepository(prisma), hint })
  const ask = makeAsk({ service, driverOf, callTimeoutMs })

  const app: AppDeps = {
    logger,
    bodyLimitBytes: settings.bodyLimitBytes,
    version: deps.version,
    edge: settings.edge,
    requestRates: deps.requestRates,
    guard: tenancy.guard,
    projects: tenancy.routes,
    readiness: {
      check: async () =>
        prisma.$queryRaw`SELECT 1`.then(
          () => null,
          () => 'The database does not answer.',
        ),
    },
    capabilities: { describe: () => providers.map((provider) => describeProvider(provider)) },
    connections: {
      schemas: makeConnectionSchemas(providers),
      service: connectionService,
      change: makeChangeConnection({
        get: connectionService.get,
        repository: makeConnectionChangesRepository(prisma),
        secretBox,
        providerById,
        egressRefusal: egress.refusalOf,
        onChange: resolver.forget,
      }),
      questions: makeConnectionQuestions({
        get: connectionService.get,
        repository: connections,
        opened,
        callTimeoutMs,
        orphans,
      }),
      describe: (provider, connectionSettings) =>
        describeConnection(providerById(provider) as never, connectionSettings),
      capabilitiesSchemaId: 'ConnectionCapabilities',
    },
    jobs: {
      schemas: makeJobSchemas(optionSchemasOf(providers, 'job')),
      submit,
      service,
      ask,
      resolve,
      maxWaitSeconds: settings.maxWaitSeconds,
      records: makeRecordPort<'job'>({ ...looking, kind: jobKind, actionsOf: jobActions }),
    },
    environments: {
      schemas: makeEnvironmentSchemas(optionSchemasOf(providers, 'environment')),
      submit,
      service: makeEnvironmentService({ workloads: service, reads }),
      ask,
      resolve,
      importEnvironment: makeImport({ ...taking, kind: environmentKind, callTimeoutMs }),
      maxWaitSeconds: settings.maxWaitSeconds,
      records: makeRecordPort<'environment'>({ ...looking, kind: environmentKind, actionsOf: environmentActions }),
    },
  }
  /** After the database was replaced: every create that may have been lost is looked for before anything is sent. */
  const reopen = async (): Promise<number> => {
    const count = await reopenAll(prisma, kinds)
    await makeInstallationRepository(prisma).acceptDatabase()
    return count
  }
  const workers = (deps.makeEngine ?? makeEngine)({
    prisma,
    kinds,
    connections: opened,
    backend,
    wake,
    clock,
    log: logger,
    settings,
    shutdown: shutdown.signal,
  })
  return { app, workers, wake, hints, opened, shutdown, reopen }
}

export type Container = ReturnType<typeof makeContainer>

/** Every connection calls its provider through a client of its own, and only where the egress rules let it. */
const makeHttpOf =
  (egress: Egress, { clock, settings }: Pick<ContainerDeps, 'clock' | 'settings'>) =>
  (baseUrl: string) =>
    makeHttpClient({
      baseUrl,
      connectTimeoutMs,
      connect: egress.connector(connectTimeoutMs),
      timeoutMs: settings.timing.callTimeoutMs,
      maxResponseBytes: 32 * 1024 * 1024,
      clock,
    })

/**
 * What the database itself has to know before anything runs on it: the installation's tag, and the first project with
 * its admin key where there is none. Safe in several processes at once.
 *
 * @throws when the database is not migrated
 */
export async function prepareInstallation(
  { prisma }: Database,
  bootstrapApiKey: string | undefined,
): Promise<{ tag: string; wasReplaced: boolean }> {
  const projects = makeInstallationRepository(prisma)
  const tag = await projects.installationTag(drawInstallationTag()).catch((error: unknown) => {
    throw new Error('The database is not as this version needs it. Run `migrate` first.', { cause: error })
  })
  if (bootstrapApiKey !== undefined) await bootstrap(projects, bootstrapApiKey)
  return { tag, wasReplaced: await projects.wasReplaced() }
}

/** What must always hold in the database, and where it does not. Reads alone. */
export async function examineDatabase({
  prisma,
}: Database): Promise<{ checks: readonly string[]; findings: readonly Finding[] }> {
  return { checks: checkNames, findings: await examine(prisma) }
}

export { makeKeyMaker } from './projects/key-maker.ts'
