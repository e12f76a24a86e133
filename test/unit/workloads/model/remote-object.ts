/** The states of each kind, in the words of this provider, and where they lead by themselves. */
export interface Life {
  readonly states: Readonly<Record<string, string>>
  readonly course: readonly { state: string; forMs: number }[]
  readonly verbs: Readonly<Record<string, { through: string | null; to: string | null; forMs: number }>>
  readonly ended: readonly string[]
}

interface Moment {
  at: number
  state: string
}

/** An object at the provider and its lifecycle without interference. */
export interface RemoteObject {
  id: string
  correlationTag: string
  madeAt: number
  course: readonly Moment[]
}

export function courseOf({ course }: Life, madeAt: number): Moment[] {
  let at = madeAt
  return course.map(({ state, forMs }) => {
    const moment = { at, state }
    at += forMs
    return moment
  })
}

export function momentOf({ course }: RemoteObject, now: number): Moment | undefined {
  return course.findLast(({ at }) => at <= now) ?? course[0]
}

/** The object in another state from now on: what would have come is off. */
export function putInto(object: RemoteObject, state: string, now: number): RemoteObject {
  return { ...object, course: [...object.course.filter(({ at }) => at <= now), { at: now, state }] }
}
