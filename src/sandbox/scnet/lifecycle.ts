import { divert, type Moment, momentAt, plan, type Timeline } from '../timeline.ts'
import { readScript } from './script.ts'
import { type ContainerRequest, type JobRequest, parseClockMs, type ScnetSettings } from './wire.ts'

/** Of containers and of HPC jobs. */
export const endedStates: ReadonlySet<string> = new Set([
  ...['Completed', 'Failed', 'Terminated'],
  ...['statC', 'statD', 'statDE', 'statT', 'statN', 'statEX', 'statF'],
])

/** The lifecycle of a container instance from its creation or restart. */
export function lifeOfContainer(request: ContainerRequest, startAt: number, settings: ScnetSettings): Timeline {
  const beginning = [
    { state: 'Waiting', forMs: Math.max(settings.waitingMs, 1) },
    { state: 'Deploying', forMs: settings.deployingMs },
  ]
  if (request.imagePath.includes('no-such-image')) return plan(startAt, beginning, { state: 'Failed' })
  const byItself = endByItself(request, settings)
  const limitMs = timeoutMsOf(request)
  const runMs = Math.min(limitMs, byItself?.afterMs ?? Number.POSITIVE_INFINITY)
  if (runMs === Number.POSITIVE_INFINITY) return plan(startAt, beginning, { state: 'Running' })
  const isTimeout = byItself === null || limitMs < byItself.afterMs
  const state = isTimeout ? settings.timeoutEndState : byItself.state
  return plan(startAt, [...beginning, { state: 'Running', forMs: runMs }], { state })
}

// It is not documented that a container ends with its script; by default only a script with `exit` ends it.
function endByItself(request: ContainerRequest, settings: ScnetSettings): { state: string; afterMs: number } | null {
  if (!request.useStartScript) return null
  const { hasExit, exitCode, sleepMs } = readScript(request.startScriptContent ?? '')
  if (!hasExit && !settings.scriptsEndContainers) return null
  return { state: exitCode === 0 ? 'Completed' : 'Failed', afterMs: sleepMs ?? settings.runningMs }
}

/** The time limit of a container; infinite for `unlimited`. */
export function timeoutMsOf({ timeoutLimit }: ContainerRequest): number {
  return parseClockMs(timeoutLimit) ?? Number.POSITIVE_INFINITY
}

/** The lifecycle of an HPC job. The outcome is Slurm's state. */
export function lifeOfJob(request: JobRequest, startAt: number, settings: ScnetSettings): Timeline {
  const { exitCode, sleepMs } = readScript(request.GAP_CMD_FILE)
  const wallMs = parseClockMs(request.GAP_WALL_TIME) ?? 0
  const runMs = sleepMs ?? settings.runningMs
  const steps = [
    { state: 'statQ', outcome: 'PENDING', forMs: Math.max(settings.queuedMs, 1) },
    { state: 'statR', outcome: 'RUNNING', forMs: Math.min(runMs, wallMs) },
    { state: 'statE', outcome: 'COMPLETING', forMs: settings.exitingMs },
  ]
  if (runMs > wallMs) return plan(startAt, steps, { state: 'statT', outcome: 'TIMEOUT' })
  if (exitCode !== 0) return plan(startAt, steps, { state: settings.failedJobState, outcome: 'FAILED' })
  return plan(startAt, steps, { state: 'statC', outcome: 'COMPLETED' })
}

/** Ends a lifecycle `afterMs` from now, unless it ends earlier. */
export function cutShort(timeline: Timeline, now: number, end: { state: string; outcome?: string; afterMs: number }) {
  const { afterMs, ...moment } = end
  const last = timeline.at(-1) ?? timeline[0]
  const at = now + afterMs
  if (isEnd(last) && last.at <= at) return timeline
  return divert(timeline, at, { at, ...moment })
}

/** Whether it has ended. An invented state is not final. */
export function hasEnded(timeline: Timeline, now: number): boolean {
  return endedAt(timeline, now) !== null
}

/** When it ended, epoch ms, or `null`. */
export function endedAt(timeline: Timeline, now: number): number | null {
  const moment = momentAt(timeline, now)
  return isEnd(moment) ? moment.at : null
}

function isEnd({ state }: Moment): boolean {
  return endedStates.has(state)
}
