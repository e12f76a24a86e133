import type { Created, Found, Observation } from '../providers/provider.ts'
import type { ProviderError } from '../providers/provider-error.ts'
import type { Kind, Verb } from '../vocabulary/kinds.ts'
import type { Reason } from '../vocabulary/reasons.ts'
import { cleanText } from './clean-sighting.ts'
import { adopted, calledOff, isCalledOff } from './creation.ts'
import { isRetryable, type Operation, verdictOf, waitingReason } from './failure-policy.ts'
import { goneSinceOf } from './follow-up.ts'
import type { Change, Facts, WorkloadKind } from './kind.ts'
import { observed } from './observe.ts'
import { after, backoffMs, lookAgainMs } from './tempo.ts'
import type { AttemptOutcome, Workload, WorkloadError } from './workload.ts'

/** What became of an action. `absentCounts`: the walk was late enough to prove something, and not too late. */
export type Outcome<K extends Kind = Kind> =
  | { readonly did: 'create'; readonly created: Created<K> }
  | { readonly did: 'find'; readonly found: Found<K>; readonly absentCounts: 'yes' | 'too_early' | 'too_late' }
  | { readonly did: 'get'; readonly seen: Observation<K> | 'gone' }
  | { readonly did: 'control'; readonly verb: Verb<K>; readonly step: boolean }
  | { readonly did: 'update' }
  | { readonly did: 'settle'; readonly change: Change<K> }
  | {
      readonly did: 'fail'
      readonly operation: Operation
      readonly error: ProviderError
      /** A JSON pointer to what of the request the provider blames. */
      readonly pointer?: string
    }

/** What is written to the ledger of attempts, whoever holds the lease. */
export interface Answer {
  number: number
  outcome: AttemptOutcome
  remoteId: string | null
  error: WorkloadError | null
}

export interface Absorbed<K extends Kind = Kind> {
  change: Change<K>
  answer: Answer | null
}

/** An undecided create is looked for this long after it settled; then it waits for an operator. */
const parkAfterMs = 3_600_000
/** A create of which nothing came is sent again so often without a pause. */
const triesWithoutPause = 3
/** Tries that wait for the provider double up to this. */
const slowestRetryMs = 300_000

/** What an outcome makes of a workload. Pure. `dueAt` is left out where the kind's next action decides it. */
export function absorb<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  outcome: Outcome<K>,
): Absorbed<K> {
  switch (outcome.did) {
    case 'create':
      return afterCreate(kind, workload, facts, outcome.created)
    case 'find':
      return afterFind(kind, workload, facts, outcome)
    case 'get':
      return {
        change:
          outcome.seen === 'gone' ? notThere(kind, workload, facts) : observed(kind, workload, outcome.seen, facts),
        answer: null,
      }
    case 'control':
      return { change: controlled(kind, workload, facts, outcome), answer: null }
    case 'update':
      return { change: updated(workload), answer: null }
    case 'settle':
      return { change: outcome.change, answer: null }
    case 'fail':
      return afterFailure(kind, workload, facts, outcome)
    default:
      return outcome satisfies never
  }
}

function afterCreate<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  created: Created<K>,
): Absorbed<K> {
  const answer = answerOf(facts, 'created', created.remoteId, null)
  if (created.remoteId === null) {
    return {
      change: { reason: 'outcome_unknown', message: null, dueAt: after(facts.now, facts.tempo.quickMs) },
      answer,
    }
  }
  const change = adopted(kind, workload, created.remoteId, facts.now)
  if (created.seen === undefined) return { change, answer }
  const { dueAt: _, ...taken } = change
  return { change: { ...taken, ...observed(kind, { ...workload, ...taken }, created.seen, facts) }, answer }
}

function afterFind<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  { found, absentCounts }: { found: Found<K>; absentCounts: 'yes' | 'too_early' | 'too_late' },
): Absorbed<K> {
  if ('found' in found) {
    const [only, ...others] = found.found
    if (only === undefined || others.length > 0)
      return { change: parked(`${found.found.length} objects at the provider may be this one.`), answer: null }
    const { dueAt: _, ...taken } = adopted(kind, workload, only.remoteId, facts.now)
    const seen = observed(kind, { ...workload, ...taken }, only, facts)
    return { change: { ...taken, ...seen }, answer: answerOf(facts, 'found', only.remoteId, null) }
  }
  if ('absent' in found && absentCounts === 'yes') return afterAbsent(kind, workload, facts)
  if ('absent' in found && absentCounts === 'too_late') {
    return { change: parked('The provider forgets ended work, so its silence proves nothing any more.'), answer: null }
  }
  return { change: lookAgain(facts, 'inconclusive' in found ? found.inconclusive : null), answer: null }
}

