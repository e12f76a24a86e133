import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { isObject, readList, readObject } from '../kit/fields.ts'
import { hidden } from '../secret-search.ts'

/** Added by `kubectl apply`: the manifest as text, with the values of variables. */
const manifestAnnotation = 'kubectl.kubernetes.io/last-applied-configuration'

/** Lists of containers in the spec of a pod. */
const containerLists = ['containers', 'initContainers', 'ephemeralContainers']

/** An object as it is stored and shown: without values of variables, which may be secrets. */
export function cleanObject(object: JsonObject): JsonObject {
  return changed(object, { metadata: cleanMetadata, spec: cleanSpec })
}

/** Removes the server's record of field managers. */
function cleanMetadata(metadata: JsonObject): JsonObject {
  const { managedFields: _, ...rest } = metadata
  return changed(rest, { annotations: withoutManifest })
}

function withoutManifest({ [manifestAnnotation]: _, ...annotations }: JsonObject): JsonObject {
  return annotations
}

/** The spec of a pod, or of a workload with a pod template. */
function cleanSpec(spec: JsonObject): JsonObject {
  const lists = containerLists.filter((name) => Array.isArray(spec[name]))
  const containers = lists.map((name) => [name, readList(spec, name).map(withoutValues)] as const)
  return changed({ ...spec, ...Object.fromEntries(containers) }, { template: cleanObject })
}

function withoutValues(container: Json): Json {
  if (!isObject(container) || !Array.isArray(container.env)) return container
  const env = readList(container, 'env').map((each) =>
    isObject(each) && 'value' in each ? { ...each, value: hidden } : each,
  )
  return { ...container, env }
}

/** A copy with some of its parts changed; absent parts stay absent. */
function changed(object: JsonObject, parts: Readonly<Record<string, (part: JsonObject) => JsonObject>>): JsonObject {
  const entries = Object.entries(parts).filter(([name]) => isObject(object[name] ?? null))
  return { ...object, ...Object.fromEntries(entries.map(([name, change]) => [name, change(readObject(object, name))])) }
}
