import { divert, enteredAt, type Moment, momentAt, plan, type Timeline } from '../timeline.ts'
import type { AiAppRequest, DataforestSettings } from './wire.ts'

// YarnApplicationState and FinalApplicationStatus; the documents print only ACCEPTED with UNDEFINED.
const endStates: ReadonlySet<string> = new Set(['FINISHED', 'FAILED', 'KILLED'])

/** The life of an AI app as its request foretells it. */
export function lifeOf(request: AiAppRequest, startAt: number, settings: DataforestSettings): Timeline {
  const { newMs, submittedMs, acceptedMs } = settings
  const steps = [
    { state: 'NEW', verdict: 'UNDEFINED', forMs: newMs },
    { state: 'SUBMITTED', verdict: 'UNDEFINED', forMs: submittedMs },
    { state: 'ACCEPTED', verdict: 'UNDEFINED', forMs: Math.max(acceptedMs, 1) },
    { state: 'RUNNING', verdict: 'UNDEFINED', forMs: sleepMsOf(request) ?? settings.runningMs },
  ]
  return plan(startAt, steps, { state: 'FINISHED', verdict: failsByItself(request) ? 'FAILED' : 'SUCCEEDED' })
}

/** The life after a kill: KILLED `killMs` later, unless the app ends by itself before that. */
export function killed(timeline: Timeline, now: number, killMs: number): Timeline {
  const end = timeline.at(-1) ?? timeline[0]
  if (isEnd(end) && end.at <= now + killMs) return timeline
  // Until it takes effect the app goes on as it would have: it may well start to run.
  return divert(timeline, now + killMs, { at: now + killMs, state: 'KILLED', verdict: 'KILLED' })
}

/** What a reader sees of a life at a time. */
export interface Sighting {
  readonly state: string
  readonly finalStatus: string
  /** Epoch ms; 0 while unfinished, as the API prints it. */
  readonly finishedAt: number
  /** When the master container began to run, or `null`. */
  readonly ranAt: number | null
  /** Epoch ms of the newest change. */
  readonly modifiedAt: number
}

export function sight(timeline: Timeline, now: number): Sighting {
  const moment = momentAt(timeline, now)
  return {
    state: moment.state,
    finalStatus: moment.verdict ?? 'UNDEFINED',
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
  return endStates.has(moment.state)
}

/** A command that contains `exit <non-zero>` or the command `false` fails. */
function failsByItself({ docker }: AiAppRequest): boolean {
  const script = scriptOf(docker)
  return /\bexit\s+0*[1-9]\d*\b/.test(script) || /(^|[\n;&|('"])[^\S\n]*false[^\S\n]*($|[\n;&|)'"])/.test(script)
}

/** A command that contains `sleep <seconds>` runs for as long. */
function sleepMsOf({ docker }: AiAppRequest): number | null {
  const seconds = /\bsleep\s+(\d+(?:\.\d+)?)\b/.exec(scriptOf(docker))?.[1]
  return seconds === undefined ? null : Number(seconds) * 1000
}

function scriptOf(docker: AiAppRequest['docker']): string {
  return [docker.command, docker.args ?? ''].join(' ')
}
