import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { isObject, readId, readList, readObject, readText } from '../kit/fields.ts'
import { importableAmong } from '../kit/importable.ts'
import type { Catalog } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { KubeClient } from './client.ts'
import { observeJob } from './job-observation.ts'
import { kueueApi } from './kueue.ts'
import { idIn, jobs, listIn, metadataOf, remoteIdOf, statefulSets, tagIn } from './objects.ts'
import { flavorLabel } from './pod-template.ts'
import { memoryMiB, wholeCpus } from './quantities.ts'
import type { KubernetesSettings } from './settings.ts'

const maxItems = 500

/**
 * Machine types, nodes and their images, claims, namespaces, queues, and unfinished Jobs, which can be imported. Lists
 * that the account may not read are omitted.
 */
export async function jobCatalog(
  client: KubeClient,
  settings: KubernetesSettings,
  signal: AbortSignal,
): Promise<Catalog> {
  const queues = settings.kueue ? await queuesOf(client, signal) : null
  const importable = await importableJobs(client, signal)
  return {
    ...(await commonCatalog(client, settings, signal)),
    ...listed('queues', queues),
    ...listed('jobs', importable),
  }
}

/** Also storage classes, and existing StatefulSets, which can be imported. */
export async function environmentCatalog(
  client: KubeClient,
  settings: KubernetesSettings,
  signal: AbortSignal,
): Promise<Catalog> {
  const classes = await read(client, 'apis/storage.k8s.io/v1/storageclasses', signal)
  const sets = await read(client, client.path(statefulSets), signal)
  const importable = sets?.filter((each) => typeof tagIn(each) !== 'string')
  return {
    ...(await commonCatalog(client, settings, signal)),
    ...listed('storageClasses', classes?.map((each) => ({ name: nameOf(each) })) ?? null),
    ...listed('statefulSets', importable?.flatMap(importableOf) ?? null),
  }
}

async function importableJobs(client: KubeClient, signal: AbortSignal): Promise<readonly JsonObject[] | null> {
  const found = await read(client, client.path(jobs), signal)
  return found === null ? null : importableAmong(found.flatMap((job) => observeJob(job, null, []) ?? []))
}

async function commonCatalog(client: KubeClient, settings: KubernetesSettings, signal: AbortSignal): Promise<Catalog> {
  const nodeObjects = await read(client, 'api/v1/nodes', signal)
  const nodes = nodeObjects?.map((node) => nodeOf(node, settings)) ?? null
  const claims = await read(client, client.path({ api: 'api/v1', plural: 'persistentvolumeclaims' }), signal)
  const namespaces = await read(client, 'api/v1/namespaces', signal)
  return {
    ...listed('flavors', nodes === null ? null : flavorsOf(nodes)),
    ...listed('nodes', nodes),
    ...listed('images', nodeObjects === null ? null : imagesOn(nodeObjects)),
    ...listed('persistentVolumeClaims', claims?.map(claimOf) ?? null),
    ...listed('namespaces', namespaces?.map((each) => ({ name: nameOf(each) })) ?? [{ name: settings.namespace }]),
  }
}

function listed(name: string, items: readonly JsonObject[] | null): Catalog {
  return items === null ? {} : { [name]: items }
}

/** The beginning of a list; null if the account may not read it, or the cluster does not have it. */
async function read(client: KubeClient, path: string, signal: AbortSignal): Promise<readonly JsonObject[] | null> {
  try {
    const query = { limit: String(maxItems) }
    return listIn(await client.call({ method: 'GET', path, query }, { signal })).items
  } catch (error) {
    const isMissing = error instanceof ProviderError && ['permission_denied', 'not_found'].includes(error.code)
    if (isMissing) return null
    throw error
  }
}

