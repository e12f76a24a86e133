import type { Call, Operation, ProviderResponse } from '../provider.ts'
import { momentAt } from '../timeline.ts'
import type { WorldObject } from '../world.ts'
import { images, isKnownFlavor } from './catalog.ts'
import { notebookCreation, notebookUpdate } from './environment-fields.ts'
import { assertCanStart, assertCanStop, assertFlavor, busy } from './environment-states.ts'
import { deleted, lifeFromCreation, restarted, stopped } from './lifecycle.ts'
import { leaseOperations, lifecycleInputOf, type NotebookParts, newLease, renewed } from './notebook-lease.ts'
import { listNotebooks } from './notebook-list.ts'
import { imageView, notebookFlavors, notebookView } from './notebook-view.ts'
import { Rejection } from './rejections.ts'
import { type Definition, defineOperations, makeProjectObjects, ok, randomUuid, type ServiceParts } from './service.ts'
import { assertVolume } from './volume-rules.ts'
import type { ModelartsAccount, NotebookData, NotebookRequest } from './wire.ts'

const base = '/v1/:projectId/notebooks'
const item = `${base}/:notebookId`

/** Notebooks: development environments of the current API. "Not found" is HTTP 400. */
export function notebookOperations(service: ServiceParts): Operation[] {
  const { world } = service
  const notebooks = world.collection<NotebookData>('modelarts', 'notebook')
  const notFound = () => new Rejection(400, '6404', 'The notebook does not exist.')
  const parts = { ...service, notebooks, objects: makeProjectObjects(notebooks, world.now, notFound) }
  return defineOperations(service, [
    ...collectionOperations(parts),
    ...lifeOperations(parts),
    ...leaseOperations(parts, item),
    ...catalogOperations(),
  ])
}

function collectionOperations(parts: NotebookParts): Definition[] {
  const { world, objects } = parts
  const execute = (caller: ModelartsAccount, call: Call) => listNotebooks(parts, caller, call)
  return [
    {
      name: 'notebooks.create',
      method: 'POST',
      path: base,
      fields: notebookCreation,
      execute: (caller, _call, body: NotebookRequest) => create(parts, caller, body),
    },
    { name: 'notebooks.list', method: 'GET', path: base, isList: true, execute },
    // A project of the sandbox has one user, so both lists are equal.
    { name: 'notebooks.listAll', method: 'GET', path: `${base}/all`, isList: true, execute },
    {
      name: 'notebooks.get',
      method: 'GET',
      path: item,
      execute: (caller, { params }) => ok(notebookView(objects.find(caller, params.notebookId), caller, world.now())),
    },
    {
      name: 'notebooks.update',
      method: 'PUT',
      path: item,
      fields: notebookUpdate,
      execute: (caller, call, body: Partial<NotebookRequest>) => update(parts, caller, call, body),
    },
    { name: 'notebooks.delete', method: 'DELETE', path: item, execute: (caller, call) => remove(parts, caller, call) },
  ]
}

function lifeOperations(parts: NotebookParts): Definition[] {
  return [
    {
      name: 'notebooks.start',
      method: 'POST',
      path: `${item}/start`,
      execute: (caller, call) => start(parts, caller, call),
    },
    {
      name: 'notebooks.stop',
      method: 'POST',
      path: `${item}/stop`,
      execute: (caller, call) => stop(parts, caller, call),
    },
  ]
}

function catalogOperations(): Definition[] {
  const page = (data: readonly object[]) => ok({ current: 1, data, pages: 1, size: data.length, total: data.length })
  return [
    {
      name: 'notebooks.flavors',
      method: 'GET',
      path: `${base}/flavors`,
      execute: (_caller, { query }) => page(notebookFlavors(query.get('category'))),
    },
    {
      name: 'images.list',
      method: 'GET',
      path: '/v1/:projectId/images',
      execute: () => page(images.map(({ id }) => imageView(id))),
    },
  ]
}

