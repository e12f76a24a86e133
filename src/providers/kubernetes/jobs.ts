import type { JsonObject } from '../../vocabulary/json.ts'
import type { JobSpec } from '../../vocabulary/spec.ts'
import type { Driver } from '../driver.ts'
import type { Intent } from '../intent.ts'
import { tagOfName } from '../kit/correlation-tags.ts'
import { readNumber, readObject, readText } from '../kit/fields.ts'
import type { Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { Traits } from '../traits.ts'
import { jobCatalog } from './catalog.ts'
import { contentType, dryRunOf, type KubeCall, type KubeClient, strictly } from './client.ts'
import { tagLength } from './fields.ts'
import { findByName } from './find.ts'
import { makeCancel } from './job-cancel.ts'
import { jobAccepts, jobErrors, jobNameOf, jobOf } from './job-mapping.ts'
import { jobStates, observeJob, stateOf } from './job-observation.ts'
import { readLogs } from './logs.ts'
import { idIn, jobs, listIn, metadataOf, objectIdOf, remoteIdOf, tagLabel } from './objects.ts'
import { jobOptions } from './options.ts'
import { type ReadPods, readPods } from './pods.ts'
import type { KubernetesSettings } from './settings.ts'
import { patchObject, readObjectOf } from './single-object.ts'
import { describedBy } from './update.ts'

/** Label that the Job controller sets on its pods. */
const ownerLabel = 'batch.kubernetes.io/controller-uid'
const pageSize = 100

function traitsOf({ retentionSeconds }: KubernetesSettings): Traits<'job'> {
  return {
    // Reads without a resourceVersion see every earlier write.
    listConsistencyLagMs: 0,
    // The server's own limit of a request (--request-timeout), after which its store may still execute it.
    maxProcessingMs: 60_000,
    retentionMs: retentionSeconds * 1000,
    uniqueNames: true,
    logTimestamps: true,
    enforces: ['timeLimit'],
  }
}

/** Batch jobs: one Job each, with one pod per node. */
export function makeJobs(client: KubeClient, settings: KubernetesSettings, literals: readonly string[]): Driver<'job'> {
  const createCall = (intent: Intent<'job'>): KubeCall => ({
    method: 'POST',
    path: client.path(jobs),
    query: strictly,
    body: jobOf(intent, settings),
  })
  const read = (remoteId: string, signal: AbortSignal) =>
    readObjectOf(client, { resource: jobs, id: objectIdOf(remoteId) }, signal)
  const podsOf = (uids: readonly string[], signal: AbortSignal) =>
    readPods(client, { label: ownerLabel, values: uids }, signal)

  async function get(remoteId: string, signal: AbortSignal): Promise<Observation<'job'> | 'gone'> {
    const job = await read(remoteId, signal)
    if (job === null) return 'gone'
    const { items } = await podsOf([objectIdOf(remoteId).uid], signal)
    return known(observeJob(job, items, literals))
  }

  return {
    accepts: jobAccepts(settings),
    options: jobOptions,
    states: jobStates,
    traits: traitsOf(settings),
    tagLength,
    environment: 'optional',
    check: (spec: JobSpec) => jobErrors(spec, settings),

    plan(intent) {
      const call = createCall(intent)
      return { method: call.method, target: client.target(call), headers: contentType(call), body: call.body ?? null }
    },

    async create(intent, signal) {
      const job = await client.create(createCall(intent), { sendBy: intent.sendBy, signal })
      const seen = observeJob(job, null, literals)
      return seen === null ? { remoteId: null } : { remoteId: seen.remoteId, seen }
    },

    async dryRun(intent, signal) {
      await client.call(dryRunOf(createCall(intent)), { signal })
    },

    find: (intents, signal) =>
      findByName(
        client,
        { resource: jobs, intents, nameOf: jobNameOf, observe: (job) => observeJob(job, null, literals) },
        signal,
      ),

    get,

    /** Imported Jobs have no label, so with one among the watched ones all Jobs of the namespace are read. */
    async list({ cursor, watched }, signal) {
      const query = {
        ...(watched.every(hasTagInName) ? { labelSelector: tagLabel } : {}),
        limit: String(pageSize),
        ...(cursor === null ? {} : { continue: cursor }),
      }
      const { items, next } = listIn(await client.call({ method: 'GET', path: client.path(jobs), query }, { signal }))
      const uids = uidsWithPodDetails(items, new Set(watched))
      const pods = await podsOf([...uids], signal)
      const seen = items.flatMap((job) => {
        const uid = idIn(job)?.uid ?? ''
        return observeJob(job, uids.has(uid) ? podsIn(pods, uid) : null, literals) ?? []
      })
      return { seen, next }
    },

    controls: { cancel: makeCancel(client) },

    async update(remoteId, spec, signal) {
      const patch = describedBy(spec)
      if (patch !== null) await patchObject(client, { resource: jobs, id: objectIdOf(remoteId) }, patch, signal)
    },

    async logs(remoteId, cursor, signal) {
      const job = await read(remoteId, signal)
      if (job === null) throw new ProviderError('not_found', 'The Job no longer exists.')
      const { items: pods, isComplete } = await podsOf([objectIdOf(remoteId).uid], signal)
      return readLogs(client, { pods, isComplete, isNamed: hasSeveralPods(job), cursor }, signal)
    },

    catalog: (signal) => jobCatalog(client, settings, signal),
  }
}

/** By its spec: the pods of a Job that retries come one after the other. */
function hasSeveralPods(job: JsonObject): boolean {
  const spec = readObject(job, 'spec')
  return ['parallelism', 'completions'].some((name) => (readNumber(spec, name) ?? 1) > 1)
}

/** Whether an id may be of a Job that Switchyard created. A list without one only costs a separate read of it. */
function hasTagInName(remoteId: string): boolean {
  return tagOfName(remoteId.split('/', 1)[0], tagLength) !== null
}

/** UIDs of the watched Jobs whose pods have relevant details: why they wait, when they started, how they failed. */
function uidsWithPodDetails(items: readonly JsonObject[], watched: ReadonlySet<string>): ReadonlySet<string> {
  const ids = items.flatMap((job) => {
    const id = idIn(job)
    const state = stateOf(job)
    const hasPodDetails = state !== 'Complete' && state !== 'Canceled' && state !== 'Suspended'
    return id !== null && hasPodDetails && watched.has(remoteIdOf(id)) ? [id.uid] : []
  })
  return new Set(ids)
}

/** The pods of one Job; null if none were read and the list is incomplete. */
function podsIn({ items, isComplete }: ReadPods, uid: string): readonly JsonObject[] | null {
  const own = items.filter((pod) => ownerOf(pod) === uid)
  return own.length === 0 && !isComplete ? null : own
}

function ownerOf(pod: JsonObject): string | undefined {
  return readText(readObject(metadataOf(pod), 'labels'), ownerLabel)
}

function known(seen: Observation<'job'> | null): Observation<'job'> {
  if (seen !== null) return seen
  throw new ProviderError('bad_response', 'Kubernetes returned a Job without name or UID.')
}
