import { divert, enteredAt, momentAt, plan, type Timeline } from '../timeline.ts'
import type { JupyterhubSettings } from './wire.ts'

/** The state of a server that was removed while stopping: it no longer exists. */
export const removed = 'removed'

/** States without an operation in progress. Any other state, also a forced one, is shown as `pending`. */
const settledStates: ReadonlySet<string> = new Set(['ready', 'stopped', removed])

/** A server that was created but never started. */
export function unstarted(now: number): Timeline {
  return [{ at: now, state: 'stopped' }]
}

/** A start: pending, then ready, or stopped if it fails. */
export function spawned(
  before: Timeline | undefined,
  now: number,
  { spawnMs, failSpawns }: JupyterhubSettings,
): Timeline {
  const [next, ...later] = plan(now, [{ state: 'spawn', forMs: spawnMs }], { state: failSpawns ? 'stopped' : 'ready' })
  return before === undefined ? [next, ...later] : divert(before, now, next, ...later)
}

/** A stop, after which the server is stopped, or removed if requested. */
export function halted(before: Timeline, now: number, { stopMs, end }: { stopMs: number; end: string }): Timeline {
  const [next, ...later] = plan(now, [{ state: 'stop', forMs: stopMs }], { state: end })
  return divert(before, now, next, ...later)
}

/** The observable state of a server. */
export interface Snapshot {
  pending: string | null
  ready: boolean
  stopped: boolean
  /** When the last start began; `null` if stopped. */
  startedAt: number | null
  /** Time of the last activity. */
  lastActivityAt: number | null
}

export function snapshotAt(timeline: Timeline, now: number): Snapshot {
  const { state, at } = momentAt(timeline, now)
  const pending = settledStates.has(state) ? null : state
  const isStopped = state === 'stopped'
  const wasStarted = enteredAt(timeline, 'spawn', now) !== null || enteredAt(timeline, 'ready', now) !== null
  const begin = timeline.findLast((moment) => moment.at <= now && moment.state === 'spawn')?.at
  return {
    pending,
    ready: state === 'ready',
    stopped: isStopped,
    startedAt: isStopped ? null : (begin ?? at),
    lastActivityAt: wasStarted ? at : null,
  }
}