/** Nothing was made: send again, give up where the name is taken by somebody else, or end what was called off. */
function afterAbsent<K extends Kind>(kind: WorkloadKind<K>, workload: Workload<K>, facts: Facts<K>): Absorbed<K> {
  const error = facts.attempt?.error ?? null
  if (isCalledOff(kind, workload))
    return { change: calledOff(kind, workload, facts.now), answer: answerOf(facts, 'absent', null, error) }
  if (error?.code === 'conflict')
    return { change: refused(kind, facts, error), answer: answerOf(facts, 'refused', null, error) }
  return { change: sentAgain(kind, facts, error), answer: answerOf(facts, 'absent', null, error) }
}

/** A provider that makes nothing and never says no is asked ever more rarely; what it said last stays to be read. */
function sentAgain<K extends Kind>(
  kind: WorkloadKind<K>,
  { attempt, now, tempo }: Facts<K>,
  error: WorkloadError | null,
): Change<K> {
  const tries = attempt?.number ?? 1
  if (error === null || tries < triesWithoutPause) return { status: kind.waiting, reason: null, message: null }
  const at = after(now, backoffMs(tries - triesWithoutPause, tempo.slowMs, slowestRetryMs))
  return {
    status: kind.waiting,
    reason: 'outcome_unknown',
    message: error.message,
    nextAttemptAt: at,
    dueAt: at,
  }
}

function afterFailure<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  { operation, error, pointer }: { operation: Operation; error: ProviderError; pointer?: string },
): Absorbed<K> {
  const said = describeError(workload, error, pointer)
  const verdict = verdictOf(operation, error)
  if (operation === 'create') return afterFailedCreate(kind, workload, facts, { error, said, verdict })
  if (verdict === 'gone' && workload.remoteId !== null) return { change: notThere(kind, workload, facts), answer: null }
  // A limit that Switchyard enforces is no wish that could be given up: it is tried on, ever more slowly.
  if (verdict === 'final' && workload.enforcing === null)
    return { change: wishRefused(workload, said, facts.now), answer: null }
  return { change: tryAgain(workload, facts, error), answer: null }
}

function afterFailedCreate<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  { error, said, verdict }: { error: ProviderError; said: WorkloadError; verdict: ReturnType<typeof verdictOf> },
): Absorbed<K> {
  if (verdict === 'find' || verdict === 'gone') {
    const reason: Reason = 'outcome_unknown'
    return {
      change: { reason, message: error.message, dueAt: after(facts.now, facts.tempo.quickMs) },
      answer: answerOf(facts, 'unknown', null, said),
    }
  }
  if (verdict === 'final') return { change: refused(kind, facts, said), answer: answerOf(facts, 'refused', null, said) }
  const answer = answerOf(facts, error.notSent ? 'not_sent' : 'refused', null, said)
  return { change: { status: kind.waiting, exclusiveKey: null, ...tryAgain(workload, facts, error) }, answer }
}

function refused<K extends Kind>(kind: WorkloadKind<K>, facts: Facts<K>, error: WorkloadError): Change<K> {
  return {
    status: kind.refused,
    reason: 'provider_refused',
    message: error.message,
    error,
    exclusiveKey: null,
    nextAttemptAt: null,
    endedAt: facts.now,
  }
}

/** The object is as the spec says; what that makes of it is looked at right away. */
function updated<K extends Kind>(workload: Workload<K>): Change<K> {
  const { specVersion: appliedSpecVersion } = workload
  return { appliedSpecVersion, rawState: null, nextAttemptAt: null, failures: 0 }
}

/** The verb took: what it does is under way. */
function controlled<K extends Kind>(
  kind: WorkloadKind<K>,
  workload: Workload<K>,
  facts: Facts<K>,
  { verb, step }: { verb: Verb<K>; step: boolean },
): Change<K> {
  const fresh = kind.restartedBy.includes(verb) ? { startedAt: null, endedAt: null, enforcing: null } : {}
  return {
    ...fresh,
    status: kind.inFlight[verb],
    reason: null,
    message: null,
    carriedGeneration: step ? workload.carriedGeneration : workload.generation,
    controlledAt: facts.now,
    nextAttemptAt: null,
    failures: 0,
    dueAt: after(facts.now, facts.tempo.quickMs),
  }
}

