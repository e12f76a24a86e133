import { UnknownProvider } from '../../providers/provider-error.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { applyOutcome } from '../apply/apply-outcome.ts'
import type { AttemptResult } from '../apply/outcome.ts'
import { after, backoffMs } from '../apply/poll-intervals.ts'
import { transition, waiting } from '../apply/transition.ts'
import type { Write, Written } from '../apply/writes.repository.ts'
import type { Change, Facts, PollIntervals, WorkloadKind, WorkloadKinds } from '../kind.ts'
import type { Connections, EngineObserver, Passed } from '../ports.ts'
import type { Workload } from '../workload.ts'
import type { Execute } from './execute.ts'
import type { ExecutionContext } from './execution-context.ts'
import { bareFacts, factsOf, observedFacts } from './facts.ts'
import type { Claimed, ClaimFacts } from './leases.repository.ts'
import { type ReportDeps, reportCall, reportDuplicate, reportIgnored } from './report.ts'

/** A claimed workload and the facts about its connection and environment. */
export interface ReconcilePass {
  claimed: Claimed
  facts: ClaimFacts
}

export interface ReconcileDeps extends ReportDeps {
  kinds: WorkloadKinds
  connections: Connections
  execute: Execute
  write(write: Write): Promise<Written>
  /** Releases a claim; it is due again after `delayMs`. */
  release(claimed: Claimed, delayMs: number): Promise<void>
  observer: Pick<EngineObserver, 'pass'>
  pollIntervals: PollIntervals
  heldProviders: ReadonlySet<string>
  /** Aborted when the process must end. */
  shutdown: AbortSignal
}

/** After this many internal failures in a row, a workload waits for an operator. */
const internalFailuresBeforeParking = 10

/**
 * One reconcile pass of one workload: decide, execute, apply, write. Returns whether it is due again immediately.
 * Rejects only if the database is unreachable; the lease then expires and another process continues.
 */
export function makeReconcile(deps: ReconcileDeps) {
  return async function reconcile({ claimed, facts }: ReconcilePass): Promise<boolean> {
    const { id, connectionId, provider, kind } = claimed.workload
    const { isDue } = await deps.observer.pass(
      { workloadId: id, connectionId, provider, kind, traceParent: facts.traceParent ?? null },
      () =>
        kind === 'job'
          ? runPass(deps, deps.kinds.job, claimed as Claimed<'job'>, facts)
          : runPass(deps, deps.kinds.environment, claimed as Claimed<'environment'>, facts),
    )
    return isDue
  }
}

async function runPass<K extends Kind>(
  deps: ReconcileDeps,
  kind: WorkloadKind<K>,
  claimed: Claimed<K>,
  known: ClaimFacts,
): Promise<Passed> {
  const { workload } = claimed
  try {
    const connection = await deps.connections.open(workload.connectionId, known.connectionVersion)
    const driver = connection.driver(kind.name)
    if (driver === undefined) throw new Error(`${connection.provider} has no driver for a ${kind.name}`)
    const isHeld = known.connectionHeld || deps.heldProviders.has(workload.provider)
    const facts = factsOf({ ...known, connectionHeld: isHeld }, workload, driver, deps.pollIntervals)
    return await takeStep(deps, { kind, claimed, facts, driver, connection })
  } catch (error) {
    if (error instanceof UnknownProvider) return await leftToNewer(deps, claimed)
    deps.log.error({ err: error, workloadId: workload.id, connectionId: workload.connectionId }, 'reconcile failed')
    const facts = bareFacts<K>(known, deps.pollIntervals)
    const change = afterInternalFailure(workload, facts)
    return passed(
      'error',
      await commit<K>(deps, { kind, claimed }, { workload, facts }, { change, attemptResult: null }),
    )
  }
}

/** During an upgrade, a worker of the newer version takes it. Nothing is wrong with the workload. */
async function leftToNewer(deps: ReconcileDeps, claimed: Claimed): Promise<Passed> {
  const { id: workloadId, provider } = claimed.workload
  deps.log.warn({ workloadId, provider }, 'no such provider in this version; left to other workers')
  await deps.release(claimed, deps.pollIntervals.quickMs)
  return { isDue: false, outcome: 'released' }
}