async function queuesOf(client: KubeClient, signal: AbortSignal): Promise<readonly JsonObject[] | null> {
  const api = await kueueApi(client, signal)
  const queues = api === null ? null : await read(client, client.path({ api, plural: 'localqueues' }), signal)
  return (
    queues?.map((queue) => ({
      name: nameOf(queue),
      clusterQueue: readText(readObject(queue, 'spec'), 'clusterQueue') ?? null,
      pendingWorkloads: readObject(queue, 'status').pendingWorkloads ?? null,
    })) ?? null
  )
}

const nameOf = (object: JsonObject) => readText(metadataOf(object), 'name') ?? ''

function nodeOf(node: JsonObject, settings: KubernetesSettings): JsonObject {
  const status = readObject(node, 'status')
  const allocatable = readObject(status, 'allocatable')
  const labels = readObject(metadataOf(node), 'labels')
  const ready = readList(status, 'conditions').find((each) => readText(each, 'type') === 'Ready') ?? null
  const counts = Object.entries(settings.acceleratorResources).flatMap(([kind, name]) => {
    const count = Number(readId(allocatable, name) ?? 0)
    return count > 0 ? [{ kind, count, model: readText(labels, settings.acceleratorModelLabel) ?? null }] : []
  })
  return {
    name: nameOf(node),
    flavor: readText(labels, flavorLabel) ?? null,
    ready: readText(ready, 'status') === 'True' && readObject(node, 'spec').unschedulable !== true,
    cpus: wholeCpus(readId(allocatable, 'cpu')),
    memoryMiB: memoryMiB(readId(allocatable, 'memory')),
    accelerators: counts,
  }
}

/** One entry per machine type, taken from its first node. */
function flavorsOf(nodes: readonly JsonObject[]): readonly JsonObject[] {
  const names = [...new Set(nodes.flatMap((node) => readText(node, 'flavor') ?? []))]
  return names.map((flavor) => {
    const ofFlavor = nodes.filter((node) => node.flavor === flavor)
    const { cpus = null, memoryMiB: memory = null, accelerators = [] } = ofFlavor[0] ?? {}
    return { flavor, nodes: ofFlavor.length, cpus, memoryMiB: memory, accelerators }
  })
}

/**
 * Images that nodes have pulled, by tag; a kubelet reports the 50 largest.
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/node-v1/#NodeStatus
 */
function imagesOn(nodes: readonly JsonObject[]): readonly JsonObject[] {
  const counts = new Map<string, { image: string; nodes: number; sizeBytes: Json }>()
  for (const image of nodes.flatMap((node) => readList(readObject(node, 'status'), 'images')).filter(isObject)) {
    const tag = readList(image, 'names').find((name) => typeof name === 'string' && !name.includes('@'))
    if (typeof tag !== 'string') continue
    const { nodes: earlier = 0, sizeBytes = null } = counts.get(tag) ?? {}
    counts.set(tag, { image: tag, nodes: earlier + 1, sizeBytes: sizeBytes ?? image.sizeBytes ?? null })
  }
  return [...counts.values()].sort((a, b) => (a.image < b.image ? -1 : 1)).slice(0, maxItems)
}

function claimOf(claim: JsonObject): JsonObject {
  const spec = readObject(claim, 'spec')
  return {
    name: nameOf(claim),
    storageClass: readText(spec, 'storageClassName') ?? null,
    accessModes: readList(spec, 'accessModes'),
    size: readText(readObject(readObject(claim, 'status'), 'capacity'), 'storage') ?? null,
    phase: readText(readObject(claim, 'status'), 'phase') ?? null,
  }
}

function importableOf(set: JsonObject): JsonObject[] {
  const id = idIn(set)
  if (id === null) return []
  const spec = readObject(set, 'spec')
  const podSpec = readObject(readObject(spec, 'template'), 'spec')
  const images = readList(podSpec, 'containers').filter(isObject)
  return [{ remoteId: remoteIdOf(id), name: id.name, replicas: spec.replicas ?? null, image: images[0]?.image ?? null }]
}
