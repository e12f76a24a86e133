import { isDeepStrictEqual } from 'node:util'
import type { Observation } from '../../providers/observation.ts'
import type { Json } from '../../vocabulary/json.ts'
import type { Kind, Status } from '../../vocabulary/kinds.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import { isAllowed, isTerminal } from '../../vocabulary/transitions.ts'
import type { Change, Facts, WorkloadKind } from '../kind.ts'
import type { EngineState, Workload } from '../workload.ts'
import { sanitizeObservation, withKept } from './sanitize-observation.ts'

/**
 * Applies an observation of the remote object. Pure. Unknown states and forbidden transitions change only the raw
 * state.
 */
export function observed<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  seen: Observation<K>,
  facts: Pick<Facts<K>, 'now' | 'pollIntervals'>,
): Change<K> {
  return withPayload(workload, seen, changeOf(kind, workload, seen, facts))
}

/** Adds the payload of the observation, computed only here. */
export function withPayload<K extends Kind>(
  { remotePayload }: Workload<K>,
  seen: Observation<K>,
  change: Change<K>,
): Change<K> {
  return { ...change, remotePayload: withKept(sanitizeObservation(seen), remotePayload) }
}

/** `observed` without the payload, which alone is not a change. */
export function changeOf<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  seen: Observation<K>,
  facts: Pick<Facts<K>, 'now' | 'pollIntervals'>,
): Change<K> {
  const clean = sanitizeObservation(seen)
  const change = inOrder(workload, {
    ...details(kind, workload, clean, facts.now),
    ...interpret(kind, workload, clean, facts),
  })
  return isBackingOff(workload, change, facts.now) ? withoutBackoff(change) : change
}

/** Nothing ends before it starts: the two times may come from two clocks, or from fields of different precision. */
function inOrder<K extends Kind>(workload: Workload<K>, change: Change<K>): Change<K> {
  const { startedAt = workload.startedAt, endedAt = workload.endedAt } = change
  if (startedAt === null || endedAt === null || endedAt >= startedAt) return change
  return { ...change, endedAt: startedAt }
}

/** A failed action or update is backing off: an observation without a new status must not make it due. */
function isBackingOff<K extends Kind>({ nextAttemptAt, status }: Workload<K>, change: Change<K>, now: Date): boolean {
  return nextAttemptAt !== null && nextAttemptAt > now && (change.status ?? status) === status
}

/** Leaves `dueAt` as it is in the row. */
function withoutBackoff<K extends Kind>({
  failures: _,
  nextAttemptAt: __,
  reason: ___,
  message: ____,
  ...rest
}: Change<K>): Change<K> {
  return rest
}

/** Whether an observation changes anything. Unchanged workloads cost no write. */
export function isChange<K extends Kind>(workload: Workload<K>, change: Change<K>): boolean {
  const { observedAt: _, remotePayload: __, ...compared } = change
  return Object.entries(compared).some(
    ([key, value]) => !isDeepStrictEqual(value, workload[key as keyof EngineState<K>]),
  )
}

/**
 * An object with our id and another correlation tag belongs to another owner: ids can be reused. So does one without a
 * tag whose identity has changed; without an identity its tag may have been removed in the provider's console.
 */
export function belongsToOther(
  { imported, correlationTag, remoteIdentity }: Pick<Workload, 'imported' | 'correlationTag' | 'remoteIdentity'>,
  seen: Pick<Observation, 'correlationTag' | 'identity'>,
): boolean {
  if (!imported && seen.correlationTag === correlationTag) return false
  if (!imported && seen.correlationTag !== undefined && seen.correlationTag !== null) return true
  if (!imported && seen.correlationTag === undefined) return false
  return remoteIdentity !== null && seen.identity !== undefined && seen.identity !== remoteIdentity
}

function details<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  seen: Observation<K>,
  now: Date,
): Change<K> {
  const startedAt = seen.startedAt ?? workload.startedAt
  return {
    rawState: seen.rawState,
    observedAt: now,
    missingSince: null,
    nextAttemptAt: null,
    failures: 0,
    remoteName: seen.remoteName ?? workload.remoteName,
    remoteIdentity: seen.identity ?? workload.remoteIdentity,
    startedAt: startedAt ?? (seen.status === kind.running ? now : null),
    exitCode: seen.exitCode ?? workload.exitCode,
    signal: seen.signal ?? workload.signal,
    ...(seen.tasks === undefined ? {} : { tasks: seen.tasks as unknown as Json }),
    ...(seen.result === undefined ? {} : { result: seen.result }),
  }
}

function interpret<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  seen: Observation<K>,
  facts: Pick<Facts<K>, 'now' | 'pollIntervals'>,
): Change<K> {
  if (seen.status === null) return { reason: 'unrecognized_remote_state', message: seen.message ?? null }
  const meaning = kind.interpret(workload, {
    status: seen.status,
    reason: seen.reason ?? null,
    startedAt: seen.startedAt ?? workload.startedAt,
    now: facts.now,
  })
  if (!isAllowed(kind.transitions, workload.status, meaning.status)) return inFlightMessage(kind, workload, seen)
  if (isOutdated(kind, workload, meaning.status, facts)) return {}
  return settled(kind, workload, seen, { ...meaning, now: facts.now })
}

/** Why an action in progress shows no effect yet, if the provider reports it. */
function inFlightMessage<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  { message }: Observation<K>,
): Change<K> {
  const isInFlight = Object.values(kind.inFlight).includes(workload.status)
  return isInFlight && message !== undefined ? { message } : {}
}

function settled<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  seen: Observation<K>,
  { status, reason, now }: { status: Status<K>; reason: Reason | null; now: Date },
): Change<K> {
  const message = seen.message ?? null
  const isFailure = status === kind.rejected
  const failure = {
    code: reason ?? ('provider_refused' as const),
    message: message ?? 'The provider reported a failure.',
    retryable: false,
  }
  const isOver = isTerminal(kind.transitions, status)
  return {
    status,
    reason: reason ?? keptReason(workload, status),
    message: message ?? (status === workload.status && reason === null ? keptMessage(workload) : null),
    error: isFailure ? failure : null,
    endedAt: isOver ? (seen.endedAt ?? workload.endedAt ?? now) : null,
    ...(isOver ? { exclusivityKey: null } : {}),
  }
}

/** A rejected request, and a job that was requeued, keep their reason as long as the status lasts. */
function keptReason<K extends Kind>({ status, reason }: Workload<K>, now: Status<K>): Reason | null {
  return status === now && (reason === 'provider_refused' || reason === 'requeued') ? reason : null
}

function keptMessage<K extends Kind>(workload: Workload<K>): string | null {
  return workload.reason === 'provider_refused' ? workload.message : null
}

/** A list may lag behind the action that was just sent. */
function isOutdated<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  to: Status<K>,
  { now, pollIntervals }: Pick<Facts<K>, 'now' | 'pollIntervals'>,
): boolean {
  const isBackward = kind.outdatedBy[workload.status]?.includes(to) ?? false
  return (
    isBackward &&
    workload.lastActionAt !== null &&
    now.getTime() < workload.lastActionAt.getTime() + pollIntervals.resendMs
  )
}