async function takeStep<K extends Kind>(deps: ReconcileDeps, context: ExecutionContext<K>): Promise<Passed> {
  const { kind, claimed, facts } = context
  const { workload } = claimed
  const step = kind.nextStep(workload, facts)
  if (step.do === 'wait') {
    const change = waiting(step, workload)
    return passed('wait', await commit(deps, context, { workload, facts }, { change, attemptResult: null }))
  }
  const isProbe = step.do !== 'settle' && isRecovering(facts)
  if (isProbe && !(await deps.connections.mayProbe(workload.connectionId))) {
    const change = waiting(untilProbed(facts), workload)
    return passed('wait', await commit(deps, context, { workload, facts }, { change, attemptResult: null }))
  }
  const executed = await deps.execute(context, step)
  if (executed === null) {
    deps.log.info(
      { workloadId: workload.id },
      'create skipped: the workload changed, its lease was lost, or new creates are held',
    )
    await deps.release(claimed, 0)
    return { isDue: true, outcome: 'released' }
  }
  const { outcome } = executed
  const isCutOff = outcome.did === 'fail' && deps.shutdown.aborted
  // An aborted read is inconclusive for the workload, and the next process repeats it. Outcomes of writes and creates
  // are saved.
  if (isCutOff && outcome.operation === 'read') {
    await deps.release(claimed, 0)
    return { isDue: false, outcome: 'released' }
  }
  if (!isCutOff) reportCall(deps, context, { outcome, isProbe })
  const applied = applyOutcome(kind, executed.workload, executed.facts, outcome)
  // The next step is decided on the latest observation.
  const seen = observedFacts({ ...executed.workload, ...applied.change }, context.driver)
  const committed = await commit<K>(deps, context, { ...executed, facts: { ...executed.facts, ...seen } }, applied)
  if (outcome.did === 'create' && outcome.created.ignored !== undefined)
    await reportIgnored(deps, workload, outcome.created.ignored)
  return passed(outcome.did === 'fail' ? 'failed' : step.do, committed)
}

function passed(outcome: Passed['outcome'], { isWritten, isDue }: Committed): Passed {
  return { isDue, outcome: isWritten ? outcome : 'stale' }
}

/** The connection was paused and no call has succeeded since. */
function isRecovering<K extends Kind>({ connection: { hasFailed, notBefore } }: Facts<K>): boolean {
  return hasFailed && notBefore !== null
}

function untilProbed<K extends Kind>({ now, pollIntervals, connection: { pauseReason } }: Facts<K>) {
  return { until: after(now, pollIntervals.slowMs), reason: pauseReason ?? 'provider_unavailable' }
}

type Committed = Pick<Written, 'isWritten' | 'isDue'>

async function commit<K extends Kind>(
  deps: ReconcileDeps,
  { kind, claimed }: Pick<ExecutionContext<K>, 'kind' | 'claimed'>,
  { workload, facts }: { workload: Workload<K>; facts: Facts<K> },
  applied: { change: Change<K>; attemptResult: AttemptResult | null },
): Promise<Committed> {
  const write = transition(kind, workload, applied, { facts, basis: claimed })
  const written = await deps.write(write)
  if (written.isDuplicate) await reportDuplicate(deps, workload, applied.attemptResult?.remoteId ?? '')
  if (!written.isWritten) {
    deps.log.info({ workloadId: workload.id, status: write.state.status }, 'stale write discarded')
    // Nothing was written. If the lease is still held, releasing it avoids waiting for its end.
    await deps.release(claimed, deps.pollIntervals.slowMs)
    return { isWritten: false, isDue: false }
  }
  if (write.isVisible) deps.notifier.changed([workload.projectId, workload.id])
  if (write.event !== null)
    deps.log.info({ workloadId: workload.id, provider: workload.provider, ...write.event.data }, write.event.type)
  return written
}

function afterInternalFailure<K extends Kind>(workload: Workload<K>, { now, pollIntervals }: Facts<K>): Change<K> {
  const failures = workload.reason === 'internal_error' ? workload.failures + 1 : 1
  const message = 'Internal error. The service log has details.'
  if (failures >= internalFailuresBeforeParking)
    return { reason: 'internal_error', message, failures, nextAttemptAt: null, dueAt: null }
  const at = after(now, backoffMs(failures, pollIntervals.quickMs, pollIntervals.slowMs))
  return { reason: 'internal_error', message, failures, nextAttemptAt: at, dueAt: at }
}
