import type { Driver } from '../providers/driver.ts'
import { statusesRejectingJobs } from '../vocabulary/environment.ts'
import { jobTransitions } from '../vocabulary/job.ts'
import type { Reason } from '../vocabulary/reasons.ts'
import { isTerminal } from '../vocabulary/transitions.ts'
import { creationStep, hasCreated, isCanceledBeforeDispatch, pausedUntil } from '../workloads/apply/creation.ts'
import { control, followAction, readIfUnsure } from '../workloads/apply/next-step.ts'
import { after } from '../workloads/apply/poll-intervals.ts'
import type { Facts, Step, WorkloadKind } from '../workloads/kind.ts'
import { hasOpenRequest, isRequested, type Workload } from '../workloads/workload.ts'

type Job = Workload<'job'>

/** Fallback poll interval; the environment wakes its waiting jobs. */
const environmentRecheckMs = 60_000

export const jobKind: WorkloadKind<'job'> = {
  name: 'job',
  transitions: jobTransitions,
  waiting: 'queued',
  dispatchingStatus: 'dispatching',
  accepted: 'pending',
  rejected: 'failed',
  canceledBeforeDispatch: 'canceled',
  cancelingRequests: ['cancel'],
  inFlight: { cancel: 'canceling' },
  targetStatus: { cancel: 'canceled' },
  outdatedBy: {},
  settled: [],
  running: 'running',
  restartedBy: [],
  wakesDependants: () => false,

  nextStep(job, facts) {
    if (isTerminal(jobTransitions, job.status)) return { do: 'wait', until: null }
    if (job.remoteId === null) return environmentStep(job, facts) ?? creationStep(jobKind, job, facts)
    return (
      endStep(job, facts) ??
      updateStep(job, facts) ??
      readIfUnsure(job, facts, { unseenMs: facts.pollIntervals.slowMs }) ?? { do: 'wait', until: limitAt(job) }
    )
  },

  whenGone(job) {
    if (job.status !== 'canceling') return { status: 'unknown', reason: 'remote_record_lost' }
    return job.enforcing === null
      ? { status: 'canceled', reason: 'remote_record_lost' }
      : { status: 'failed', reason: job.enforcing }
  },

  interpret(job, { status, reason }) {
    if (job.enforcing !== null && (status === 'canceled' || status === 'failed'))
      return { status: 'failed', reason: job.enforcing }
    if (status === 'canceled')
      return { status, reason: reason ?? (job.desired === 'cancel' ? null : 'canceled_remotely') }
    if (status === 'unknown') return { status, reason: reason ?? 'outcome_not_reported' }
    if (status === 'pending' && job.status === 'running') return { status, reason: reason ?? 'requeued' }
    return { status, reason }
  },
}

/** A job that is not sent yet waits for its environment, and fails with it. */
function environmentStep(job: Job, facts: Facts<'job'>): Step<'job'> | null {
  if (job.status !== 'queued' || facts.environment === null) return null
  if (isCanceledBeforeDispatch(jobKind, job) || hasCreated(facts.attempt)) return null
  const { status, remoteId, desired } = facts.environment
  // The delete waits for the environment's jobs, so a waiting job would deadlock with it.
  if (desired === 'delete') return { do: 'settle', change: environmentFailed(job, 'being deleted', facts.now) }
  if (statusesRejectingJobs.has(status)) return { do: 'settle', change: environmentFailed(job, status, facts.now) }
  if (status === 'running' && remoteId !== null) return null
  const message = `Waiting for environment ${job.environmentId}, which is ${status}.`
  return { do: 'wait', until: after(facts.now, environmentRecheckMs), reason: 'environment_not_ready', message }
}

function environmentFailed(job: Job, status: string, now: Date) {
  const reason: Reason = 'environment_failed'
  const message = `Environment ${job.environmentId} is ${status}, so the job was not sent. Submit a new job with another environment.`
  return {
    status: 'failed' as const,
    reason,
    message,
    error: { code: reason, message, retryable: false },
    nextAttemptAt: null,
    endedAt: now,
  }
}

function endStep(job: Job, facts: Facts<'job'>): Step<'job'> | null {
  if (job.status === 'canceling') return followAction(jobKind, job, facts)
  const limit = limitAt(job)
  if (job.enforcing === null && limit !== null && facts.now >= limit && facts.actions.includes('cancel')) {
    return { do: 'settle', change: { enforcing: 'time_limit' } }
  }
  const mustEnd = job.enforcing !== null || (isCanceledBeforeDispatch(jobKind, job) && hasOpenRequest(job))
  return mustEnd ? control(job, facts, 'cancel') : null
}

function updateStep(job: Job, facts: Facts<'job'>): Step<'job'> | null {
  if (!facts.needsUpdate || job.status === 'canceling') return null
  return pausedUntil(job, facts) ?? { do: 'update' }
}

function limitAt(job: Job): Date | null {
  const seconds = job.spec.timeLimitSeconds
  return job.startedAt === null || seconds === undefined || job.enforcing !== null
    ? null
    : after(job.startedAt, seconds * 1000)
}

/** Currently allowed actions of a job. Before dispatch it can be canceled whatever the provider supports. */
export function jobActions(job: Workload<'job'>, driver: Driver<'job'> | undefined): readonly string[] {
  const isPossible = job.active && (job.status === 'queued' || driver?.controls.cancel !== undefined)
  const isCancelable = isPossible && !isRequested(job, 'cancel', 'canceling')
  const hasLogs = job.remoteId !== null && driver?.logs !== undefined
  return [...(isCancelable ? ['cancel'] : []), ...(hasLogs ? ['logs'] : [])]
}
