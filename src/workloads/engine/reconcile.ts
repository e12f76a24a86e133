import type { Driver } from '../../providers/provider.ts'
import type { Kind, Verb } from '../../vocabulary/kinds.ts'
import { applyOutcome } from '../apply/apply-outcome.ts'
import type { Answer } from '../apply/outcome.ts'
import { after, backoffMs } from '../apply/poll-intervals.ts'
import { transition, waiting } from '../apply/transition.ts'
import type { Write, Written } from '../apply/writes.repository.ts'
import type { Change, Facts, PollIntervals, WorkloadKind, WorkloadKinds } from '../kind.ts'
import type { ChangeNotifier, Connections, Log } from '../ports.ts'
import type { Workload } from '../workload.ts'
import type { Perform } from './execute.ts'
import type { InHand, Performed } from './execution-context.ts'
import type { Claimed, ClaimFacts } from './leases.repository.ts'

/** A claimed workload and what is known about its surroundings. */
export interface Turn {
  claimed: Claimed
  facts: ClaimFacts
}

export interface ReconcileDeps {
  kinds: WorkloadKinds
  connections: Connections
  perform: Perform
  write(write: Write): Promise<Written>
  /** Keeps for the operator that the provider holds another object for this workload too. */
  noteDuplicate(workloadId: string, remoteId: string): Promise<void>
  /** Gives a claim back; it is due again after `delayMs`. */
  release(claimed: Claimed, delayMs: number): Promise<void>
  wake: ChangeNotifier
  pollIntervals: PollIntervals
  heldProviders: ReadonlySet<string>
  log: Log
  /** Aborted when the process has to end now. */
  shutdown: AbortSignal
}

/** A workload on which Switchyard itself fails this often waits for an operator. */
const internalFailuresBeforeParking = 10

/**
 * One turn of one workload: decide, act, absorb, write. Answers whether it is due again at once.
 * Rejects only when the database cannot be reached; then the lease runs out and another process carries on.
 */
export function makeReconcile(deps: ReconcileDeps) {
  return async function reconcile({ claimed, facts }: Turn): Promise<boolean> {
    const { kind: name } = claimed.workload
    return name === 'job'
      ? takeTurn(deps, deps.kinds.job, claimed as Claimed<'job'>, facts)
      : takeTurn(deps, deps.kinds.environment, claimed as Claimed<'environment'>, facts)
  }
}

async function takeTurn<K extends Kind>(
  deps: ReconcileDeps,
  kind: WorkloadKind<K>,
  claimed: Claimed<K>,
  known: ClaimFacts,
): Promise<boolean> {
  const { workload } = claimed
  try {
    const connection = await deps.connections.open(workload.connectionId, known.connectionVersion)
    const driver = connection.driver(kind.name)
    if (driver === undefined) throw new Error(`${connection.provider} has no driver for a ${kind.name}`)
    const isHeld = known.connectionHeld || deps.heldProviders.has(workload.provider)
    const facts = factsOf({ ...known, connectionHeld: isHeld }, workload, driver, deps.pollIntervals)
    return await step(deps, { kind, claimed, facts, driver, connection })
  } catch (error) {
    deps.log.error({ err: error, workloadId: workload.id, connectionId: workload.connectionId }, 'reconcile failed')
    const facts = bareFacts<K>(known, deps.pollIntervals)
    const change = afterInternalFailure(workload, facts)
    return commit<K>(deps, { kind, claimed }, { workload, facts }, { change, answer: null })
  }
}

async function step<K extends Kind>(deps: ReconcileDeps, hand: InHand<K>): Promise<boolean> {
  const { kind, claimed, facts } = hand
  const { workload } = claimed
  const action = kind.nextAction(workload, facts)
  if (action.do === 'wait') {
    return commit(deps, hand, { workload, facts }, { change: waiting(action, workload), answer: null })
  }
  const isProbe = action.do !== 'settle' && isRecovering(facts)
  if (isProbe && !(await deps.connections.mayProbe(workload.connectionId))) {
    return commit(deps, hand, { workload, facts }, { change: waiting(untilProbed(facts), workload), answer: null })
  }
  const performed = await deps.perform(hand, action)
  if (performed === null) {
    deps.log.info({ workloadId: workload.id }, 'create skipped: lease lost or desired state changed')
    await deps.release(claimed as unknown as Claimed, 0)
    return true
  }
  const { outcome } = performed
  const isCutOff = outcome.did === 'fail' && deps.shutdown.aborted
  // It says nothing of the workload either, and the next process looks at once. What a write or a create came to is noted.
  if (isCutOff && outcome.operation === 'look') {
    await deps.release(claimed as unknown as Claimed, 0)
    return false
  }
  if (!isCutOff) report(deps, hand, { outcome, isProbe })
  const applied = applyOutcome(kind, performed.workload, performed.facts, outcome)
  // What comes next is decided on what was just seen, not on what was known before.
  const seen = shownBy({ ...performed.workload, ...applied.change }, hand.driver)
  return commit<K>(deps, hand, { ...performed, facts: { ...performed.facts, ...seen } }, applied)
}

/** Its connection was paused and nobody knows yet whether it works again. */
function isRecovering<K extends Kind>({ connection: { hasFailed, notBefore } }: Facts<K>): boolean {
  return hasFailed && notBefore !== null
}

function untilProbed<K extends Kind>({ now, pollIntervals, connection: { pauseReason } }: Facts<K>) {
  return { until: after(now, pollIntervals.slowMs), reason: pauseReason ?? 'provider_unavailable' }
}

