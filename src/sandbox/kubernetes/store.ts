import { momentAt } from '../timeline.ts'
import type { Collection, World } from '../world.ts'
import { removed } from './lifecycle.ts'
import { notFound } from './status.ts'
import type { Stored } from './views.ts'
import type { ObjectData } from './wire.ts'

/** A type of stored objects. */
export interface Type {
  /** The kind of the sandbox's objects: `job`. */
  object: string
  plural: string
  group: string
  kind: string
}

export const types = {
  jobs: { object: 'job', plural: 'jobs', group: 'batch', kind: 'Job' },
  statefulsets: { object: 'statefulset', plural: 'statefulsets', group: 'apps', kind: 'StatefulSet' },
  services: { object: 'service', plural: 'services', group: '', kind: 'Service' },
  ingresses: { object: 'ingress', plural: 'ingresses', group: 'networking.k8s.io', kind: 'Ingress' },
} as const satisfies Record<string, Type>

/** The objects of one type, by namespace. */
export interface ObjectStore {
  type: Type
  collection: Collection<ObjectData>
  /** Existing objects in the order of the store: by name. */
  all(namespace: string): readonly Stored[]
  byName(namespace: string, name: string): Stored | undefined
  /** @throws Rejected 404 */
  existing(namespace: string, name: string): Stored
}

export function openStore(world: World, type: Type): ObjectStore {
  const collection = world.collection<ObjectData>('kubernetes', type.object)
  const byName = (namespace: string, name: string) => all(namespace).find((each) => each.name === name)

  function all(namespace: string): readonly Stored[] {
    for (const { id, timeline } of collection.all()) {
      if (momentAt(timeline, world.now()).state === removed) collection.remove(id)
    }
    return collection
      .all()
      .filter((object) => object.owner === namespace && !isOrphaned(world, object))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  return {
    type,
    collection,
    all,
    byName,
    existing(namespace, name) {
      const object = byName(namespace, name)
      if (object === undefined) throw notFound({ ...type, name })
      return object
    },
  }
}

/** The garbage collector removes dependents of an object that no longer exists. */
function isOrphaned(world: World, { data }: Stored): boolean {
  const owners = data.metadata.ownerReferences ?? []
  if (owners.length === 0) return false
  const living = world.objects('kubernetes')
  return owners.every(({ uid }) => !living.some((object) => object.id === uid))
}