/** The provider will not do it; the workload goes on as it is, and a new wish may try again. */
function wishRefused<K extends Kind>(workload: Workload<K>, error: WorkloadError, now: Date): Change<K> {
  return {
    controlledAt: now,
    reason: 'provider_refused',
    message: error.message,
    carriedGeneration: workload.generation,
    appliedSpecVersion: workload.specVersion,
    nextAttemptAt: null,
    failures: 0,
  }
}

function tryAgain<K extends Kind>(workload: Workload<K>, facts: Facts<K>, error: ProviderError): Change<K> {
  const waitMs = error.retryAfterMs ?? backoffMs(workload.failures, facts.tempo.quickMs, slowestRetryMs)
  const at = after(facts.now, waitMs)
  return {
    reason: waitingReason(error.code),
    message: cleanText(error.message),
    failures: workload.failures + 1,
    nextAttemptAt: at,
    dueAt: at,
  }
}

/** Not shown by the provider: believed after two spaced looks. While it is being deleted one is enough, mostly. */
function notThere<K extends Kind>(kind: WorkloadKind<K>, workload: Workload<K>, facts: Facts<K>): Change<K> {
  const meaning = kind.whenGone(workload)
  const isExpected = meaning.reason === null
  const missingSince = (isExpected ? workload.missingSince : goneSinceOf(workload)) ?? facts.now
  const believedAt = isExpected
    ? staysGoneFrom(kind, workload, facts, laterOf(missingSince, workload.controlledAt))
    : after(missingSince, facts.tempo.confirmGoneMs)
  if (facts.now < believedAt)
    return { ...(isExpected ? {} : { reason: 'missing_remotely' }), missingSince, dueAt: believedAt }
  return {
    ...meaning,
    message: null,
    rawState: null,
    missingSince: null,
    exclusiveKey: null,
    nextAttemptAt: null,
    endedAt: workload.endedAt ?? facts.now,
  }
}

/**
 * Where a start makes anew what is gone, one that was given up on may still be carried out: until then gone is not for
 * good. Each start is a wish of its own, so there was none before a first wish.
 */
function staysGoneFrom<K extends Kind>(
  kind: WorkloadKind<K>,
  { generation }: Workload<K>,
  { traits, verbs }: Facts<K>,
  goneSince: Date,
): Date {
  const mayBeStarted = generation > 1 && kind.restartedBy.some((verb) => verbs.includes(verb))
  const isMadeAnew = traits.reusesIds === true && mayBeStarted
  return after(goneSince, isMadeAnew ? traits.maxProcessingMs + traits.listLagMs : 0)
}

function laterOf(a: Date, b: Date | null): Date {
  return b === null || a > b ? a : b
}

function lookAgain<K extends Kind>(facts: Facts<K>, why: string | null): Change<K> {
  const sentAt = facts.attempt?.startedAt ?? facts.now
  const giveUpAt = after(facts.attempt?.settledAt ?? facts.now, parkAfterMs)
  if (facts.now > giveUpAt) return parked(why ?? 'The provider did not show whether it was created.')
  const waitedMs = facts.now.getTime() - sentAt.getTime()
  const at = after(facts.now, lookAgainMs(waitedMs, facts.tempo.quickMs, facts.tempo.slowMs))
  return { reason: 'outcome_unknown', message: why, nextAttemptAt: at, dueAt: at }
}

/** Only an operator can tell: it stays visible and costs nothing. */
function parked<K extends Kind>(why: string): Change<K> {
  const message = `${why} An operator has to look at the provider and resolve it.`
  return { reason: 'outcome_unknown', message, nextAttemptAt: null, dueAt: null }
}

function answerOf<K extends Kind>(
  facts: Facts<K>,
  outcome: AttemptOutcome,
  remoteId: string | null,
  error: WorkloadError | null,
): Answer | null {
  return facts.attempt === null ? null : { number: facts.attempt.number, outcome, remoteId, error }
}

function describeError(workload: Workload, error: ProviderError, pointer: string | undefined): WorkloadError {
  const { code, httpStatus, providerCode } = error
  const message = cleanText(error.message)
  const isAnswer = httpStatus !== undefined || providerCode !== undefined
  const provider = {
    id: workload.provider,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(providerCode === undefined ? {} : { code: providerCode }),
    ...(isAnswer ? { message } : {}),
  }
  const errors = pointer === undefined ? {} : { errors: [{ pointer, code, detail: message }] }
  return { code, message, retryable: isRetryable(code), ...errors, provider }
}
