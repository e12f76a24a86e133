import { sleepMsOf } from '../sleep.ts'
import { divert, enteredAt, type Moment, momentAt, plan, type Timeline } from '../timeline.ts'
import type { AiAppRequest, DataforestSettings } from './wire.ts'

// YarnApplicationState and FinalApplicationStatus; the documents show only ACCEPTED with UNDEFINED.
export const endedStates: ReadonlySet<string> = new Set(['FINISHED', 'FAILED', 'KILLED'])

/** The lifecycle of an AI app, as set by its request. */
export function lifeOf(request: AiAppRequest, startAt: number, settings: DataforestSettings): Timeline {
  const { newMs, submittedMs, acceptedMs } = settings
  const steps = [
    { state: 'NEW', outcome: 'UNDEFINED', forMs: newMs },
    { state: 'SUBMITTED', outcome: 'UNDEFINED', forMs: submittedMs },
    { state: 'ACCEPTED', outcome: 'UNDEFINED', forMs: Math.max(acceptedMs, 1) },
    { state: 'RUNNING', outcome: 'UNDEFINED', forMs: sleepMsOf(scriptOf(request.docker)) ?? settings.runningMs },
  ]
  return plan(startAt, steps, { state: 'FINISHED', outcome: failsByItself(request) ? 'FAILED' : 'SUCCEEDED' })
}

/** The lifecycle after a kill: KILLED `killMs` later, unless the app ends earlier. */
export function killed(timeline: Timeline, now: number, killMs: number): Timeline {
  const end = timeline.at(-1) ?? timeline[0]
  if (isEnd(end) && end.at <= now + killMs) return timeline
  // Until the kill takes effect the app continues as planned and may start.
  return divert(timeline, now + killMs, { at: now + killMs, state: 'KILLED', outcome: 'KILLED' })
}

/** The observable state at a time. */
export interface Snapshot {
  readonly state: string
  readonly finalStatus: string
  /** Epoch ms; 0 while unfinished, as in the API. */
  readonly finishedAt: number
  /** When the master container started; `null` if it has not. */
  readonly ranAt: number | null
  /** Epoch ms of the newest change. */
  readonly modifiedAt: number
}

export function snapshotAt(timeline: Timeline, now: number): Snapshot {
  const moment = momentAt(timeline, now)
  return {
    state: moment.state,
    finalStatus: moment.outcome ?? 'UNDEFINED',
    finishedAt: isEnd(moment) ? moment.at : 0,
    ranAt: enteredAt(timeline, 'RUNNING', now),
    modifiedAt: moment.at,
  }
}

/** Whether the app has ended. */
export function hasEnded(timeline: Timeline, now: number): boolean {
  return isEnd(momentAt(timeline, now))
}

function isEnd(moment: Moment): boolean {
  return endedStates.has(moment.state)
}

/** A command with `exit <non-zero>` or the command `false` fails. */
function failsByItself({ docker }: AiAppRequest): boolean {
  const script = scriptOf(docker)
  return /\bexit\s+0*[1-9]\d*\b/.test(script) || /(^|[\n;&|('"])[^\S\n]*false[^\S\n]*($|[\n;&|)'"])/.test(script)
}

function scriptOf(docker: AiAppRequest['docker']): string {
  return [docker.command, docker.args ?? ''].join(' ')
}
