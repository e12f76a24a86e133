import { sleepMsOf } from '../sleep.ts'
import { divert, type Moment, momentAt, plan, type Timeline } from '../timeline.ts'
import type { JobRequest, SlurmSettings } from './wire.ts'

export const endedStates: ReadonlySet<string> = new Set([
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TIMEOUT',
  'OUT_OF_MEMORY',
  'NODE_FAIL',
  'BOOT_FAIL',
  'PREEMPTED',
  'DEADLINE',
  'LAUNCH_FAILED',
  'RECONFIG_FAIL',
  'REVOKED',
])

/** An outcome is `<state reason> <wait status>`. */
const outcome = (reason: string, waitStatus = 0) => `${reason} ${waitStatus}`

/** The lifecycle of a job, as set by its request. */
export function lifeOf(request: JobRequest, startAt: number, limitMinutes: number, settings: SlurmSettings): Timeline {
  const script = request.script ?? ''
  const limitMs = limitMinutes * 60_000
  const requestedMs = sleepMsOf(script) ?? settings.runningMs
  const pending = { state: 'PENDING', outcome: outcome('None'), forMs: Math.max(settings.pendingMs, 1) }
  const running = { state: 'RUNNING', outcome: outcome('None'), forMs: Math.max(Math.min(requestedMs, limitMs), 1) }
  if (isUnlaunchable(request))
    return plan(startAt, [pending, { ...running, forMs: 1 }], {
      state: 'FAILED',
      outcome: outcome('JobLaunchFailure', 4021),
    })
  const end = requestedMs > limitMs ? { state: 'TIMEOUT', outcome: outcome('TimeLimit', 15) } : endOf(script)
  const completing = { ...end, state: 'COMPLETING', forMs: settings.completingMs }
  return plan(startAt, [pending, running, completing], end)
}

/** The lifecycle of a job that waits for an operator. */
export function stuck(startAt: number, reason: string): Timeline {
  return [{ at: startAt, state: 'PENDING', outcome: outcome(reason) }]
}

/** The lifecycle of a job rejected at submit. The 1 is not an exit code. */
export function impossible(startAt: number): Timeline {
  return [{ at: startAt, state: 'FAILED', outcome: outcome('BadConstraints', 1) }]
}

/** The lifecycle after a kill; an ended job stays unchanged. */
export function killed(timeline: Timeline, now: number, settings: SlurmSettings): Timeline {
  if (hasEnded(timeline, now)) return timeline
  if (snapshotAt(timeline, now).ranAt === null)
    return divert(timeline, now, { at: now, state: 'CANCELLED', outcome: outcome('None') })
  const signalled = outcome('None', 15)
  const end: Moment = { at: now + settings.completingMs, state: 'CANCELLED', outcome: signalled }
  return settings.completingMs <= 0
    ? divert(timeline, now, end)
    : divert(timeline, now, { at: now, state: 'COMPLETING', outcome: signalled }, end)
}

export function hasEnded(timeline: Timeline, now: number): boolean {
  return endedStates.has(momentAt(timeline, now).state)
}

/** The observable state at a time. Times are epoch ms. */
export interface Snapshot {
  readonly state: string
  readonly reason: string
  readonly waitStatus: number
  readonly ranAt: number | null
  readonly endedAt: number | null
  /** Number of times it was requeued. */
  readonly restarts: number
}

export function snapshotAt(timeline: Timeline, now: number): Snapshot {
  const { state, at, outcome: current = outcome('None') } = momentAt(timeline, now)
  const [reason = 'None', waitStatus = '0'] = current.split(' ')
  const endedAt = endedStates.has(state) ? at : null
  // A requeued job waits again, without its nodes.
  const waits = timeline.filter((moment) => moment.state === 'PENDING' && moment.at <= now)
  const waitedAt = waits.at(-1)?.at ?? 0
  const ranAt = timeline.find((moment) => moment.state === 'RUNNING' && moment.at >= waitedAt && moment.at <= now)?.at
  const restarts = Math.max(waits.length - 1, 0)
  return { state, reason, waitStatus: Number(waitStatus), ranAt: ranAt ?? null, endedAt, restarts }
}

/**
 * The end of a script: `kill -<n> $$` ends it by a signal, which Slurm reports as a launch failure; `exit <n>` sets its
 * exit code. Without a `#!` line it is accepted and cannot be executed.
 */
function endOf(script: string): Omit<Moment, 'at'> {
  const signal = /\bkill\s+-(\d+)\s+\$\$/.exec(script)?.[1]
  if (signal !== undefined) return { state: 'FAILED', outcome: outcome('JobLaunchFailure', Number(signal)) }
  const code = script.startsWith('#!') ? Number(/\bexit\s+(\d+)\b/.exec(script)?.[1] ?? 0) & 0xff : 8
  return code === 0
    ? { state: 'COMPLETED', outcome: outcome('None') }
    : { state: 'FAILED', outcome: outcome('NonZeroExitCode', code << 8) }
}

/** Whether the output directory is missing. The sandbox has only the usual directories. */
function isUnlaunchable({ job }: JobRequest): boolean {
  const paths = [job.standard_output ?? '', job.standard_error ?? '']
  return paths.some((path) => path.startsWith('/nonexistent/'))
}
