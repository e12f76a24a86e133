import { divert, enteredAt, momentAt, plan, type Timeline } from '../timeline.ts'
import type { JupyterhubSettings } from './wire.ts'

/** A server that was removed while it stopped: gone once it has this state. */
export const removed = 'removed'

/** The states in which something is under way, as `pending` shows them; every other word that is forced shows there too. */
const settledStates: ReadonlySet<string> = new Set(['ready', 'stopped', removed])

/** A server that was made but never started. */
export function unstarted(now: number): Timeline {
  return [{ at: now, state: 'stopped' }]
}

/** A start: pending, and then ready, or stopped where it fails. */
export function spawned(
  before: Timeline | undefined,
  now: number,
  { spawnMs, failSpawns }: JupyterhubSettings,
): Timeline {
  const [next, ...later] = plan(now, [{ state: 'spawn', forMs: spawnMs }], { state: failSpawns ? 'stopped' : 'ready' })
  return before === undefined ? [next, ...later] : divert(before, now, next, ...later)
}

/** A stop, after which the server is stopped, or gone where it is to be removed. */
export function halted(before: Timeline, now: number, { stopMs, end }: { stopMs: number; end: string }): Timeline {
  const [next, ...later] = plan(now, [{ state: 'stop', forMs: stopMs }], { state: end })
  return divert(before, now, next, ...later)
}

/** What the hub's model of a server is made of. */
export interface Sighting {
  pending: string | null
  ready: boolean
  stopped: boolean
  /** When the last start began; `null` while stopped. */
  startedAt: number | null
  /** The newest sign of life. */
  lastActivityAt: number | null
}

export function sight(timeline: Timeline, now: number): Sighting {
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
