import type { Kind } from '../../vocabulary/kinds.ts'
import type { Change, Facts, Step, WorkloadKind } from '../kind.ts'
import type { Attempt, Workload } from '../workload.ts'
import { after } from './poll-intervals.ts'

/**
 * Decides what follows for a workload without a remote object, for both kinds. A create is sent only if no earlier
 * attempt can have created anything.
 */
export function creationStep<K extends Kind>(kind: WorkloadKind<K>, workload: Workload<K>, facts: Facts<K>): Step<K> {
  const { attempt } = facts
  if (workload.status === kind.dispatchingStatus && attempt !== null)
    return afterAttempt(kind, workload, facts, attempt)
  if (workload.status === kind.waiting && hasCreated(attempt))
    return { do: 'settle', change: { status: kind.dispatchingStatus } }
  return beforeSending(kind, workload, facts)
}

/** The response arrived late: the object became known just before a retry. */
export function hasCreated(attempt: Attempt | null): boolean {
  return attempt !== null && attempt.remoteId !== null
}

/** Fallback poll interval while held; lifting a hold wakes the workload. */
const heldRecheckMs = 60_000

function beforeSending<K extends Kind>(kind: WorkloadKind<K>, workload: Workload<K>, facts: Facts<K>): Step<K> {
  if (isCanceledBeforeDispatch(kind, workload))
    return { do: 'settle', change: canceledChange(kind, workload, facts.now) }
  return pausedUntil(workload, facts) ?? heldCreation(facts) ?? { do: 'create' }
}

/**
 * Decides what follows from the outcome of the latest attempt. One without an outcome was left by a process that ended.
 */
function afterAttempt<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  attempt: Attempt,
): Step<K> {
  switch (attempt.outcome) {
    case 'created':
    case 'recovered':
      return attempt.remoteId === null
        ? find(workload, facts)
        : { do: 'settle', change: adopted(kind, workload, attempt.remoteId, facts.now) }
    case 'rejected':
      if (attempt.error?.retryable) return beforeSending(kind, workload, facts)
      return { do: 'settle', change: afterRejection(kind, workload, attempt, facts.now) }
    case 'not_sent':
    case 'not_created':
      return beforeSending(kind, workload, facts)
    case 'unknown':
    case null:
      return find(workload, facts)
    default:
      return attempt.outcome satisfies never
  }
}

function find<K extends Kind>(workload: Workload<K>, facts: Facts<K>): Step<K> {
  return pausedUntil(workload, facts) ?? { do: 'find' }
}

/** Poll interval of creates that an operator holds: their number may be large, and the release wakes them. */
const heldCreationRecheckMs = 600_000

/** What exists is still watched, and requests to change or end it are carried out. */
function heldCreation<K extends Kind>({ isCreationHeld, now }: Facts<K>): Step<K> | null {
  if (!isCreationHeld) return null
  const message = 'An operator holds new creates. It is sent once the hold is released.'
  return { do: 'wait', until: after(now, heldCreationRecheckMs), reason: 'held', message }
}

/** A hold or a paused connection makes its workloads wait, visibly. */
export function pausedUntil<K extends Kind>({ held }: Pick<Workload<K>, 'held'>, facts: Facts<K>): Step<K> | null {
  if (held || facts.connection.isHeld) return { do: 'wait', until: after(facts.now, heldRecheckMs), reason: 'held' }
  const { notBefore, pauseReason } = facts.connection
  if (notBefore === null || notBefore <= facts.now) return null
  return { do: 'wait', until: notBefore, reason: pauseReason ?? 'provider_unavailable' }
}

export function isCanceledBeforeDispatch<K extends Kind>(kind: WorkloadKind<K>, workload: Workload<K>): boolean {
  return kind.cancelingRequests.includes(workload.desired)
}

/** Canceled before anything was created. */
export function canceledChange<K extends Kind>(kind: WorkloadKind<K>, workload: Workload<K>, now: Date): Change<K> {
  return {
    status: kind.canceledBeforeDispatch,
    reason: null,
    message: null,
    observedGeneration: workload.generation,
    missingSince: null,
    exclusivityKey: null,
    nextAttemptAt: null,
    endedAt: now,
    dueAt: null,
  }
}

/** From here on, the object is known by its remote id and watched in the connection's list. */
export function adopted<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  remoteId: string,
  now: Date,
): Change<K> {
  return {
    status: kind.accepted,
    reason: null,
    message: null,
    remoteId,
    ...(remoteId === workload.remoteId ? {} : { remoteIdentity: null }),
    dispatchedAt: workload.dispatchedAt ?? now,
    missingSince: null,
    nextAttemptAt: null,
    failures: 0,
    error: null,
  }
}

function afterRejection<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  attempt: Attempt,
  now: Date,
): Change<K> {
  if (isCanceledBeforeDispatch(kind, workload)) return canceledChange(kind, workload, now)
  return {
    status: kind.rejected,
    reason: 'provider_refused',
    message: attempt.error?.message ?? null,
    error: attempt.error,
    exclusivityKey: null,
    nextAttemptAt: null,
    endedAt: now,
    dueAt: null,
  }
}
