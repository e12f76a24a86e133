import type { Created } from '../../providers/intent.ts'
import type { Found, Observation } from '../../providers/observation.ts'
import type { ProviderError } from '../../providers/provider-error.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import type { Change, Facts, WorkloadKind } from '../kind.ts'
import type { AttemptOutcome, Workload, WorkloadError } from '../workload.ts'
import { adopted, canceledChange, isCanceledBeforeDispatch } from './creation.ts'
import { maxRetryMs, retryLater } from './failed-call.ts'
import type { FailureDecision } from './failure-policy.ts'
import { observed } from './observe.ts'
import type { Applied, AttemptResult } from './outcome.ts'
import { after, backoffMs, pollDelayMs } from './poll-intervals.ts'

/** After this long without a conclusive search, the workload waits for an operator. */
const operatorAfterMs = 3_600_000
/** Attempts that created nothing before retries are delayed. */
const triesWithoutPause = 3

/** Applies the provider's response to a create. */
export function afterCreate<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  created: Created<K>,
): Applied<K> {
  const attemptResult = attemptResultOf(facts, 'created', created.remoteId, null)
  if (created.remoteId === null) {
    return {
      change: { reason: 'outcome_unknown', message: null, dueAt: after(facts.now, facts.pollIntervals.quickMs) },
      attemptResult,
    }
  }
  const change = adopted(kind, workload, created.remoteId, facts.now)
  if (created.seen === undefined) return { change, attemptResult }
  return { change: { ...change, ...observed(kind, { ...workload, ...change }, created.seen, facts) }, attemptResult }
}

/** Applies the result of a search for the object of an attempt. */
export function afterFind<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  { found, absenceConclusive }: { found: Found<K>; absenceConclusive: 'yes' | 'too_early' | 'too_late' },
): Applied<K> {
  if ('found' in found) return afterFound(kind, workload, facts, found.found)
  if ('absent' in found && found.nameIsTaken === true && hadNameConflict(facts))
    return afterAbsent(kind, workload, facts)
  if ('absent' in found && absenceConclusive === 'yes')
    return confirmAbsence(workload, facts) ?? afterAbsent(kind, workload, facts)
  if ('absent' in found && absenceConclusive === 'too_late') {
    return {
      change: parked('The provider deletes records of finished work, so their absence is not conclusive.'),
      attemptResult: null,
    }
  }
  return { change: searchAgain(facts, 'inconclusive' in found ? found.inconclusive : null), attemptResult: null }
}

function afterFound<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  found: readonly Observation<K>[],
): Applied<K> {
  const [only, ...others] = found
  if (only === undefined || others.length > 0)
    return {
      change: parked(`${found.length} objects at the provider match this record${namesOf(found)}.`),
      attemptResult: null,
    }
  const adoption = adopted(kind, workload, only.remoteId, facts.now)
  const seen = observed(kind, { ...workload, ...adoption }, only, facts)
  const attemptResult = attemptResultOf(facts, 'recovered', only.remoteId, null)
  const isUntagged = only.correlationTag !== workload.correlationTag
  return { change: { ...adoption, ...seen }, attemptResult: attemptResult && { ...attemptResult, isUntagged } }
}

/** How many objects a message names. */
const maxNamed = 5

function namesOf(found: readonly Pick<Observation, 'remoteId'>[]): string {
  const named = found.slice(0, maxNamed).map(({ remoteId }) => remoteId.slice(0, 128))
  return named.length === 0 ? '' : `: ${named.join(', ')}${found.length > maxNamed ? ', …' : ''}`
}

/**
 * The provider reported a name conflict, only this attempt can have created anything, and the list shows another owner:
 * neither list lag nor a late create can change that. If an earlier attempt is in doubt, the object could be our own,
 * so a conclusive absence is required.
 */
function hadNameConflict<K extends Kind>({ attempt, attemptsInDoubt, traits }: Facts<K>): boolean {
  return (
    traits.uniqueNames && attemptsInDoubt === 1 && attempt?.outcome === 'unknown' && attempt.error?.code === 'conflict'
  )
}

/** The list may have been empty for a moment, so absence counts only when a later scan confirms it. */
function confirmAbsence<K extends Kind>(
  { missingSince }: Workload<K>,
  { now, pollIntervals }: Facts<K>,
): Applied<K> | null {
  const at = after(missingSince ?? now, pollIntervals.confirmGoneMs)
  if (missingSince !== null && now >= at) return null
  const change: Change<K> = { reason: 'outcome_unknown', message: null, nextAttemptAt: at, dueAt: at }
  return { change: { ...change, missingSince: missingSince ?? now }, attemptResult: null }
}