/** What a call tells about its connection. Not awaited: a workload does not wait for its neighbours' weather report. */
function report<K extends Kind>(
  deps: ReconcileDeps,
  { claimed, facts, connection }: InHand<K>,
  { outcome, isProbe }: Pick<Performed<K>, 'outcome'> & { isProbe: boolean },
): void {
  const { connectionId } = claimed.workload
  const called = { id: connectionId, version: connection.version, isProbe }
  if (outcome.did === 'settle' || (outcome.did !== 'fail' && !facts.connection.hasFailed)) return
  const told =
    outcome.did === 'fail' ? deps.connections.failed(called, outcome.error) : deps.connections.succeeded(called)
  told.catch((error: unknown) => deps.log.warn({ err: error, connectionId }, 'connection health not saved'))
}

async function tellDuplicate(deps: ReconcileDeps, workload: Workload, remoteId: string): Promise<void> {
  const { id: workloadId, projectId, connectionId, correlationTag } = workload
  const context = { workloadId, connectionId, correlationTag, remoteId }
  deps.log.error(context, 'duplicate_detected: two remote objects exist for one workload')
  await deps.noteDuplicate(workloadId, remoteId).catch((error: unknown) => {
    deps.log.error({ ...context, err: error }, 'duplicate event not saved')
  })
  deps.wake.changed([projectId, workloadId])
}

async function commit<K extends Kind>(
  deps: ReconcileDeps,
  { kind, claimed }: Pick<InHand<K>, 'kind' | 'claimed'>,
  { workload, facts }: { workload: Workload<K>; facts: Facts<K> },
  applied: { change: Change<K>; answer: Answer | null },
): Promise<boolean> {
  const write = transition(kind, workload, applied, { facts, basis: claimed })
  const written = await deps.write(write as unknown as Write)
  if (written.isDuplicate) await tellDuplicate(deps, workload as unknown as Workload, applied.answer?.remoteId ?? '')
  if (!written.isWritten) {
    deps.log.info({ workloadId: workload.id, status: write.state.status }, 'stale write discarded')
    // Nothing was written, so where the lease is still ours nobody else would look before it ends.
    await deps.release(claimed as unknown as Claimed, deps.pollIntervals.slowMs)
    return false
  }
  if (write.isNews) deps.wake.changed([workload.projectId, workload.id])
  if (write.event !== null)
    deps.log.info({ workloadId: workload.id, provider: workload.provider, ...write.event.data }, write.event.type)
  return written.isDue
}

/** The facts of a turn, from what the claim read and what the driver says of itself. */
export function factsOf<K extends Kind>(
  known: ClaimFacts,
  workload: Workload<K>,
  driver: Driver<K>,
  pollIntervals: PollIntervals,
): Facts<K> {
  return {
    ...bareFacts<K>(known, pollIntervals),
    traits: driver.traits,
    verbs: Object.keys(driver.controls) as Verb<K>[],
    ...shownBy(workload, driver),
  }
}

/** The facts that follow from the latest sighting. */
function shownBy<K extends Kind>(workload: Workload<K>, driver: Driver<K>): Pick<Facts<K>, 'needsUpdate' | 'shows'> {
  const { rawState } = workload
  return {
    needsUpdate: isUpdateDue(workload, driver),
    shows: rawState === null ? null : (driver.states[rawState] ?? null),
  }
}

/** What the client changed goes out once; what the create could not carry goes out when a sighting shows that it is missing. */
function isUpdateDue<K extends Kind>(
  { specVersion, appliedSpecVersion, spec, rawState, remotePayload }: Workload<K>,
  driver: Driver<K>,
): boolean {
  if (driver.update === undefined || rawState === null || appliedSpecVersion >= specVersion) return false
  return specVersion > 1 || (driver.needsUpdate?.(spec, { rawState, payload: remotePayload }) ?? false)
}

/** Facts where no driver could be opened: nothing can be sent with them. */
function bareFacts<K extends Kind>(known: ClaimFacts, pollIntervals: PollIntervals): Facts<K> {
  const {
    now,
    notBefore,
    pauseReason,
    connectionFailures,
    connectionHeld,
    environmentStatus,
    environmentRemoteId,
    environmentDesired,
    attempt,
    firstSentAt,
    attemptsInDoubt,
    hasLiveJobs,
  } = known
  return {
    now,
    traits: { listLagMs: 0, maxProcessingMs: 0, uniqueNames: false, enforces: [] },
    verbs: [],
    connection: { notBefore, pauseReason, hasFailed: connectionFailures > 0, isHeld: connectionHeld },
    environment:
      environmentStatus === null || environmentDesired === null
        ? null
        : { status: environmentStatus, remoteId: environmentRemoteId, desired: environmentDesired },
    hasLiveJobs,
    needsUpdate: false,
    shows: null,
    attempt,
    firstSentAt,
    attemptsInDoubt,
    pollIntervals,
  }
}

function afterInternalFailure<K extends Kind>(workload: Workload<K>, { now, pollIntervals }: Facts<K>): Change<K> {
  const failures = workload.reason === 'internal_error' ? workload.failures + 1 : 1
  const message = 'Internal error. The service log has details.'
  if (failures >= internalFailuresBeforeParking)
    return { reason: 'internal_error', message, failures, nextAttemptAt: null, dueAt: null }
  const at = after(now, backoffMs(failures, pollIntervals.quickMs, pollIntervals.slowMs))
  return { reason: 'internal_error', message, failures, nextAttemptAt: at, dueAt: at }
}
