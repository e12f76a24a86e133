import type { JsonObject } from '../../vocabulary/json.ts'
import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import type { Driver } from '../driver.ts'
import type { Intent } from '../intent.ts'
import type { Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { Traits } from '../traits.ts'
import { environmentCatalog } from './catalog.ts'
import { contentType, dryRunOf, type KubeCall, type KubeClient, strictly } from './client.ts'
import { dependentsOf, noDependents, ownDependents, readDependents } from './dependents.ts'
import { environmentAccepts, environmentErrors, setNameOf, setOf } from './environment-mapping.ts'
import { environmentStates, observeSet } from './environment-observation.ts'
import { expose, exposeInDryRun } from './expose.ts'
import { accessTo, lacksExposure } from './exposure.ts'
import { tagLength } from './fields.ts'
import { findByName } from './find.ts'
import { listIn, objectIdOf, statefulSets } from './objects.ts'
import { environmentOptions } from './options.ts'
import { makeControls } from './scaling.ts'
import type { KubernetesSettings } from './settings.ts'
import { patchObject, readObjectOf } from './single-object.ts'
import { describedBy } from './update.ts'

const pageSize = 100

const traits: Traits<'environment'> = {
  listConsistencyLagMs: 0,
  // As for Jobs.
  maxProcessingMs: 60_000,
  uniqueNames: true,
  enforces: [],
}

/** StatefulSets of one pod. Stopped ones have no pod and keep their claim. */
export function makeEnvironments(
  client: KubeClient,
  settings: KubernetesSettings,
  literals: readonly string[],
): Driver<'environment'> {
  const createCall = (intent: Intent<'environment'>): KubeCall => ({
    method: 'POST',
    path: client.path(statefulSets),
    query: strictly,
    body: setOf(intent, settings),
  })
  const at = (remoteId: string) => ({ resource: statefulSets, id: objectIdOf(remoteId) })

  async function existing(remoteId: string, signal: AbortSignal): Promise<JsonObject> {
    const set = await readObjectOf(client, at(remoteId), signal)
    if (set === null) throw new ProviderError('not_found', 'The StatefulSet no longer exists.')
    return set
  }

  return {
    accepts: environmentAccepts(settings),
    options: environmentOptions,
    states: environmentStates,
    traits,
    tagLength,
    check: (spec: EnvironmentSpec) => environmentErrors(spec, settings),

    plan(intent) {
      const call = createCall(intent)
      return { method: call.method, target: client.target(call), headers: contentType(call), body: call.body ?? null }
    },

    async create(intent, signal) {
      const set = await client.create(createCall(intent), { sendBy: intent.sendBy, signal })
      const seen = observeSet(set, null, literals)
      return seen === null ? { remoteId: null } : { remoteId: seen.remoteId, seen }
    },

    async dryRun(intent, signal) {
      const set = await client.call(dryRunOf(createCall(intent)), { signal })
      await exposeInDryRun(client, { set, spec: intent.spec, settings }, signal)
    },

    find(intents, signal) {
      const observe = (set: JsonObject) => observeSet(set, null, literals)
      return findByName(client, { resource: statefulSets, intents, nameOf: setNameOf, observe }, signal)
    },

    async get(remoteId, signal) {
      const set = await readObjectOf(client, at(remoteId), signal)
      if (set === null) return 'gone'
      return known(observeSet(set, await dependentsOf(client, set, settings, signal), literals))
    },

    /** Of all StatefulSets of the namespace, since imported ones have no label. */
    async list({ cursor, watched }, signal) {
      const query = { limit: String(pageSize), ...(cursor === null ? {} : { continue: cursor }) }
      const call = { method: 'GET', path: client.path(statefulSets), query } as const
      const { items, next } = listIn(await client.call(call, { signal }))
      const all = items.length === 0 ? noDependents : await readDependents(client, { items, watched }, settings, signal)
      return { seen: items.flatMap((set) => observeSet(set, ownDependents(all, set), literals) ?? []), next }
    },

    controls: makeControls(client),

    async update(remoteId, spec, signal) {
      const patch = describedBy(spec)
      if (patch !== null) await patchObject(client, at(remoteId), patch, signal)
      if (spec.ports !== undefined)
        await expose(client, { set: await existing(remoteId, signal), spec, settings }, signal)
    },

    needsUpdate: (spec, { payload }) => lacksExposure(spec, payload, settings),

    async access(remoteId, signal) {
      const set = await existing(remoteId, signal)
      return accessTo(await dependentsOf(client, set, settings, signal), settings)
    },

    catalog: (signal) => environmentCatalog(client, settings, signal),
  }
}

function known(seen: Observation<'environment'> | null): Observation<'environment'> {
  if (seen !== null) return seen
  throw new ProviderError('bad_response', 'Kubernetes returned a StatefulSet without name or UID.')
}
