import type { ProviderError } from '../../providers/provider-error.ts'
import type { Action, Kind } from '../../vocabulary/kinds.ts'
import type { Change, Facts, WorkloadKind } from '../kind.ts'
import type { Workload, WorkloadError } from '../workload.ts'
import { afterCreate, afterFailedCreate, afterFind } from './apply-create-outcome.ts'
import { describeError, retryLater } from './failed-call.ts'
import { failureDecisionOf, type Operation } from './failure-policy.ts'
import { afterNotFound } from './missing-remote.ts'
import { observed } from './observe.ts'
import type { Applied, Outcome } from './outcome.ts'
import { after } from './poll-intervals.ts'

/** Applies an outcome to a workload. Pure. `dueAt` is absent if the kind's next step decides it. */
export function applyOutcome<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  outcome: Outcome<K>,
): Applied<K> {
  switch (outcome.did) {
    case 'create':
      return afterCreate(kind, workload, facts, outcome.created)
    case 'find':
      return afterFind(kind, workload, facts, outcome)
    case 'get':
      return {
        change:
          outcome.seen === 'gone'
            ? afterNotFound(kind, workload, facts)
            : observed(kind, workload, outcome.seen, facts),
        attemptResult: null,
      }
    case 'control':
      return { change: controlled(kind, workload, facts, outcome), attemptResult: null }
    case 'update':
      return { change: updated(workload), attemptResult: null }
    case 'settle':
      return { change: outcome.change, attemptResult: null }
    case 'fail':
      return afterFailure(kind, workload, facts, outcome)
    default:
      return outcome satisfies never
  }
}

function afterFailure<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  { operation, error, pointer }: { operation: Operation; error: ProviderError; pointer?: string },
): Applied<K> {
  const providerError = describeError(workload, error, pointer)
  const decision = failureDecisionOf(operation, error)
  if (operation === 'create') return afterFailedCreate(kind, workload, facts, { error, providerError, decision })
  if (decision === 'gone' && workload.remoteId !== null)
    return { change: afterNotFound(kind, workload, facts), attemptResult: null }
  // A limit that Switchyard enforces is not a client request that can be rejected: it is retried ever more slowly.
  if (decision === 'final' && workload.enforcing === null)
    return { change: actionRejected(workload, providerError, facts.now), attemptResult: null }
  return { change: retryLater(workload, facts, error), attemptResult: null }
}

/** The provider accepted the action, which is now in progress. */
function controlled<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  { action, isIntermediate }: { action: Action<K>; isIntermediate: boolean },
): Change<K> {
  const fresh = kind.restartedBy.includes(action) ? { startedAt: null, endedAt: null, enforcing: null } : {}
  return {
    ...fresh,
    status: kind.inFlight[action],
    reason: null,
    message: null,
    observedGeneration: isIntermediate ? workload.observedGeneration : workload.generation,
    lastActionAt: facts.now,
    nextAttemptAt: null,
    failures: 0,
    dueAt: after(facts.now, facts.pollIntervals.quickMs),
  }
}

/** The object matches the spec; it is read again right away. */
function updated<K extends Kind>(workload: Workload<K>): Change<K> {
  const { specVersion: appliedSpecVersion } = workload
  return { appliedSpecVersion, rawState: null, nextAttemptAt: null, failures: 0 }
}

/** The provider rejected the action. The workload stays as it is, and a new request may retry. */
function actionRejected<K extends Kind>(workload: Workload<K>, error: WorkloadError, now: Date): Change<K> {
  return {
    lastActionAt: now,
    reason: 'provider_refused',
    message: error.message,
    observedGeneration: workload.generation,
    appliedSpecVersion: workload.specVersion,
    nextAttemptAt: null,
    failures: 0,
  }
}
