import type { Json } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import { readNumber, readText } from '../kit/fields.ts'

/**
 * Slurm's states and the flags that `job_state` shows instead. COMPLETING is not final: the job may be requeued.
 * Source: https://slurm.schedmd.com/squeue.html#SECTION_JOB-STATE-CODES
 */
export const slurmStates: Readonly<Record<string, Status<'job'>>> = {
  PENDING: 'pending',
  CONFIGURING: 'pending',
  REQUEUED: 'pending',
  REQUEUE_FED: 'pending',
  REQUEUE_HOLD: 'pending',
  RESV_DEL_HOLD: 'pending',
  SPECIAL_EXIT: 'pending',
  RUNNING: 'running',
  COMPLETING: 'running',
  SUSPENDED: 'running',
  STOPPED: 'running',
  RESIZING: 'running',
  SIGNALING: 'running',
  STAGE_OUT: 'running',
  COMPLETED: 'succeeded',
  FAILED: 'failed',
  TIMEOUT: 'failed',
  OUT_OF_MEMORY: 'failed',
  NODE_FAIL: 'failed',
  BOOT_FAIL: 'failed',
  PREEMPTED: 'failed',
  DEADLINE: 'failed',
  CANCELLED: 'canceled',
}

const stateReasons: ReadonlyMap<string, Reason> = new Map([
  ['REQUEUED', 'requeued'],
  ['REQUEUE_HOLD', 'held'],
  ['RESV_DEL_HOLD', 'held'],
  ['SPECIAL_EXIT', 'held'],
  ['SUSPENDED', 'suspended'],
  ['STOPPED', 'suspended'],
  ['TIMEOUT', 'time_limit'],
  ['DEADLINE', 'time_limit'],
  ['OUT_OF_MEMORY', 'out_of_memory'],
  ['NODE_FAIL', 'node_failure'],
  ['BOOT_FAIL', 'node_failure'],
  ['PREEMPTED', 'preempted'],
])

/** Values of `state_reason` that describe how a job ended or why it does not start. */
const detailReasons: ReadonlyMap<string, Reason> = new Map([
  ['JobHeldUser', 'held'],
  ['JobHeldAdmin', 'held'],
  ['NonZeroExitCode', 'nonzero_exit'],
  ['RaisedSignal', 'nonzero_exit'],
  ['JobLaunchFailure', 'launch_failed'],
  ['BadConstraints', 'provider_refused'],
  ['TimeLimit', 'time_limit'],
  ['OutOfMemory', 'out_of_memory'],
  ['NodeDown', 'node_failure'],
])

export interface JobOutcome {
  rawState: string
  status: Status<'job'> | null
  reason?: Reason
  message?: string
  exitCode?: number
  signal?: number
}

/** The outcome in a job's record; null if it shows no state. */
export function outcomeOf(job: Json): JobOutcome | null {
  const rawState = readText(job, 'job_state')
  if (rawState === undefined) return null
  const status = (Object.hasOwn(slurmStates, rawState) ? slurmStates[rawState] : undefined) ?? null
  const detail = detailOf(job)
  const mayTell = status === 'pending' || status === 'failed'
  const reason = stateReasons.get(rawState) ?? (mayTell ? detailReasons.get(detail) : undefined)
  return {
    rawState,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(detail === 'None' ? {} : { message: messageOf(job, detail) }),
    ...(isOver(status) && hasRun(job) && detail !== 'JobLaunchFailure' ? exitOf(job) : {}),
  }
}

/**
 * `state_reason`. A program ended by a signal is also reported as a launch failure; only then is the adjacent number a
 * signal and not a Slurm error number (4021).
 */
function detailOf(job: Json): string {
  const detail = readText(job, 'state_reason') ?? 'None'
  const waitStatus = readNumber(job, 'exit_code') ?? 0
  return detail === 'JobLaunchFailure' && waitStatus > 0 && waitStatus <= 0xff ? 'RaisedSignal' : detail
}

function messageOf(job: Json, detail: string): string {
  const more = readText(job, 'state_description')
  return `Slurm: ${detail}${more === undefined ? '' : ` (${more})`}`
}

export function isOver(status: Status<'job'> | null): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'canceled'
}

/** Whether a job was given nodes. Without nodes it may still show times and an exit code. */
export function hasRun(job: Json): boolean {
  return readText(job, 'nodes') !== undefined
}

/** `exit_code` is a wait status: `exit 3` is 768, a SIGKILL 9. */
function exitOf(job: Json): { exitCode?: number; signal?: number } {
  const waitStatus = readNumber(job, 'exit_code')
  if (waitStatus === undefined || !Number.isInteger(waitStatus) || waitStatus < 0 || waitStatus > 0xffff) return {}
  const signal = waitStatus & 0x7f
  return signal === 0 ? { exitCode: waitStatus >> 8 } : { signal }
}
