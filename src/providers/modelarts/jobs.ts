import { jobTransitions } from '../../vocabulary/job.ts'
import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { isTerminal } from '../../vocabulary/transitions.ts'
import type { Driver } from '../driver.ts'
import { tagName } from '../kit/correlation-tags.ts'
import { readId, readList, readNumber, readObject, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import type { Catalog } from '../observation.ts'
import type { Traits } from '../traits.ts'
import type { Call, ModelartsClient } from './client.ts'
import { vendorCodes } from './error-codes.ts'
import { isOneOf } from './errors.ts'
import { tagLength } from './instance-mapping.ts'
import { sizeErrors, withConnectionDefaults } from './job-defaults.ts'
import { jobErrors } from './job-faults.ts'
import { makeLogs } from './job-logs.ts'
import { jobAccepts, trainingJobOf } from './job-mapping.ts'
import { createdMs, jobStates, trainingJobSeen } from './job-observation.ts'
import { itemsOf, type Portion } from './list-scan.ts'
import { jobOptions } from './options.ts'
import { type ListPage, makeReads } from './resource.ts'
import type { ModelartsSettings } from './settings.ts'

const traits: Traits<'job'> = {
  // Not documented. The create response contains the job.
  listConsistencyLagMs: 30_000,
  // The gateway times out a service after at most 60 s.
  maxProcessingMs: 60_000,
  // ModelArts.2751
  uniqueNames: true,
  enforces: ['timeLimit'],
}

/** The search accepts 1 to 50. */
const pageSize = 50

/** Training jobs, API version 2. */
export function makeJobs(
  client: ModelartsClient,
  settings: ModelartsSettings,
  literals: readonly string[],
): Driver<'job'> {
  const { existing, ...reading } = makeReads<'job'>({
    client,
    noun: 'training job',
    workspaceId: settings.workspaceId,
    notFoundCodes: vendorCodes.noSuchJob,
    createCall: (intent, workspaceId) => ({
      ...jobCall('POST'),
      body: { ...trainingJobOf({ ...intent, spec: withConnectionDefaults(intent.spec, settings) }, workspaceId) },
    }),
    nameOf: ({ spec, correlationTag }) => tagName(spec.name, correlationTag),
    detailsCall: (remoteId) => jobCall('GET', remoteId),
    read: (page, signal) => client.send(searchCall(page), signal).then((response) => portionOf(response, page)),
    observe: (job) => trainingJobSeen(job, literals),
    withId(job, remoteId) {
      const metadata = readObject(job, 'metadata')
      return { ...job, metadata: { ...metadata, id: readId(metadata, 'id') ?? remoteId } }
    },
    workspaceIdOf: (job) => readId(readObject(job, 'metadata'), 'workspace_id'),
  })

  async function hasEnded(remoteId: string, signal: AbortSignal): Promise<boolean> {
    const seen = await reading.get(remoteId, signal)
    if (seen === 'gone' || seen.status === 'canceling') return true
    return seen.status !== null && isTerminal(jobTransitions, seen.status)
  }

  return {
    ...reading,
    accepts: jobAccepts(settings),
    options: jobOptions,
    states: jobStates,
    traits,
    tagLength,
    // A training job does not reference an instance; it can only wait for one.
    environment: 'optional',
    check(spec) {
      const tooLarge = sizeErrors(spec, settings)
      return tooLarge.length > 0 ? tooLarge : jobErrors(withConnectionDefaults(spec, settings))
    },

    controls: {
      async cancel(remoteId, signal) {
        try {
          await client.send({ ...jobCall('POST', remoteId, 'actions'), body: { action_type: 'terminate' } }, signal)
        } catch (error) {
          if (isOneOf(error, vendorCodes.noSuchJob)) return
          const isDone = isOneOf(error, vendorCodes.notTerminable) && (await hasEnded(remoteId, signal))
          if (!isDone) throw error
        }
      },
    },

    async update(remoteId, spec, signal) {
      await client.send({ ...jobCall('PUT', remoteId), body: { description: spec.description ?? '' } }, signal)
    },

    logs: makeLogs({ existing, read: (signal, ...path) => client.send(jobCall('GET', ...path), signal) }),
    catalog: (signal) => catalogOf(client, signal),
  }
}

function jobCall(method: Call['method'], ...path: readonly string[]): Call {
  return { method, version: 'v2', path: ['training-jobs', ...path] }
}

/** The list is a POST, and its `offset` counts pages. */
function searchCall({ workspaceId, start, name }: ListPage): Call {
  const filters = name === undefined ? [] : [{ key: 'name', operator: 'like', value: [name] }]
  const body = {
    offset: start,
    limit: pageSize,
    sort_by: 'create_time',
    order: 'desc',
    workspace_id: workspaceId,
    filters,
  }
  return { method: 'POST', version: 'v2', path: ['training-job-searches'], body }
}

/** `count` is the number of matching jobs, `total` that of all jobs. */
function portionOf(response: Json, { start, sinceMs }: ListPage): Portion {
  const count = readNumber(response, 'count')
  const items = itemsOf(response, 'items', count)
  if (sinceMs !== undefined && reachesBack(items, sinceMs)) return { items, next: null, isShort: false }
  const received = start * (readNumber(response, 'limit') ?? pageSize) + items.length
  const lacks = count === undefined ? items.length >= pageSize : count > received
  return { items, next: lacks && items.length > 0 ? start + 1 : null, isShort: lacks && items.length === 0 }
}

/** Whether later pages can only be older than `sinceMs`: the page is sorted newest first and ends before it. */
function reachesBack(items: readonly JsonObject[], sinceMs: number): boolean {
  const times = items.map(createdMs)
  const isNewestFirst = times.every((time, index) => index === 0 || time <= (times[index - 1] ?? Number.NaN))
  return items.length > 1 && isNewestFirst && (times.at(-1) ?? Number.NaN) < sinceMs
}

/** Public flavors and preset frameworks. */
async function catalogOf(client: ModelartsClient, signal: AbortSignal): Promise<Catalog> {
  const flavors = await client.send({ method: 'GET', version: 'v2', path: ['training-job-flavors'] }, signal)
  const engines = await client.send({ method: 'GET', version: 'v2', path: ['training-job-engines'] }, signal)
  return {
    flavors: readList(flavors, 'flavors').map((each) => ({
      flavor: readText(each, 'flavor_id') ?? '',
      ...given({
        name: readText(each, 'flavor_name'),
        type: readText(each, 'flavor_type'),
        maxNodes: readNumber(each, 'max_num'),
      }),
      details: readObject(each, 'flavor_info'),
    })),
    engines: readList(engines, 'items').map((each) => ({
      id: readText(each, 'engine_id') ?? '',
      ...given({ name: readText(each, 'engine_name'), version: readText(each, 'engine_version') }),
    })),
  }
}