/** Nothing was created: retry, fail if another owner has the name, or end if canceled. */
function afterAbsent<K extends Kind>(kind: WorkloadKind<K>, workload: Workload<K>, facts: Facts<K>): Applied<K> {
  const error = facts.attempt?.error ?? null
  if (isCanceledBeforeDispatch(kind, workload))
    return {
      change: canceledChange(kind, workload, facts.now),
      attemptResult: attemptResultOf(facts, 'not_created', null, error),
    }
  if (error?.code === 'conflict')
    return { change: rejected(kind, facts, error), attemptResult: attemptResultOf(facts, 'rejected', null, error) }
  return { change: retried(kind, facts, error), attemptResult: attemptResultOf(facts, 'not_created', null, error) }
}

/**
 * Retries ever more slowly and keeps the provider's last error, if the provider creates nothing without rejecting.
 * Rejected attempts, and those that were never sent, do not count.
 */
function retried<K extends Kind>(
  kind: WorkloadKind<K>,
  { attemptsInDoubt: tries, now, pollIntervals }: Facts<K>,
  error: WorkloadError | null,
): Change<K> {
  const change: Change<K> = { status: kind.waiting, missingSince: null, nextAttemptAt: null }
  if (error === null || tries < triesWithoutPause) return { ...change, reason: null, message: null }
  const at = after(now, backoffMs(tries - triesWithoutPause, pollIntervals.slowMs, maxRetryMs))
  return { ...change, reason: 'outcome_unknown', message: error.message, nextAttemptAt: at, dueAt: at }
}

/** Applies a failed create. */
export function afterFailedCreate<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  { error, providerError, decision }: { error: ProviderError; providerError: WorkloadError; decision: FailureDecision },
): Applied<K> {
  if (decision === 'find' || decision === 'gone') {
    const reason: Reason = 'outcome_unknown'
    return {
      change: { reason, message: error.message, dueAt: after(facts.now, facts.pollIntervals.quickMs) },
      attemptResult: attemptResultOf(facts, 'unknown', null, providerError),
    }
  }
  if (decision === 'final')
    return {
      change: rejected(kind, facts, providerError),
      attemptResult: attemptResultOf(facts, 'rejected', null, providerError),
    }
  const attemptResult = attemptResultOf(facts, error.notSent ? 'not_sent' : 'rejected', null, providerError)
  return {
    change: { status: kind.waiting, exclusivityKey: null, ...retryLater(workload, facts, error) },
    attemptResult,
  }
}

function rejected<K extends Kind>(kind: WorkloadKind<K>, facts: Facts<K>, error: WorkloadError): Change<K> {
  return {
    status: kind.rejected,
    reason: 'provider_refused',
    message: error.message,
    error,
    missingSince: null,
    exclusivityKey: null,
    nextAttemptAt: null,
    endedAt: facts.now,
  }
}

function searchAgain<K extends Kind>(facts: Facts<K>, why: string | null): Change<K> {
  const sentAt = facts.attempt?.startedAt ?? facts.now
  const giveUpAt = after(facts.attempt?.absenceConclusiveAt ?? facts.now, operatorAfterMs)
  if (facts.now > giveUpAt) return parked(why ?? 'The provider did not report whether it was created.')
  const waitedMs = facts.now.getTime() - sentAt.getTime()
  const at = after(facts.now, pollDelayMs(waitedMs, facts.pollIntervals.quickMs, facts.pollIntervals.slowMs))
  return { reason: 'outcome_unknown', message: why, nextAttemptAt: at, dueAt: at }
}

/** Only an operator can resolve it, so it is no longer polled. */
function parked<K extends Kind>(why: string): Change<K> {
  const message = `${why} Operator action required: inspect the provider, then call resolve.`
  return { reason: 'outcome_unknown', message, nextAttemptAt: null, dueAt: null }
}

function attemptResultOf<K extends Kind>(
  facts: Facts<K>,
  outcome: AttemptOutcome,
  remoteId: string | null,
  error: WorkloadError | null,
): AttemptResult | null {
  return facts.attempt === null ? null : { number: facts.attempt.number, outcome, remoteId, error }
}
