/** The provider's states, their timeline without actions, and the effect of actions. */
export interface Lifecycle {
  readonly states: Readonly<Record<string, string>>
  readonly timeline: readonly { state: string; forMs: number }[]
  readonly actions: Readonly<Record<string, { through: string | null; to: string | null; forMs: number }>>
  readonly finalStates: readonly string[]
}

interface TimelineEntry {
  at: number
  state: string
}

/** A remote object and its timeline. */
export interface RemoteObject {
  id: string
  correlationTag: string
  createdAt: number
  timeline: readonly TimelineEntry[]
}

export function timelineFrom({ timeline }: Lifecycle, createdAt: number): TimelineEntry[] {
  let at = createdAt
  return timeline.map(({ state, forMs }) => {
    const entry = { at, state }
    at += forMs
    return entry
  })
}

export function entryAt({ timeline }: RemoteObject, now: number): TimelineEntry | undefined {
  return timeline.findLast(({ at }) => at <= now) ?? timeline[0]
}

/** The object with another state from now on, without its later states. */
export function forceState(object: RemoteObject, state: string, now: number): RemoteObject {
  return { ...object, timeline: [...object.timeline.filter(({ at }) => at <= now), { at: now, state }] }
}
