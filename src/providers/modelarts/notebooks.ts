import type { Json } from '../../vocabulary/json.ts'
import type { Driver } from '../driver.ts'
import { tagName } from '../kit/correlation-tags.ts'
import { isObject, readFlag, readId, readList, readNumber, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import type { Catalog } from '../observation.ts'
import type { Traits } from '../traits.ts'
import type { Call, ModelartsClient } from './client.ts'
import { makeControls } from './controls.ts'
import { vendorCodes } from './error-codes.ts'
import { tagLength } from './instance-mapping.ts'
import { itemsOf, type Portion } from './list-scan.ts'
import { leaseWanted, notebookAccepts, notebookErrors, notebookOf } from './notebook-mapping.ts'
import { leaseShown, notebookAccess, notebookSeen, notebookStates } from './notebook-observation.ts'
import { environmentOptions } from './options.ts'
import { type ListPage, makeReads } from './resource.ts'
import type { ModelartsSettings } from './settings.ts'

const traits: Traits<'environment'> = {
  // Not documented. Names may repeat, so only the list prevents a second notebook.
  listConsistencyLagMs: 60_000,
  // The gateway times out a service after at most 60 s.
  maxProcessingMs: 60_000,
  uniqueNames: false,
  enforces: ['autoStop'],
}

/** The list accepts 10, 20 or 50. */
const pageSize = 50

/** Notebook instances (the current API). Deleting one deletes its storage. */
export function makeNotebooks(
  client: ModelartsClient,
  settings: ModelartsSettings,
  literals: readonly string[],
): Driver<'environment'> {
  const { existing, ...reading } = makeReads<'environment'>({
    client,
    noun: 'notebook',
    workspaceId: settings.workspaceId,
    notFoundCodes: vendorCodes.noSuchInstance,
    // The vendor's Terraform provider also treats 6357 as "not found"; the reference does not.
    maybeNotFoundCodes: vendorCodes.busyOrDone,
    createCall: (intent, workspaceId) => ({ ...notebookCall('POST'), body: { ...notebookOf(intent, workspaceId) } }),
    nameOf: ({ spec, correlationTag }) => tagName(spec.name, correlationTag),
    detailsCall: (remoteId) => notebookCall('GET', remoteId),
    read: (page, signal) =>
      client.send(notebookListCall(settings, page), signal).then((response) => portionOf(response, page.start)),
    observe: (notebook) => notebookSeen(notebook, literals),
    withId: (notebook, remoteId) => ({ ...notebook, id: readId(notebook, 'id') ?? remoteId }),
    workspaceIdOf: (notebook) => readId(notebook, 'workspace_id'),
  })

  return {
    ...reading,
    accepts: notebookAccepts,
    options: environmentOptions,
    states: notebookStates,
    traits,
    tagLength,
    check: notebookErrors,

    controls: makeControls({
      get: reading.get,
      async send(action, remoteId, signal, spec) {
        if (action === 'delete') return client.send(notebookCall('DELETE', remoteId), signal)
        const call = notebookCall('POST', remoteId, action)
        if (action === 'stop') return client.send(call, signal)
        // A start without a duration stops after an hour, regardless of the create.
        const query = spec === undefined ? leaseShown(await existing(remoteId, signal)) : leaseWanted(spec)
        return client.send({ ...call, query: { ...query } }, signal)
      },
    }),

    async update(remoteId, spec, signal) {
      await client.send({ ...notebookCall('PUT', remoteId), body: given({ description: spec.description }) }, signal)
    },

    access: async (remoteId, signal) => notebookAccess(await existing(remoteId, signal)),
    catalog: (signal) => catalogOf(client, signal),
  }
}

function notebookCall(method: Call['method'], ...path: readonly string[]): Call {
  return { method, version: 'v1', path: ['notebooks', ...path] }
}

/** `offset` counts records. The reference names the workspace `workspaceId`, the SDKs `workspace_id`: both are sent. */
export function notebookListCall({ visibility }: ModelartsSettings, { workspaceId, start, name }: ListPage): Call {
  const path = visibility === 'all' ? ['all'] : []
  const filters = { workspaceId, workspace_id: workspaceId, ...given({ name }) }
  return { ...notebookCall('GET', ...path), query: { limit: pageSize, offset: start, ...filters } }
}

function portionOf(response: Json, start: number): Portion {
  const total = readNumber(response, 'total')
  const items = itemsOf(response, 'data', total)
  const received = start + items.length
  const lacks = total === undefined ? items.length >= pageSize : total > received
  return { items, next: lacks && items.length > 0 ? received : null, isShort: lacks && items.length === 0 }
}

/** Flavors and images for notebooks; at most the first 50 images. */
async function catalogOf(client: ModelartsClient, signal: AbortSignal): Promise<Catalog> {
  const flavors = await client.send(notebookCall('GET', 'flavors'), signal)
  const images = await client.send(
    { method: 'GET', version: 'v1', path: ['images'], query: { limit: pageSize } },
    signal,
  )
  const flavorItems = [...readList(flavors, 'flavors'), ...readList(flavors, 'data')].filter(isObject)
  return {
    flavors: flavorItems.map((each) => ({
      flavor: readText(each, 'id') ?? '',
      ...given({
        category: readText(each, 'category'),
        cpus: readNumber(each, 'vcpus'),
        isSoldOut: readFlag(each, 'sold_out'),
      }),
      ...given({ arch: readText(each, 'arch'), description: readText(each, 'description') }),
    })),
    images: readList(images, 'data').map((each) => ({
      image: readText(each, 'id') ?? '',
      ...given({
        name: readText(each, 'name'),
        arch: readText(each, 'arch'),
        description: readText(each, 'description'),
      }),
    })),
  }
}
