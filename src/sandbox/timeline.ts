/** A state that an object enters at a time. `outcome` is a second value that some providers report in addition to the state. */
export interface Moment {
  /** Epoch ms by the world's clock. */
  readonly at: number
  readonly state: string
  readonly outcome?: string
}

/** The past and planned states of an object, earliest first. Never empty. */
export type Timeline = readonly [Moment, ...Moment[]]

/** A sequence of states: each lasts `forMs`, the last one indefinitely. A step of 0 ms is omitted. */
export function plan(
  startAt: number,
  steps: readonly { state: string; outcome?: string; forMs: number }[],
  last: Omit<Moment, 'at'>,
): Timeline {
  const moments: Moment[] = []
  let at = startAt
  for (const { forMs, ...state } of steps) {
    if (forMs <= 0) continue
    moments.push({ at, ...state })
    at += forMs
  }
  return chain(moments, { at, ...last })
}

/** The current moment of an object. */
export function momentAt(timeline: Timeline, now: number): Moment {
  return timeline.findLast((moment) => moment.at <= now) ?? timeline[0]
}

/** When the object entered a state, or `null` if it has not yet. */
export function enteredAt(timeline: Timeline, state: string, now: number): number | null {
  return timeline.find((moment) => moment.state === state && moment.at <= now)?.at ?? null
}

/** Replaces everything planned after `now`. */
export function divert(timeline: Timeline, now: number, next: Moment, ...later: readonly Moment[]): Timeline {
  const past = timeline.filter((moment) => moment.at <= now)
  return chain([...past, next, ...later].slice(0, -1), later.at(-1) ?? next)
}

/** Keeps the times and changes the final state. */
export function destine(timeline: Timeline, end: Omit<Moment, 'at'>): Timeline {
  const { at } = timeline.at(-1) ?? timeline[0]
  return chain(timeline.slice(0, -1), { at, ...end })
}

function chain(moments: readonly Moment[], last: Moment): Timeline {
  const [first, ...rest] = moments
  return first === undefined ? [last] : [first, ...rest, last]
}
