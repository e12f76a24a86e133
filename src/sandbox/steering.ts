import type { Settings } from './provider.ts'
import { destine, divert, momentAt } from './timeline.ts'
import type { World, WorldObject } from './world.ts'

/** The forced state of an object: its current state (which it keeps), its final state, or both. */
export interface Push {
  state?: string
  verdict?: string
  finalState?: string
  finalVerdict?: string
}

/** An object as the control API shows it. */
export interface ObjectView extends WorldObject {
  readonly state: string
  readonly verdict?: string
}

/** A control request for a missing object or with invalid values. */
export class SteeringError extends Error {
  readonly status: 400 | 404

  constructor(status: SteeringError['status'], message: string) {
    super(message)
    this.name = 'SteeringError'
    this.status = status
  }
}

/** Direct control over a provider's objects and settings, for tests. */
export interface Steering {
  objects(provider?: string): readonly ObjectView[]
  /** @throws SteeringError when there is no such object */
  force(provider: string, id: string, push: Push): ObjectView
  /** @throws SteeringError when there is no such object */
  remove(provider: string, id: string): void
  /** @throws SteeringError when a name is not a setting or its value is of another type */
  changeSettings(provider: string, changes: Readonly<Record<string, unknown>>): Settings
}

export function makeSteering(world: World, settings: Readonly<Record<string, Settings>>): Steering {
  const view = (object: WorldObject): ObjectView => {
    const { at, ...moment } = momentAt(object.timeline, world.now())
    return { ...object, ...moment }
  }
  const find = (provider: string, id: string) => {
    const object = world.objects(provider).find((candidate) => candidate.id === id)
    if (object === undefined) throw new SteeringError(404, `${provider} has no object '${id}'`)
    return object
  }
  return {
    objects: (provider) => world.objects(provider).map(view),
    force: (provider, id, push) => {
      const object = find(provider, id)
      const timeline = pushed(object, push, world.now())
      return view(world.collection(provider, object.kind).change(id, { timeline }))
    },
    remove: (provider, id) => world.collection(provider, find(provider, id).kind).remove(id),
    changeSettings: (provider, changes) => {
      const live = settings[provider]
      if (live === undefined) throw new SteeringError(404, `the sandbox does not run '${provider}'`)
      for (const [name, value] of Object.entries(changes)) assertFits(live, name, value)
      return Object.assign(live, changes)
    },
  }
}

function pushed({ timeline }: WorldObject, push: Push, now: number): WorldObject['timeline'] {
  const current = momentAt(timeline, now)
  const { state, verdict = current.verdict, finalState, finalVerdict } = push
  const isMovedNow = state !== undefined || push.verdict !== undefined
  const moved = isMovedNow
    ? divert(timeline, now, { at: now, state: state ?? current.state, ...(verdict === undefined ? {} : { verdict }) })
    : timeline
  if (finalState === undefined && finalVerdict === undefined) return moved
  const end = moved.at(-1) ?? current
  const endVerdict = finalVerdict ?? end.verdict
  return destine(moved, {
    state: finalState ?? end.state,
    ...(endVerdict === undefined ? {} : { verdict: endVerdict }),
  })
}

function assertFits(live: Settings, name: string, value: unknown): void {
  const current = live[name]
  if (current === undefined) {
    throw new SteeringError(400, `'${name}' is not a setting; there are ${Object.keys(live).join(', ')}`)
  }
  if (typeof value !== typeof current) {
    throw new SteeringError(400, `'${name}' must be a ${typeof current}, not ${JSON.stringify(value)}`)
  }
}