function create(parts: NotebookParts, caller: ModelartsAccount, request: NotebookRequest): ProviderResponse {
  const { world, settings, notebooks, objects } = parts
  assertVolume(request.volume)
  assertFlavor(request.flavor, isKnownFlavor(request.flavor), settings)
  if (settings.maxInstances > 0 && objects.all(caller).length >= settings.maxInstances) {
    throw new Rejection(400, '6302', 'The instance count already reaches the maximum value.')
  }
  const now = world.now()
  const data = { request, lease: newLease(request, now), token: randomUuid(world.random), updatedAt: now }
  const notebook = notebooks.add({
    id: parts.makeId(),
    name: request.name,
    owner: caller.projectId,
    creation: request,
    data,
    timeline: lifeFromCreation(now, lifecycleInputOf(data), { ...settings, queueingMs: 0 }),
  })
  return ok(notebookView(notebook, caller, now))
}

/** Returns only the changes, as in the documented sample. */
function update(
  { world, settings, notebooks, objects }: NotebookParts,
  caller: ModelartsAccount,
  call: Call,
  body: Partial<NotebookRequest>,
): ProviderResponse {
  const { id, name, data, timeline } = objects.find(caller, call.params.notebookId)
  if (settings.restrictNotebookUpdates) assertCanUpdate(body, momentAt(timeline, world.now()).state)
  const request = { ...data.request, ...body }
  notebooks.change(id, { name: body.name ?? name, data: { ...data, request, updatedAt: world.now() } })
  return ok(body)
}

const changeableIn: Readonly<Record<string, string>> = {
  name: 'RUNNING',
  description: 'RUNNING',
  storage_new_size: 'RUNNING',
  flavor: 'STOPPED',
  image_id: 'STOPPED',
  endpoints: 'STOPPED',
}

function assertCanUpdate(body: object, state: string): void {
  const wrong = Object.keys(body).find((name) => (changeableIn[name] ?? state) !== state)
  if (wrong === undefined) return
  const message = `When the instance is in the '${state}' status, the '${wrong}' parameter cannot be modified.`
  throw new Rejection(400, '6347', message)
}

/** A start reads its lease from the query; the default is an hour, whatever was set before. */
function start(parts: NotebookParts, caller: ModelartsAccount, call: Call): ProviderResponse {
  const { world, settings, objects } = parts
  const now = world.now()
  const notebook = objects.find(caller, call.params.notebookId)
  assertCanStart(momentAt(notebook.timeline, now).state, settings)
  const lease = renewed(notebook.data.lease, call.query, {}, now)
  const data = { ...notebook.data, lease, updatedAt: now }
  const timeline = restarted(notebook.timeline, now, lifecycleInputOf(data), { ...settings, queueingMs: 0 })
  return changed(parts, caller, notebook, { data, timeline })
}

function stop(parts: NotebookParts, caller: ModelartsAccount, call: Call): ProviderResponse {
  const { world, settings, objects } = parts
  const now = world.now()
  const notebook = objects.find(caller, call.params.notebookId)
  assertCanStop(momentAt(notebook.timeline, now).state, settings)
  return changed(parts, caller, notebook, { timeline: stopped(notebook.timeline, now, settings) })
}

/** Deletes the container with its storage; no stop is required. */
function remove(parts: NotebookParts, caller: ModelartsAccount, call: Call): ProviderResponse {
  const { world, settings, objects } = parts
  const now = world.now()
  const notebook = objects.find(caller, call.params.notebookId)
  if (momentAt(notebook.timeline, now).state === 'DELETING') throw busy()
  return changed(parts, caller, notebook, { timeline: deleted(notebook.timeline, now, settings.deletingMs) })
}

function changed(
  { world, notebooks }: NotebookParts,
  caller: ModelartsAccount,
  { id }: WorldObject<NotebookData>,
  changes: Partial<Pick<WorldObject<NotebookData>, 'data' | 'timeline'>>,
): ProviderResponse {
  return ok(notebookView(notebooks.change(id, changes), caller, world.now()))
}
