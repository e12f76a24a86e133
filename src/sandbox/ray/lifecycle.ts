import { sleepMsOf } from '../sleep.ts'
import { divert, type Moment, momentAt, plan, type Timeline } from '../timeline.ts'
import { type JobRequest, nodes, type RaySettings } from './wire.ts'

export const endedStates: ReadonlySet<string> = new Set(['STOPPED', 'SUCCEEDED', 'FAILED'])

/** An outcome is the exit code, or the type of the error. */
const startTimeout = { state: 'FAILED', outcome: 'JOB_SUPERVISOR_ACTOR_START_TIMEOUT' }

/** The lifecycle of a job, as set by its request. */
export function lifeOf(request: JobRequest, at: number, settings: RaySettings): Timeline {
  if (hasBadVariables(request)) return [{ at, state: 'FAILED', outcome: 'JOB_SUPERVISOR_ACTOR_START_FAILURE' }]
  if (!fitsSomewhere(request)) return plan(at, [{ state: 'PENDING', forMs: settings.startTimeoutMs }], startTimeout)
  const pending = { state: 'PENDING', forMs: Math.max(settings.pendingMs, 1) }
  if (hasUnknownPackage(request)) return plan(at, [pending], { state: 'FAILED', outcome: 'RUNTIME_ENV_SETUP_FAILURE' })
  const forMs = Math.max(sleepMsOf(request.entrypoint) ?? settings.runningMs, 1)
  return plan(at, [pending, { state: 'RUNNING', forMs }], endOf(request.entrypoint))
}

/**
 * The lifecycle after a stop. A stop of a waiting job is delivered once its process runs, so a job that waits for
 * resources keeps waiting.
 */
export function stopped(timeline: Timeline, now: number, { stopMs }: RaySettings): Timeline {
  const start = timeline.find(({ state }) => state === 'RUNNING')
  if (start === undefined || hasEnded(timeline, now)) return timeline
  const end: Moment = { at: Math.max(now, start.at) + stopMs, state: 'STOPPED' }
  return start.at > now ? divert(timeline, now, start, end) : divert(timeline, now, end)
}

export function hasEnded(timeline: Timeline, now: number): boolean {
  return endedStates.has(momentAt(timeline, now).state)
}

/** The observable state. Times are epoch ms. */
export interface Snapshot {
  readonly state: string
  readonly exitCode: number | null
  readonly errorType: string | null
  readonly hasRun: boolean
  readonly endedAt: number | null
}

export function snapshotAt(timeline: Timeline, now: number): Snapshot {
  const { state, at, outcome } = momentAt(timeline, now)
  const isExit = outcome !== undefined && /^-?\d+$/.test(outcome)
  const exitCode = isExit ? Number(outcome) : null
  return {
    state,
    exitCode,
    errorType: state !== 'FAILED' ? null : isExit ? 'JOB_ENTRYPOINT_COMMAND_ERROR' : (outcome ?? null),
    hasRun: timeline.some((moment) => moment.state === 'RUNNING' && moment.at <= now),
    endedAt: endedStates.has(state) ? at : null,
  }
}

/** Whether a node has the requested resources in total, used or not. Without a request a job runs on the head. */
function fitsSomewhere(request: JobRequest): boolean {
  const requested = Object.entries({
    CPU: request.entrypoint_num_cpus ?? 0,
    GPU: request.entrypoint_num_gpus ?? 0,
    memory: request.entrypoint_memory ?? 0,
    ...request.entrypoint_resources,
  })
  return nodes.some(({ resources }) => {
    const amounts: Readonly<Record<string, number>> = resources
    return requested.every(([name, amount]) => amount <= (amounts[name] ?? 0))
  })
}

function hasBadVariables({ runtime_env: environment }: JobRequest): boolean {
  const variables = environment?.env_vars
  return variables !== undefined && Object.values(Object(variables)).some((value) => typeof value !== 'string')
}

function hasUnknownPackage({ runtime_env: environment }: JobRequest): boolean {
  return JSON.stringify(environment?.pip ?? null).includes('no-such-package')
}

/** `exit <n>` and `kill -<n> $$` in an entrypoint set the outcome. */
function endOf(entrypoint: string): Omit<Moment, 'at'> {
  const signal = /\bkill\s+-(\d+)\s+\$\$/.exec(entrypoint)?.[1]
  const code = signal === undefined ? Number(/\bexit\s+(\d+)\b/.exec(entrypoint)?.[1] ?? 0) & 0xff : -Number(signal)
  return { state: code === 0 ? 'SUCCEEDED' : 'FAILED', outcome: String(code) }
}
