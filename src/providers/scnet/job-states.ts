import type { Json } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import { readId, readText } from '../kit/fields.ts'
import { tryParseJson } from '../kit/json.ts'

/**
 * The vendor's states (statW to statC in jobmanager/query-job), those that live systems also show (statD to statRQ),
 * and the scheduler's values, which a history may show instead. statX, "other", has no meaning and is omitted. statE is
 * "exited or exiting": the next read shows the result.
 */
export const hpcStates: Readonly<Record<string, Status<'job'>>> = {
  statW: 'pending',
  statQ: 'pending',
  statH: 'pending',
  statRQ: 'pending',
  statR: 'running',
  statS: 'running',
  statE: 'running',
  statC: 'succeeded',
  statD: 'failed',
  statF: 'failed',
  statEX: 'failed',
  statN: 'failed',
  statT: 'failed',
  statDE: 'canceled',
  PENDING: 'pending',
  RUNNING: 'running',
  COMPLETED: 'succeeded',
  FAILED: 'failed',
  TIMEOUT: 'failed',
  OUT_OF_MEMORY: 'failed',
  NODE_FAIL: 'failed',
  CANCELLED: 'canceled',
}

const stateReasons: ReadonlyMap<string, Reason> = new Map([
  ['statH', 'held'],
  ['statS', 'suspended'],
  ['statRQ', 'requeued'],
  ['statN', 'node_failure'],
  ['statT', 'time_limit'],
  ['TIMEOUT', 'time_limit'],
  ['OUT_OF_MEMORY', 'out_of_memory'],
  ['NODE_FAIL', 'node_failure'],
])

/** The scheduler's reasons that describe how a job failed, although its state is statC. */
const failureReasons: ReadonlyMap<string, Reason> = new Map([
  ['NonZeroExitCode', 'nonzero_exit'],
  ['TimeLimit', 'time_limit'],
  ['OutOfMemory', 'out_of_memory'],
  ['NodeDown', 'node_failure'],
  ['JobLaunchFailure', 'launch_failed'],
])

export interface JobOutcome {
  rawState: string
  status: Status<'job'> | null
  reason?: Reason
  exitCode?: number
  signal?: number
}

/** The outcome in a job's record. `isEnded` means that it comes from the history, so it cannot be running. */
export function outcomeOf(job: Json, isEnded: boolean): JobOutcome | null {
  const rawState = rawStateOf(job)
  if (rawState === undefined) return null
  const exit = exitOf(job)
  const end = endOf(job, { rawState, exit, isEnded })
  if (end !== null) return { rawState, ...(end.status === 'succeeded' ? exit : withoutZero(exit)), ...end }
  return { rawState, status: statusOf(rawState), ...because(stateReasons.get(rawState)) }
}

function statusOf(rawState: string): Status<'job'> | null {
  return (Object.hasOwn(hpcStates, rawState) ? hpcStates[rawState] : undefined) ?? null
}

/** Null if the job has not ended. */
function endOf(
  job: Json,
  { rawState, exit, isEnded }: { rawState: string; exit: Exit; isEnded: boolean },
): Pick<JobOutcome, 'status' | 'reason'> | null {
  const status = statusOf(rawState)
  if (status === 'succeeded') return completed(job, exit)
  if (rawState === 'statE' && isEnded) return exited(exit)
  if (status === 'canceled') return { status }
  if (status === 'failed') return { status, ...because(stateReasons.get(rawState) ?? failureOf(job, exit)) }
  return null
}

/** A job that did not end on its own, such as a canceled one, also shows exit code 0. */
function withoutZero(exit: Exit): Exit {
  return exit.exitCode === 0 ? {} : exit
}

/** `jobStatus` in live records, `jobState` in the history. The scheduler writes "CANCELLED by 1000". */
function rawStateOf(job: Json): string | undefined {
  const shown = readText(job, 'jobStatus') ?? readText(job, 'jobState')
  return shown === undefined || Object.hasOwn(hpcStates, shown) ? shown : (shown.split(' ')[0] ?? shown)
}

function because(reason: Reason | undefined): { reason?: Reason } {
  return reason === undefined ? {} : { reason }
}

/** statC includes failures: the scheduler's state, its reason and the exit code take precedence. */
function completed(job: Json, exit: Exit): Pick<JobOutcome, 'status' | 'reason'> {
  const word = schedulerState(job)
  const own = word === undefined ? undefined : hpcStates[word]
  const reason = (word === undefined ? undefined : stateReasons.get(word)) ?? failureOf(job, exit)
  if (own === 'canceled') return { status: 'canceled' }
  if (own !== 'failed' && reason === undefined) return { status: 'succeeded' }
  return { status: 'failed', ...because(reason) }
}

/** If the history reports only "exited", the exit code decides. */
function exited(exit: Exit): Pick<JobOutcome, 'status' | 'reason'> {
  if (isNonZero(exit)) return { status: 'failed', reason: 'nonzero_exit' }
  return exit.exitCode === 0 ? { status: 'succeeded' } : { status: 'unknown', reason: 'outcome_not_reported' }
}

function failureOf(job: Json, exit: Exit): Reason | undefined {
  return failureReasons.get(readText(job, 'reason') ?? '') ?? (isNonZero(exit) ? 'nonzero_exit' : undefined)
}

/**
 * `initContentAttr` is a JSON string with the scheduler's record, which is ahead of the platform's. Only final states
 * count.
 */
function schedulerState(job: Json): string | undefined {
  const word = readText(tryParseJson(readText(job, 'initContentAttr') ?? ''), 'JobState')?.split(' ')[0]
  if (word === undefined || !Object.hasOwn(hpcStates, word)) return undefined
  return word === 'RUNNING' || word === 'PENDING' ? undefined : word
}

interface Exit {
  exitCode?: number
  signal?: number
}

/** `exitCode` is a number or the scheduler's `code:signal`, of which one is 0; a history has `jobExitStatus`. */
function exitOf(job: Json): Exit {
  const parts = /^(\d+)(?::(\d+))?$/.exec(readId(job, 'exitCode') ?? readId(job, 'jobExitStatus') ?? '')
  if (parts === null) return {}
  const signal = Number(parts[2] ?? 0)
  return signal === 0 ? { exitCode: Number(parts[1]) } : { signal }
}

function isNonZero({ exitCode = 0, signal = 0 }: Exit): boolean {
  return exitCode !== 0 || signal !== 0
}
