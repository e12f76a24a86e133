import { environmentTransitions } from '../vocabulary/environment.ts'
import type { Reason } from '../vocabulary/reasons.ts'
import { isTerminal } from '../vocabulary/transitions.ts'
import { creationStep, isCanceledBeforeDispatch, pausedUntil } from '../workloads/apply/creation.ts'
import { control, followAction, readIfUnsure } from '../workloads/apply/next-step.ts'
import { after } from '../workloads/apply/poll-intervals.ts'
import type { Facts, Step, WorkloadKind } from '../workloads/kind.ts'
import { hasOpenRequest, type Workload } from '../workloads/workload.ts'

type Environment = Workload<'environment'>
type Decision = Step<'environment'> | null

export const environmentKind: WorkloadKind<'environment'> = {
  name: 'environment',
  transitions: environmentTransitions,
  waiting: 'queued',
  dispatchingStatus: 'dispatching',
  accepted: 'provisioning',
  rejected: 'failed',
  canceledBeforeDispatch: 'deleted',
  cancelingRequests: ['delete'],
  inFlight: { start: 'starting', stop: 'stopping', delete: 'deleting' },
  targetStatus: { start: 'running', stop: 'stopped', delete: 'deleted' },
  outdatedBy: { starting: ['stopped', 'stopping', 'failed', 'blocked'], deleting: ['failed'] },
  settled: ['running', 'stopped', 'blocked', 'failed'],
  running: 'running',
  restartedBy: ['start'],
  wakesDependants: (from, to) => from !== to,

  nextStep(environment, facts) {
    if (isTerminal(environmentTransitions, environment.status)) return { do: 'wait', until: null }
    if (environment.remoteId === null) return beforeCreation(environment, facts)
    return (
      pendingStep(environment, facts) ??
      readIfUnsure(environment, facts, { unseenMs: 0 }) ?? { do: 'wait', until: stopAt(environment, facts) }
    )
  },

  whenGone(environment) {
    const isExpected = environment.status === 'deleting' || environment.desired === 'delete'
    return { status: 'deleted', reason: isExpected ? null : 'deleted_remotely' }
  },

  interpret(environment, { status, reason, startedAt, now }) {
    if (status === 'deleted') return { status, reason: reason ?? environmentKind.whenGone(environment).reason }
    if (status === 'stopped') return { status, reason: reason ?? whyStopped(environment, { startedAt, now }) }
    return { status, reason }
  },
}

/** The reason of a stop is reported once and lasts as long as the stop. */
const stopReasons: ReadonlySet<Reason | null> = new Set(['auto_stopped', 'stopped_remotely', 'launch_failed'])

function whyStopped(environment: Environment, seen: { startedAt: Date | null; now: Date }): Reason | null {
  const { status, reason, enforcing } = environment
  if (environment.desired !== 'run') return enforcing
  if (status === 'stopped') return stopReasons.has(reason) ? reason : null
  return enforcing ?? unrequestedStopReason(environment, seen)
}

/** A stop that no client requested: a limit, a stop at the provider, or a start that had no effect. */
function unrequestedStopReason(
  environment: Environment,
  { startedAt, now }: { startedAt: Date | null; now: Date },
): Reason | null {
  const { status } = environment
  if (status === 'provisioning' || status === 'starting') return startedAt === null ? 'launch_failed' : null
  if (status !== 'running' && status !== 'stopping') return null
  const limit = limitAt(environment)
  return limit !== null && after(now, lateObservationMs) >= limit ? 'auto_stopped' : 'stopped_remotely'
}

/** Delay until a scan shows a start, by which the provider's own limit comes earlier. */
const lateObservationMs = 90_000

/** A create that was rejected is not retried automatically: only a delete follows. */
function beforeCreation(environment: Environment, facts: Facts<'environment'>): Step<'environment'> {
  if (environment.status === 'failed' && !isCanceledBeforeDispatch(environmentKind, environment))
    return { do: 'wait', until: null }
  return creationStep(environmentKind, environment, facts)
}

