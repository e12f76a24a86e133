import { makeRandom, type Random } from './random.ts'
import type { Timeline } from './timeline.ts'

/** The current time, epoch ms. */
export interface Clock {
  now(): number
}

/** One stored object of a provider. */
export interface WorldObject<D extends object = object> {
  readonly provider: string
  /** The provider's name of the object type, such as `aiapp`. */
  readonly kind: string
  readonly id: string
  readonly name: string
  /** The owning account, as the provider identifies it. */
  readonly owner: string
  /** Epoch ms by the world's clock. */
  readonly createdAt: number
  /** The request body that created it, as received. */
  readonly creation: unknown
  readonly data: D
  readonly timeline: Timeline
  readonly deletedAt: number | null
}

/** How a list is read: hidden objects, and whether it appears empty. */
export interface Listing {
  readonly lagMs: number
  readonly isEmpty: boolean
}

/** All objects of one type of one provider. Objects are replaced, never mutated. */
export interface Collection<D extends object> {
  add(object: Pick<WorldObject<D>, 'id' | 'name' | 'owner' | 'creation' | 'data' | 'timeline'>): WorldObject<D>
  /** Returns a new object immediately; a deleted one is `undefined`. */
  get(id: string): WorldObject<D> | undefined
  /** Every existing object, regardless of its age. */
  all(): readonly WorldObject<D>[]
  /** The objects that a list shows: older than the lag, oldest first. */
  listed(listing: Listing): readonly WorldObject<D>[]
  /** Replaces the changed parts and returns the new object. */
  change(id: string, changes: Partial<Pick<WorldObject<D>, 'data' | 'timeline' | 'name'>>): WorldObject<D>
  remove(id: string): void
}

/** The stored state of the sandbox. */
export interface World {
  readonly random: Random
  /** The time of object lifecycles: the clock plus the sum of `advance`. */
  now(): number
  /** Advances the lifecycle of all objects; signatures and tokens keep the real clock. */
  advance(ms: number): void
  collection<D extends object>(provider: string, kind: string): Collection<D>
  /** Existing objects of one or all providers, oldest first. */
  objects(provider?: string): readonly WorldObject[]
  /** An id that no object of this provider has had. */
  freshId(provider: string, generate: (random: Random) => string): string
  /** Removes all objects and resets the time. */
  clear(): void
}

/** Persists objects across a restart. */
export interface Journal {
  /** The number of earlier openings, mixed into the seed so that a restart repeats no id. */
  readonly generation: number
  /** The latest version of every object, in order of creation. */
  readonly objects: readonly WorldObject[]
  write(object: WorldObject): void
  clear(): void
}

export interface WorldOptions {
  clock: Clock
  seed: string
  journal?: Journal
}

/** Creates a world, restored from the journal if there is one. */
export function makeWorld({ clock, seed, journal }: WorldOptions): World {
  const random = makeRandom(`${seed}/${journal?.generation ?? 0}`)
  const objectsByKind = new Map<string, Map<string, WorldObject>>()
  const inOrder = new Map<string, WorldObject>()
  const usedIds = new Set<string>()
  let advancedMs = 0

  const objectsOf = (provider: string, kind: string) => {
    const key = `${provider}/${kind}`
    const known = objectsByKind.get(key) ?? new Map<string, WorldObject>()
    objectsByKind.set(key, known)
    return known
  }
  const put = (object: WorldObject) => {
    objectsOf(object.provider, object.kind).set(object.id, object)
    inOrder.set(`${object.provider}/${object.kind}/${object.id}`, object)
    usedIds.add(`${object.provider}/${object.id}`)
  }
  const write = (object: WorldObject) => {
    put(object)
    journal?.write(object)
  }
  for (const object of journal?.objects ?? []) put(object)

  const now = () => clock.now() + advancedMs
  return {
    random,
    now,
    advance: (ms) => {
      advancedMs += ms
    },
    collection: <D extends object>(provider: string, kind: string) =>
      makeCollection<D>({ provider, kind, objectsOf, write, now }),
    objects: (provider) =>
      [...inOrder.values()].filter(
        (object) => object.deletedAt === null && (provider === undefined || object.provider === provider),
      ),
    freshId: (provider, generate) => {
      for (;;) {
        const id = generate(random)
        if (!usedIds.has(`${provider}/${id}`)) return id
      }
    },
    clear: () => {
      objectsByKind.clear()
      inOrder.clear()
      advancedMs = 0
      journal?.clear()
    },
  }
}

interface CollectionParts {
  provider: string
  kind: string
  objectsOf(provider: string, kind: string): Map<string, WorldObject>
  write(object: WorldObject): void
  now(): number
}

function makeCollection<D extends object>({ provider, kind, objectsOf, write, now }: CollectionParts): Collection<D> {
  // The map contains only objects that this collection's `add` and `change` stored, now or in an earlier run.
  const stored = () => objectsOf(provider, kind) as Map<string, WorldObject<D>>
  const all = () => [...stored().values()].filter((object) => object.deletedAt === null)
  const replace = (id: string, changes: Partial<WorldObject<D>>) => {
    const known = stored().get(id)
    if (known === undefined) throw new Error(`the sandbox has no ${provider} ${kind} '${id}' to change`)
    const changed = { ...known, ...changes }
    write(changed)
    return changed
  }
  return {
    add: (object) => {
      const added = { provider, kind, ...object, createdAt: now(), deletedAt: null }
      write(added)
      return added
    },
    get: (id) => {
      const object = stored().get(id)
      return object?.deletedAt === null ? object : undefined
    },
    all,
    listed: ({ lagMs, isEmpty }) => {
      const youngest = now() - lagMs
      return isEmpty ? [] : all().filter(({ createdAt }) => createdAt <= youngest)
    },
    change: replace,
    remove: (id) => {
      replace(id, { deletedAt: now() })
    },
  }
}
