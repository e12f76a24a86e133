import type { JsonObject } from '../../vocabulary/json.ts'
import { isObject, readList, readObject, readText } from '../kit/fields.ts'
import type { KubeClient, Resource } from './client.ts'
import type { Dependents } from './environment-observation.ts'
import { idIn, ingresses, listIn, metadataOf, remoteIdOf, services, tagIn, tagLabel } from './objects.ts'
import { readPods } from './pods.ts'
import type { KubernetesSettings } from './settings.ts'

/** Label that the StatefulSet controller sets on each pod. */
const podNameLabel = 'statefulset.kubernetes.io/pod-name'

/** Dependents of several StatefulSets, and the UIDs of those that were read. */
export interface ReadDependents extends Dependents {
  uids: ReadonlySet<string>
}

export const noDependents: ReadDependents = { uids: new Set(), pods: [], services: [], ingresses: [] }

/** Reads the dependents of one StatefulSet. An imported one names its Service. */
export async function dependentsOf(
  client: KubeClient,
  set: JsonObject,
  settings: KubernetesSettings,
  signal: AbortSignal,
): Promise<Dependents> {
  const id = idIn(set)
  const watched = id === null ? [] : [remoteIdOf(id)]
  const own = ownDependents(await readDependents(client, { items: [set], watched }, settings, signal), set)
  const found = own ?? noDependents
  const name = readText(readObject(set, 'spec'), 'serviceName')
  if (typeof tagIn(set) === 'string' || name === undefined || !/^[a-z0-9-]{1,63}$/.test(name)) return found
  const service = await client.callOne({ method: 'GET' }, { resource: services, name }, { signal })
  return service === null ? found : { ...found, services: [service] }
}

/** Reads the dependents of the watched StatefulSets. */
export async function readDependents(
  client: KubeClient,
  { items, watched }: { items: readonly JsonObject[]; watched: readonly string[] },
  { ingressDomain }: KubernetesSettings,
  signal: AbortSignal,
): Promise<ReadDependents> {
  const isWatched = new Set(watched)
  const sets = items.filter((set) => {
    const id = idIn(set)
    return id !== null && isWatched.has(remoteIdOf(id))
  })
  if (sets.length === 0) return noDependents
  const values = sets.map((set) => `${idIn(set)?.name ?? ''}-0`)
  const tags = sets.flatMap((set) => tagIn(set) ?? [])
  const { items: pods } = await readPods(client, { label: podNameLabel, values }, signal)
  return {
    uids: new Set(sets.flatMap((set) => idIn(set)?.uid ?? [])),
    pods,
    services: await readByTag(client, services, tags, signal),
    ingresses: ingressDomain === undefined ? [] : await readByTag(client, ingresses, tags, signal),
  }
}

/** The dependents of one StatefulSet; null if they were not read. */
export function ownDependents(all: ReadDependents, set: JsonObject): Dependents | null {
  const id = idIn(set)
  if (id === null || !all.uids.has(id.uid)) return null
  const isOwn = (object: JsonObject) =>
    readList(metadataOf(object), 'ownerReferences').some((owner) => isObject(owner) && owner.uid === id.uid)
  return {
    pods: all.pods.filter(isOwn),
    services: all.services.filter(isOwn),
    ingresses: all.ingresses.filter(isOwn),
  }
}

const tagsPerQuery = 50

async function readByTag(
  client: KubeClient,
  resource: Resource,
  tags: readonly string[],
  signal: AbortSignal,
): Promise<readonly JsonObject[]> {
  const found: JsonObject[] = []
  for (let from = 0; from < tags.length; from += tagsPerQuery) {
    const labelSelector = `${tagLabel} in (${tags.slice(from, from + tagsPerQuery).join(',')})`
    const call = { method: 'GET', path: client.path(resource), query: { labelSelector } } as const
    found.push(...listIn(await client.call(call, { signal })).items)
  }
  return found
}
