import type { Json } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import { readNumber, readText } from '../kit/fields.ts'
import { type Exit, exitOf } from './exit-codes.ts'
import { stateWords } from './fields.ts'

/**
 * Slurm's states and flags. COMPLETING is not final: the job may be requeued.
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
  POWER_UP_NODE: 'pending',
  EXPEDITING: 'pending',
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
  LAUNCH_FAILED: 'failed',
  RECONFIG_FAIL: 'failed',
  CANCELLED: 'canceled',
  REVOKED: 'canceled',
}

/** Flags that take precedence over the state, highest precedence first. Other flags do not. */
const decidingFlags = [
  'COMPLETING',
  'STAGE_OUT',
  'CONFIGURING',
  'POWER_UP_NODE',
  'RESIZING',
  'REQUEUED',
  'REQUEUE_FED',
  'REQUEUE_HOLD',
  'SPECIAL_EXIT',
  'STOPPED',
  'RESV_DEL_HOLD',
  'SIGNALING',
]

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
  ['LAUNCH_FAILED', 'launch_failed'],
  ['RECONFIG_FAIL', 'launch_failed'],
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
  const states = stateWords(job)
  const rawState = decidingState(states)
  if (rawState === undefined) return null
  const status = statusOf(decidingFlags.includes(rawState) || !isKnown(rawState) ? rawState : (states[0] ?? rawState))
  const exit = isOver(status) && hasRun(job) ? exitOf(job) : {}
  const detail = detailOf(job, exit)
  const usesDetail = status === 'pending' || status === 'failed'
  const reason = stateReasons.get(rawState) ?? (usesDetail ? detailReasons.get(detail) : undefined)
  const { isLaunchError: _, ...shown } = exit
  return {
    rawState,
    status,
    ...(reason === undefined ? {} : { reason }),
    ...(detail === 'None' ? {} : { message: messageOf(job, detail, exit) }),
    ...(detail === 'JobLaunchFailure' ? {} : shown),
  }
}

/** The word that determines the status, in this order: an unknown flag, a deciding flag, another flag, the state. */
function decidingState([state, ...flags]: readonly string[]): string | undefined {
  const unknown = flags.find((flag) => !isKnown(flag))
  return unknown ?? decidingFlags.find((flag) => flags.includes(flag)) ?? flags[0] ?? state
}

function isKnown(word: string): boolean {
  return Object.hasOwn(slurmStates, word)
}

function statusOf(word: string): Status<'job'> | null {
  return (isKnown(word) ? slurmStates[word] : undefined) ?? null
}

/**
 * `state_reason`. Up to v0.0.38 a program ended by a signal is also reported as a launch failure; only then is the
 * adjacent number a signal and not a Slurm error number (4021). Later versions report both as a signal.
 */
function detailOf(job: Json, { isLaunchError }: Exit): string {
  const detail = readText(job, 'state_reason') ?? 'None'
  if (isLaunchError === true && detail === 'RaisedSignal') return 'JobLaunchFailure'
  const waitStatus = readNumber(job, 'exit_code') ?? 0
  return detail === 'JobLaunchFailure' && waitStatus > 0 && waitStatus <= 0xff ? 'RaisedSignal' : detail
}

/** The description of a launch error names a signal that the program never received. */
function messageOf(job: Json, detail: string, { isLaunchError }: Exit): string {
  const more = isLaunchError === true ? undefined : readText(job, 'state_description')
  return `Slurm: ${detail}${more === undefined ? '' : ` (${more})`}`
}

export function isOver(status: Status<'job'> | null): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'canceled'
}

/** Whether nodes were allocated to a job. Without nodes it may still show times and an exit code. */
export function hasRun(job: Json): boolean {
  return readText(job, 'nodes') !== undefined
}
