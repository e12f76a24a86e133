import { divert, type Moment, momentAt, plan, type Timeline } from '../timeline.ts'
import type { JobRequest, SlurmSettings } from './wire.ts'

const endStates: ReadonlySet<string> = new Set([
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TIMEOUT',
  'OUT_OF_MEMORY',
  'NODE_FAIL',
  'BOOT_FAIL',
  'PREEMPTED',
  'DEADLINE',
])

/** A verdict is `<state reason> <wait status>`. */
const verdict = (reason: string, waitStatus = 0) => `${reason} ${waitStatus}`

/** The life of a job as its request foretells it. */
export function lifeOf(request: JobRequest, startAt: number, limitMinutes: number, settings: SlurmSettings): Timeline {
  const script = request.script ?? ''
  const limitMs = limitMinutes * 60_000
  const wantedMs = sleepMsOf(script) ?? settings.runningMs
  const pending = { state: 'PENDING', verdict: verdict('None'), forMs: Math.max(settings.pendingMs, 1) }
  const running = { state: 'RUNNING', verdict: verdict('None'), forMs: Math.max(Math.min(wantedMs, limitMs), 1) }
  if (isUnlaunchable(request))
    return plan(startAt, [pending, { ...running, forMs: 1 }], {
      state: 'FAILED',
      verdict: verdict('JobLaunchFailure', 4021),
    })
  const end = wantedMs > limitMs ? { state: 'TIMEOUT', verdict: verdict('TimeLimit', 15) } : endOf(script)
  const completing = { ...end, state: 'COMPLETING', forMs: settings.completingMs }
  return plan(startAt, [pending, running, completing], end)
}

/** Waits until somebody does something about it. */
export function stuck(startAt: number, reason: string): Timeline {
  return [{ at: startAt, state: 'PENDING', verdict: verdict(reason) }]
}

/** Turned down when it was submitted. The 1 is no exit code. */
export function impossible(startAt: number): Timeline {
  return [{ at: startAt, state: 'FAILED', verdict: verdict('BadConstraints', 1) }]
}

/** The life after a kill, which nothing changes that has ended. */
export function killed(timeline: Timeline, now: number, settings: SlurmSettings): Timeline {
  if (hasEnded(timeline, now)) return timeline
  if (sight(timeline, now).ranAt === null)
    return divert(timeline, now, { at: now, state: 'CANCELLED', verdict: verdict('None') })
  const signalled = verdict('None', 15)
  const end: Moment = { at: now + settings.completingMs, state: 'CANCELLED', verdict: signalled }
  return settings.completingMs <= 0
    ? divert(timeline, now, end)
    : divert(timeline, now, { at: now, state: 'COMPLETING', verdict: signalled }, end)
}

export function hasEnded(timeline: Timeline, now: number): boolean {
  return endStates.has(momentAt(timeline, now).state)
}

/** What a reader sees of a life at a time. Times are epoch ms. */
export interface Sighting {
  readonly state: string
  readonly reason: string
  readonly waitStatus: number
  readonly ranAt: number | null
  readonly endedAt: number | null
  /** How often it was requeued. */
  readonly restarts: number
}

export function sight(timeline: Timeline, now: number): Sighting {
  const { state, at, verdict: told = verdict('None') } = momentAt(timeline, now)
  const [reason = 'None', waitStatus = '0'] = told.split(' ')
  const endedAt = endStates.has(state) ? at : null
  // A job that is requeued waits again, without its nodes.
  const waits = timeline.filter((moment) => moment.state === 'PENDING' && moment.at <= now)
  const waitedAt = waits.at(-1)?.at ?? 0
  const ranAt = timeline.find((moment) => moment.state === 'RUNNING' && moment.at >= waitedAt && moment.at <= now)?.at
  const restarts = Math.max(waits.length - 1, 0)
  return { state, reason, waitStatus: Number(waitStatus), ranAt: ranAt ?? null, endedAt, restarts }
}

/**
 * A script that contains `kill -<n> $$` ends by it, which Slurm calls a launch failure; `exit <n>` is what it says.
 * Without a `#!` line it is taken and cannot be executed.
 */
function endOf(script: string): Omit<Moment, 'at'> {
  const signal = /\bkill\s+-(\d+)\s+\$\$/.exec(script)?.[1]
  if (signal !== undefined) return { state: 'FAILED', verdict: verdict('JobLaunchFailure', Number(signal)) }
  const code = script.startsWith('#!') ? Number(/\bexit\s+(\d+)\b/.exec(script)?.[1] ?? 0) & 0xff : 8
  return code === 0
    ? { state: 'COMPLETED', verdict: verdict('None') }
    : { state: 'FAILED', verdict: verdict('NonZeroExitCode', code << 8) }
}

/** Output into a directory that is not there. The sandbox has none but the usual. */
function isUnlaunchable({ job }: JobRequest): boolean {
  const paths = [job.standard_output ?? '', job.standard_error ?? '']
  return paths.some((path) => path.startsWith('/nonexistent/'))
}

/** A script that contains `sleep <seconds>` runs for as long. */
function sleepMsOf(script: string): number | null {
  const seconds = /\bsleep\s+(\d+(?:\.\d+)?)\b/.exec(script)?.[1]
  return seconds === undefined ? null : Number(seconds) * 1000
}
