import type { makeTenancy } from '../access/tenancy.ts'
import { optionSchemasOf } from '../capabilities/describe-provider.ts'
import type { IdSpaceOf } from '../connections/id-spaces.ts'
import { environmentKind } from '../environments/environment.kind.ts'
import { makeEnvironmentSchemas } from '../environments/environment.schemas.ts'
import { environmentActions, makeEnvironmentService } from '../environments/environment-service.ts'
import type { EnvironmentRoutesDeps } from '../environments/environments.routes.ts'
import type { ChangeNotifier } from '../events/change-notifier.ts'
import { makeEventsRepository } from '../events/events.repository.ts'
import type { EventRoutesDeps } from '../events/events.routes.ts'
import { makeFeedRepository } from '../events/feed.repository.ts'
import { makeFeed } from '../events/feed.ts'
import { openFeedStream } from '../events/feed-stream.ts'
import { makeTails } from '../events/tails.ts'
import { makeStreamLimit, makeWaitLimit } from '../http/concurrency-limits.ts'
import { isTransientError } from '../infra/database-errors.ts'
import { jobActions, jobKind } from '../jobs/job.kind.ts'
import { makeJobSchemas } from '../jobs/job.schemas.ts'
import type { JobRoutesDeps } from '../jobs/jobs.routes.ts'
import type { Provider } from '../providers/provider.ts'
import type { Hints } from '../queue/hints.ts'
import { makeReadFollowed } from '../records/followed-events.ts'
import { makeRecordsApi } from '../records/records-api.ts'
import { makeRereads } from '../records/rereads.ts'
import type { OpenSecrets } from '../secrets/secret-variables.ts'
import { makeCancelJobsRepository } from '../workloads/actions/cancel-jobs.repository.ts'
import { makeCancelJobs } from '../workloads/actions/cancel-jobs.ts'
import { makeDesiredStateRepository } from '../workloads/actions/desired-state.repository.ts'
import { makeProviderQueries, type ProviderQueriesDeps } from '../workloads/actions/provider-queries.ts'
import { makeResolutionsRepository } from '../workloads/actions/resolutions.repository.ts'
import { makeResolve } from '../workloads/actions/resolve.ts'
import { makeWorkloadService } from '../workloads/actions/workload-service.ts'
import { makeAttemptsRepository } from '../workloads/engine/attempts.repository.ts'
import { makeAdmissionRepository } from '../workloads/intake/admission.repository.ts'
import { makeAdmission } from '../workloads/intake/admission.ts'
import { makeImport } from '../workloads/intake/import.ts'
import { makePreview } from '../workloads/intake/preview.ts'
import { makeSubmit } from '../workloads/intake/submit.ts'
import { makeSubmitBatch, maxBatchItems } from '../workloads/intake/submit-batch.ts'
import type { ReadsRepository } from '../workloads/store/reads.repository.ts'
import type { makeConnections } from './connections.ts'
import type { ContainerDeps } from './deps.ts'

/** Both kinds. */
export const kinds = { job: jobKind, environment: environmentKind }

interface WorkloadsDeps extends Pick<ContainerDeps, 'database' | 'clock' | 'settings' | 'installationTag'> {
  providers: readonly Provider[]
  tenancy: Pick<ReturnType<typeof makeTenancy>, 'audit'>
  connections: Pick<ReturnType<typeof makeConnections>, 'opened' | 'resolve' | 'secretBox'>
  secrets: OpenSecrets
  reads: ReadsRepository
  idSpaceOf: IdSpaceOf
  hints: Hints
  notifier: ChangeNotifier
}

/** Client operations on jobs and environments: submit, read, act, query, resolve. */
export function makeWorkloads(deps: WorkloadsDeps): {
  jobs: JobRoutesDeps
  environments: EnvironmentRoutesDeps
  events: EventRoutesDeps
} {
  const { clock, settings, providers, tenancy, connections, reads, idSpaceOf, notifier, installationTag } = deps
  const { prisma, sql } = deps.database
  const { keyTtlHours } = settings
  const { callTimeoutMs } = settings.timing
  const { driverOf } = connections.opened
  const hint = deps.hints.due
  const admission = makeAdmission({
    repository: makeAdmissionRepository(deps.database),
    ...{ concurrency: 3, maxBatch: 200, maxBulk: maxBatchItems },
  })
  const { secretBox } = connections
  const intakeDeps = {
    reads,
    resolveConnection: connections.resolve,
    admission,
    notifier,
    hint,
    installationTag,
  }
  const actionDeps = { reads, driverOf, hint, notifier }
  const service = makeWorkloadService({ ...actionDeps, kinds, desiredStates: makeDesiredStateRepository(prisma) })
  const events = makeEventsRepository(prisma)
  const feed = makeFeed({ repository: makeFeedRepository(prisma), ...settings.events })
  const tails = makeTails({ feed, wait: notifier.wait, clock })
  const attempts = makeAttemptsRepository(sql, settings.leaseMs)
  const recordDeps = {
    ...{ service, events, attempts, wait: notifier.wait, clock, driverOf },
    rereads: makeRereads(reads, isTransientError),
    readFollowed: makeReadFollowed(events, isTransientError),
  }
  const noteAccess: ProviderQueriesDeps['noteAccess'] = (access) =>
    tenancy.audit.write({ ...access, action: 'environment.accessed', outcome: 'done' })
  const importDeps = { ...intakeDeps, idSpaceOf, callTimeoutMs }
  const submitDeps = { ...intakeDeps, kinds, keyTtlHours, secretBox }
  const common = {
    submit: makeSubmit(submitDeps),
    preview: makePreview({ ...intakeDeps, callTimeoutMs }),
    queries: makeProviderQueries({ service, driverOf, secretsOf: deps.secrets.of, callTimeoutMs, noteAccess }),
    resolve: makeResolve({ kinds, reads, idSpaceOf, resolutions: makeResolutionsRepository(prisma), notifier, hint }),
    waits: makeWaitLimit(settings.waiting),
    streams: { ...makeStreamLimit(settings.streaming), ended: notifier.ended },
  }
  return {
    events: {
      feed,
      open: (audience, lifetime) => openFeedStream({ feed, tails, clock }, audience, lifetime),
      streams: common.streams,
    },
    jobs: {
      ...common,
      schemas: makeJobSchemas(optionSchemasOf(providers, 'job')),
      service,
      submitBatch: makeSubmitBatch(submitDeps),
      batchLimitBytes: settings.batchLimitBytes,
      importObject: makeImport({ ...importDeps, kind: jobKind }),
      cancelJobs: makeCancelJobs({ ...actionDeps, kind: jobKind, repository: makeCancelJobsRepository(sql) }),
      records: makeRecordsApi<'job'>({ ...recordDeps, kind: jobKind, actionsOf: jobActions }),
    },
    environments: {
      ...common,
      schemas: makeEnvironmentSchemas(optionSchemasOf(providers, 'environment')),
      service: makeEnvironmentService({ workloads: service, reads }),
      importObject: makeImport({ ...importDeps, kind: environmentKind }),
      records: makeRecordsApi<'environment'>({ ...recordDeps, kind: environmentKind, actionsOf: environmentActions }),
    },
  }
}
