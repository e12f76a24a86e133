import type { Settings } from './provider.ts'
import { destine, divert, momentAt } from './timeline.ts'
import type { World, WorldObject } from './world.ts'

/** The forced state of an object: its current state (which it keeps), its final state, or both. */
export interface Push {
  state?: string
  outcome?: string
  finalState?: string
  finalOutcome?: string
}

/** An object as the control API shows it. */
export interface ObjectView extends WorldObject {
  readonly state: string
  readonly outcome?: string
}

/** A control request for a missing object or with invalid values. */
export class ControlError extends Error {
  readonly status: 400 | 404

  constructor(status: ControlError['status'], message: string) {
    super(message)
    this.name = 'ControlError'
    this.status = status
  }
}

/** Direct control over a provider's objects and settings, for tests. */
export interface Control {
  objects(provider?: string): readonly ObjectView[]
  /** @throws ControlError when there is no such object */
  force(provider: string, id: string, push: Push): ObjectView
  /** @throws ControlError when there is no such object */
  remove(provider: string, id: string): void
  /** @throws ControlError when a name is not a setting or its value is of another type */
  changeSettings(provider: string, changes: Readonly<Record<string, unknown>>): Settings
}

export function makeControl(world: World, settings: Readonly<Record<string, Settings>>): Control {
  const view = (object: WorldObject): ObjectView => {
    const { at, ...moment } = momentAt(object.timeline, world.now())
    return { ...object, ...moment }
  }
  const find = (provider: string, id: string) => {
    const object = world.objects(provider).find((candidate) => candidate.id === id)
    if (object === undefined) throw new ControlError(404, `${provider} has no object '${id}'`)
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
      if (live === undefined) throw new ControlError(404, `the sandbox does not run '${provider}'`)
      for (const [name, value] of Object.entries(changes)) assertFits(live, name, value)
      return Object.assign(live, changes)
    },
  }
}

function pushed({ timeline }: WorldObject, push: Push, now: number): WorldObject['timeline'] {
  const current = momentAt(timeline, now)
  const { state, outcome = current.outcome, finalState, finalOutcome } = push
  const isChangedNow = state !== undefined || push.outcome !== undefined
  const changed = isChangedNow
    ? divert(timeline, now, { at: now, state: state ?? current.state, ...(outcome === undefined ? {} : { outcome }) })
    : timeline
  if (finalState === undefined && finalOutcome === undefined) return changed
  const end = changed.at(-1) ?? current
  const endOutcome = finalOutcome ?? end.outcome
  return destine(changed, {
    state: finalState ?? end.state,
    ...(endOutcome === undefined ? {} : { outcome: endOutcome }),
  })
}

function assertFits(live: Settings, name: string, value: unknown): void {
  const current = live[name]
  if (current === undefined) {
    throw new ControlError(400, `'${name}' is not a setting; there are ${Object.keys(live).join(', ')}`)
  }
  if (typeof value !== typeof current) {
    throw new ControlError(400, `'${name}' must be a ${typeof current}, not ${JSON.stringify(value)}`)
  }
}
