import { jobTransitions } from '../../vocabulary/job.ts'
import type { Json } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import { isTerminal } from '../../vocabulary/transitions.ts'
import { tagOfName } from '../kit/correlation-tags.ts'
import { readId, readList, readNumber, readObject, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { readTime } from '../kit/times.ts'
import type { Observation, Task } from '../observation.ts'
import { tagLength } from './instance-mapping.ts'
import { payloadOf } from './wire.ts'

/** Values of `status.phase`. The vendor advises against depending on `secondary_phase`, so it only adds a reason. */
export const jobStates: Readonly<Record<string, Status<'job'>>> = {
  Creating: 'pending',
  Pending: 'pending',
  Running: 'running',
  Terminating: 'canceling',
  Terminated: 'canceled',
  Completed: 'succeeded',
  Failed: 'failed',
  Abnormal: 'failed',
}

/** One training job from the search, the details or a create response. */
export function trainingJobSeen(job: Json, literals: readonly string[]): Observation<'job'> | null {
  const metadata = readObject(job, 'metadata')
  const remoteId = readId(metadata, 'id')
  if (remoteId === undefined) return null
  const state = readObject(job, 'status')
  const rawState = readText(state, 'phase') ?? '(none)'
  const status = (Object.hasOwn(jobStates, rawState) ? jobStates[rawState] : undefined) ?? null
  const name = readText(metadata, 'name')
  const exit = status !== null && isTerminal(jobTransitions, status) ? exitOf(state) : {}
  return {
    remoteId,
    status,
    rawState,
    ...timesOf(state, status),
    ...given({
      reason: status === 'failed' ? reasonOf(state, exit.exitCode) : undefined,
      exitCode: exit.exitCode,
      message: status === 'failed' ? (exit.message ?? endReasonOf(state)) : undefined,
      remoteName: name,
      correlationTag: name === undefined ? undefined : tagOfName(name, tagLength),
      tasks: tasksOf(state, status),
    }),
    payload: () => payloadOf(job, literals),
  }
}

/** Creation time in milliseconds; NaN if absent. */
export function createdMs(job: Json): number {
  return readTime(readObject(job, 'metadata'), 'create_time')?.getTime() ?? Number.NaN
}

/** Names of the tasks: `worker-0`. */
export function taskNames(job: Json): readonly string[] {
  return readList(readObject(job, 'status'), 'tasks').flatMap((task) => (typeof task === 'string' ? [task] : []))
}

function reasonOf(state: Json, exitCode: number | undefined): Reason | undefined {
  if (readText(state, 'secondary_phase') === 'CreateFailed') return 'launch_failed'
  return exitCode === undefined || exitCode === 0 ? undefined : 'nonzero_exit'
}

/** Why the last run ended, for a job whose tasks report nothing. */
function endReasonOf(state: Json): string | undefined {
  return readText(readList(state, 'running_records').at(-1), 'end_reason')
}

/** The exit of the first failed task, or else of any. */
function exitOf(state: Json): { exitCode?: number; message?: string } {
  const exits = readList(state, 'task_statuses').flatMap((task) => {
    const exitCode = readNumber(task, 'exit_code')
    return exitCode === undefined ? [] : [{ exitCode, ...given({ message: readText(task, 'message') }) }]
  })
  return exits.find(({ exitCode }) => exitCode !== 0) ?? exits[0] ?? {}
}

/** A waiting job has not started, even if it shows a start time. */
function timesOf(state: Json, status: Status<'job'> | null): { startedAt?: Date; endedAt?: Date } {
  if (status === null || status === 'pending') return {}
  const startedAt = readTime(state, 'start_time')
  return given({ startedAt, endedAt: isTerminal(jobTransitions, status) ? endOf(state, startedAt) : undefined })
}

/**
 * `start_time` and `duration` are in milliseconds and `end_at` in whole seconds, so `end_at` of a job that lasts under
 * a second may precede its start. Within the same second the milliseconds are used.
 */
function endOf(state: Json, startedAt: Date | undefined): Date | undefined {
  const endMs = (startedAt?.getTime() ?? Number.NaN) + (readNumber(state, 'duration') ?? Number.NaN)
  const computed = readTime({ endMs: Number.isFinite(endMs) ? endMs : null }, 'endMs')
  const recorded = readTime(readList(state, 'running_records').at(-1), 'end_at', { unit: 's' })
  if (recorded === undefined) return computed
  const offMs = (computed?.getTime() ?? Number.NaN) - recorded.getTime()
  const ended = offMs >= 0 && offMs < 1000 ? computed : recorded
  return startedAt !== undefined && ended !== undefined && ended < startedAt ? startedAt : ended
}

/** A task has no state, only an exit code once it ended; until then it has the state of the job. */
function tasksOf(state: Json, status: Status<'job'> | null): readonly Task<'job'>[] | undefined {
  const names = taskNames({ status: state })
  if (names.length === 0) return undefined
  // The first entry per task.
  const ended = new Map(
    readList(state, 'task_statuses')
      .toReversed()
      .map((each) => [readText(each, 'task'), each]),
  )
  const isLive = status !== null && !isTerminal(jobTransitions, status)
  return names.map((name) => {
    const exitCode = readNumber(ended.get(name), 'exit_code')
    const fallback = isLive || status === 'succeeded' ? status : null
    const taskStatus = exitCode === undefined ? fallback : exitCode === 0 ? 'succeeded' : 'failed'
    return { id: name, name, status: taskStatus, ...given({ exitCode }) }
  })
}
