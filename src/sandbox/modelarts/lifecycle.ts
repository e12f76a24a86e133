import { sleepMsOf } from '../sleep.ts'
import { divert, enteredAt, momentAt, plan, type Timeline } from '../timeline.ts'
import type { ModelartsSettings } from './wire.ts'

/** An internal state after a completed deletion; clients never see it. */
export const goneState = 'GONE'

type EnvironmentSpeeds = Pick<
  ModelartsSettings,
  'queueingMs' | 'creatingMs' | 'startingMs' | 'stoppingMs' | 'leaseSpeed'
>

/** The input of the lifecycle of an instance or notebook. */
export interface LifecycleInput {
  /** Texts of the request that may specify a failure: name and description. */
  readonly texts: readonly (string | undefined)[]
  /** How long it runs until it stops automatically; `null` is unlimited. */
  readonly runForMs: number | null
}

/** Whether a request specifies a failure: `create-fails` or `start-fails` in its name or description. */
export function requestsFailure(texts: LifecycleInput['texts'], failure: 'create-fails' | 'start-fails'): boolean {
  return texts.some((text) => text?.includes(failure))
}

/** The lifecycle of an environment from its creation. */
export function lifeFromCreation(startAt: number, input: LifecycleInput, speeds: EnvironmentSpeeds): Timeline {
  const waiting = [
    { state: 'CREATE_QUEUING', forMs: speeds.queueingMs },
    { state: 'CREATING', forMs: Math.max(speeds.creatingMs, 1) },
  ]
  if (requestsFailure(input.texts, 'create-fails')) return plan(startAt, waiting, { state: 'CREATE_FAILED' })
  const runsAt = startAt + speeds.queueingMs + Math.max(speeds.creatingMs, 1)
  const [first, ...rest] = runFrom(runsAt, input, speeds)
  return [...plan(startAt, waiting, first), ...rest]
}

/** The lifecycle of a restarted environment. */
export function restarted(timeline: Timeline, now: number, input: LifecycleInput, speeds: EnvironmentSpeeds): Timeline {
  const startingAt = now + speeds.queueingMs
  const settlesAt = startingAt + Math.max(speeds.startingMs, 1)
  const starting = { at: startingAt, state: 'STARTING' }
  const ending: Timeline = requestsFailure(input.texts, 'start-fails')
    ? [{ at: settlesAt, state: 'START_FAILED' }]
    : runFrom(settlesAt, input, speeds)
  if (speeds.queueingMs <= 0) return divert(timeline, now, starting, ...ending)
  return divert(timeline, now, { at: now, state: 'START_QUEUING' }, starting, ...ending)
}

/** The lifecycle of an environment that is being stopped. */
export function stopped(timeline: Timeline, now: number, { stoppingMs }: EnvironmentSpeeds): Timeline {
  return divert(timeline, now, ...stopFrom(now, stoppingMs))
}

/** The lifecycle of a running environment with a changed duration; `runForMs` counts from now. */
export function extended(timeline: Timeline, now: number, input: LifecycleInput, speeds: EnvironmentSpeeds): Timeline {
  return divert(timeline, now, ...runFrom(now, input, speeds))
}

/** The lifecycle of a deleted environment: DELETING, then gone. */
export function deleted(timeline: Timeline, now: number, deletingMs: number): Timeline {
  return divert(timeline, now, { at: now, state: 'DELETING' }, { at: now + deletingMs, state: goneState })
}

/** When an environment will stop automatically, epoch ms by the world's clock; `null` if never. */
export function stopsAt(timeline: Timeline, now: number): number | null {
  if (momentAt(timeline, now).state !== 'RUNNING') return null
  return timeline.find(({ at, state }) => at > now && state === 'STOPPING')?.at ?? null
}

function runFrom(at: number, { runForMs }: LifecycleInput, { stoppingMs, leaseSpeed }: EnvironmentSpeeds): Timeline {
  const running = { at, state: 'RUNNING' }
  if (runForMs === null || leaseSpeed <= 0) return [running]
  return [running, ...stopFrom(at + runForMs / leaseSpeed, stoppingMs)]
}

function stopFrom(at: number, stoppingMs: number): Timeline {
  return [
    { at, state: 'STOPPING' },
    { at: at + Math.max(stoppingMs, 1), state: 'STOPPED' },
  ]
}

/** The input of the lifecycle of a training job. */
export interface JobLifecycleInput {
  readonly script: string
  readonly texts: LifecycleInput['texts']
  /** Maximum duration of the job; `null` is unlimited. */
  readonly stopAfterMs: number | null
}

/** The lifecycle of a v2 training job; the outcome is its secondary phase. */
export function jobLife(startAt: number, input: JobLifecycleInput, settings: ModelartsSettings): Timeline {
  const creating = { state: 'Creating', outcome: 'Creating', forMs: Math.max(settings.jobCreatingMs, 1) }
  if (requestsFailure(input.texts, 'create-fails'))
    return plan(startAt, [creating], { state: 'Abnormal', outcome: 'CreateFailed' })
  const ownMs = sleepMsOf(input.script) ?? settings.jobRunningMs
  const allowedMs = input.stopAfterMs ?? Number.POSITIVE_INFINITY
  const end = exitCodeOf(input.script) === 0 ? 'Completed' : 'Failed'
  const isCutShort = ownMs > allowedMs
  const steps = [
    creating,
    { state: 'Pending', outcome: 'Queuing', forMs: settings.queueingMs + settings.jobPendingMs },
    { state: 'Running', outcome: 'Running', forMs: Math.max(Math.min(ownMs, allowedMs), 1) },
    { state: 'Terminating', outcome: 'Terminating', forMs: isCutShort ? settings.terminatingMs : 0 },
  ]
  const state = isCutShort ? 'Terminated' : end
  return plan(startAt, steps, { state, outcome: state })
}

/** The lifecycle of a terminated training job. */
export function terminated(timeline: Timeline, now: number, terminatingMs: number): Timeline {
  const ended = { state: 'Terminated', outcome: 'Terminated', at: now + Math.max(terminatingMs, 1) }
  return divert(timeline, now, { at: now, state: 'Terminating', outcome: 'Terminating' }, ended)
}

export const endedStates: ReadonlySet<string> = new Set(['Completed', 'Failed', 'Terminated', 'Abnormal'])

/** When a job started and ended; `null` if it has not. */
export function jobTimes(timeline: Timeline, now: number): { startedAt: number | null; endedAt: number | null } {
  const moment = momentAt(timeline, now)
  return {
    startedAt: enteredAt(timeline, 'Running', now),
    endedAt: endedStates.has(moment.state) ? moment.at : null,
  }
}

/** The exit code: `exit <number>` in a script, 1 for the command `false`, else 0. */
export function exitCodeOf(script: string): number {
  const stated = /\bexit\s+(\d+)\b/.exec(script)?.[1]
  if (stated !== undefined) return Number(stated) % 256
  return /(^|[\n;&|('"])[^\S\n]*false[^\S\n]*($|[\n;&|)'"])/.test(script) ? 1 : 0
}
