import type { OperatorRoutesDeps } from '../operator/operator.routes.ts'
import type { OpenSecrets } from '../secrets/secret-variables.ts'
import { makeCandidateFactsRepository } from '../workloads/actions/candidate-facts.repository.ts'
import { makeFindCandidates } from '../workloads/actions/candidates.ts'
import type { Resolve } from '../workloads/actions/resolve.ts'
import { makeResolveAttention } from '../workloads/actions/resolve-attention.ts'
import { makeCreationHoldsRepository } from '../workloads/maintenance/creation-holds.repository.ts'
import { makeCreationHolds } from '../workloads/maintenance/creation-holds.ts'
import { makeAttentionRepository } from '../workloads/store/attention.repository.ts'
import type { ReadsRepository } from '../workloads/store/reads.repository.ts'
import type { makeConnections } from './connections.ts'
import type { ContainerDeps } from './deps.ts'
import { kinds } from './workloads.ts'

interface OperatorDeps extends Pick<ContainerDeps, 'database' | 'settings' | 'logger'> {
  connections: Pick<ReturnType<typeof makeConnections>, 'opened'>
  secrets: OpenSecrets
  reads: ReadsRepository
  resolve: Resolve
  providerIds: readonly string[]
}

/** Operations of operators across projects. */
export function makeOperator({
  database,
  settings,
  logger,
  connections,
  secrets,
  reads,
  resolve,
  providerIds,
}: OperatorDeps): OperatorRoutesDeps {
  const attention = makeAttentionRepository(database.sql)
  return {
    holds: makeCreationHolds({
      repository: makeCreationHoldsRepository(database.prisma),
      providerIds,
      onWakeFailure: (error, holdId) => logger.warn({ err: error, holdId }, 'held workloads not woken; will retry'),
    }),
    attention: {
      attention,
      resolve: makeResolveAttention({
        ...{ attention, resolve },
        onError: (error, workloadId) => logger.error({ err: error, workloadId }, 'workload not resolved'),
      }),
      findCandidates: makeFindCandidates({
        ...{ attention, reads, facts: makeCandidateFactsRepository(database.sql), secretsOf: secrets.of },
        driverOf: connections.opened.driverOf,
        dispatchingStatusOf: (kind) => kinds[kind].dispatchingStatus,
        callTimeoutMs: settings.timing.callTimeoutMs,
      }),
    },
  }
}