function pendingStep(environment: Environment, facts: Facts<'environment'>): Decision {
  if (environment.desired === 'delete') return deleteStep(environment, facts)
  if (isMoving(environment)) return followAction(environmentKind, environment, facts)
  if (environment.status === 'running' && isOverdue(environment, facts)) return autoStop(environment, facts)
  if (facts.needsUpdate) return pausedUntil(environment, facts) ?? { do: 'update' }
  if (!hasOpenRequest(environment)) return null
  if (isSuperseding(environment)) return { do: 'settle', change: onlyLastRequest(environment) }
  if (environment.rawState === null) return null
  return environment.desired === 'stop' ? stopStep(environment, facts) : startStep(environment, facts)
}

/** Stops first if the provider deletes only stopped environments. An import's record may end without the object. */
function deleteStep(environment: Environment, facts: Facts<'environment'>): Decision {
  if (environment.keepRemote) return { do: 'settle', change: { status: 'deleted', reason: null, endedAt: facts.now } }
  if (isMoving(environment) && !isDeletable(environment, facts))
    return followAction(environmentKind, environment, facts)
  if (environment.status === 'deleting') return followAction(environmentKind, environment, facts)
  if (!hasOpenRequest(environment)) return null
  if (facts.hasLiveJobs) return { do: 'wait', until: after(facts.now, 2 * facts.pollIntervals.quickMs) }
  return isDeletable(environment, facts) ? control(environment, facts, 'delete') : stopStep(environment, facts, true)
}

function stopStep(environment: Environment, facts: Facts<'environment'>, isIntermediate = false): Decision {
  if (environment.status === 'running') return control(environment, facts, 'stop', { isIntermediate })
  if (isIntermediate || environment.status === 'provisioning' || environment.status === 'starting') return null
  return carried(environment)
}

function startStep(environment: Environment, facts: Facts<'environment'>): Decision {
  if (environment.status === 'running') return carried(environment)
  // An environment that is being deleted at the provider does not start; if the delete fails, it may.
  const isInProgress = environment.status === 'provisioning' || environment.status === 'deleting'
  return isInProgress ? null : control(environment, facts, 'start')
}

/** When Switchyard must stop it; null if the provider does so or no limit is set. */
function stopAt(environment: Environment, { traits }: Facts<'environment'>): Date | null {
  return environment.status !== 'running' || traits.enforces.includes('autoStop') ? null : limitAt(environment)
}

/** When `autoStop` ends it. Only the provider can measure idleness. */
function limitAt({ spec, startedAt }: Environment): Date | null {
  const { autoStop } = spec
  const isCounted = autoStop !== undefined && autoStop.basis !== 'idle' && startedAt !== null
  return isCounted ? after(startedAt, autoStop.afterSeconds * 1000) : null
}

function isOverdue(environment: Environment, facts: Facts<'environment'>): boolean {
  const at = stopAt(environment, facts)
  return at !== null && facts.now >= at && facts.actions.includes('stop')
}

function autoStop(environment: Environment, facts: Facts<'environment'>): Decision {
  if (environment.enforcing === null) return { do: 'settle', change: { enforcing: 'auto_stopped' } }
  return control(environment, facts, 'stop', { isIntermediate: true })
}

/** An earlier request was not completed: its action may have been sent and the response lost. */
function isSuperseding({ generation, observedGeneration }: Environment): boolean {
  return generation - observedGeneration > 1
}

/** Earlier observations are outdated, so it is read first. */
function onlyLastRequest({ generation }: Environment) {
  return { observedGeneration: generation - 1, rawState: null }
}

/** It is in the desired state already. */
function carried(environment: Environment): Decision {
  return { do: 'settle', change: { observedGeneration: environment.generation } }
}

function isMoving(environment: Environment): boolean {
  return environment.status === 'stopping' || environment.status === 'starting'
}

function isDeletable(environment: Environment, facts: Facts<'environment'>): boolean {
  return facts.traits.deletableIn?.includes(environment.status) ?? true
}
