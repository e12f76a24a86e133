import type { Call, Operation, ProviderResponse } from '../provider.ts'
import { momentAt } from '../timeline.ts'
import type { Collection, WorldObject } from '../world.ts'
import { instanceAction, instanceCreation, instanceUpdate } from './environment-fields.ts'
import { assertCanStart, assertCanStop, isDescending } from './environment-states.ts'
import { assertAutoStop, assertInstance } from './instance-rules.ts'
import { detailed, lifecycleInputOf, summary } from './instance-view.ts'
import { deleted, lifeFromCreation, restarted, stopped } from './lifecycle.ts'
import { Rejection } from './rejections.ts'
import { wrongValue } from './rules.ts'
import {
  countIn,
  type Definition,
  defineOperations,
  makeProjectObjects,
  ok,
  type ProjectObjects,
  randomUuid,
  type ServiceParts,
} from './service.ts'
import type { AutoStop, InstanceData, InstanceRequest, ModelartsAccount, ModelartsSettings } from './wire.ts'

const base = '/v1/:projectId/demanager/instances'

interface InstanceParts extends ServiceParts {
  instances: Collection<InstanceData>
  objects: ProjectObjects<InstanceData>
}

/** demanager: development environments of the historical API. "Not found" is HTTP 400. */
export function instanceOperations(service: ServiceParts): Operation[] {
  const { world } = service
  const instances = world.collection<InstanceData>('modelarts', 'instance')
  const notFound = () => new Rejection(400, '6309', 'The instance does not exist.')
  const parts = { ...service, instances, objects: makeProjectObjects(instances, world.now, notFound) }
  const { objects } = parts
  const itemPath = `${base}/:instanceId`
  const definitions: Definition[] = [
    {
      name: 'instances.create',
      method: 'POST',
      path: base,
      fields: instanceCreation,
      execute: (caller, _call, body: InstanceRequest) => create(parts, caller, body),
    },
    {
      name: 'instances.list',
      method: 'GET',
      path: base,
      isList: true,
      execute: (caller, call) => list(parts, caller, call),
    },
    {
      name: 'instances.get',
      method: 'GET',
      path: itemPath,
      execute: (caller, { params }) => ok(detailed(objects.find(caller, params.instanceId), caller, world.now())),
    },
    {
      name: 'instances.update',
      method: 'PUT',
      path: itemPath,
      fields: instanceUpdate,
      execute: (caller, call, body: InstanceUpdate) => update(parts, caller, call, body),
    },
    {
      name: 'instances.action',
      method: 'POST',
      path: `${itemPath}/action`,
      fields: instanceAction,
      execute: (caller, call, body: { action: 'start' | 'stop' }) => act(parts, caller, call, body.action),
    },
    {
      name: 'instances.delete',
      method: 'DELETE',
      path: itemPath,
      execute: (caller, call) => remove(parts, caller, call),
    },
    {
      name: 'instances.token',
      method: 'GET',
      path: `${itemPath}/token`,
      execute: (caller, { params }) => ok({ token: objects.find(caller, params.instanceId).data.token }),
    },
  ]
  return defineOperations(service, definitions)
}

interface InstanceUpdate {
  description?: string
  spec?: { auto_stop?: AutoStop }
}

function create(parts: InstanceParts, caller: ModelartsAccount, request: InstanceRequest): ProviderResponse {
  const { world, settings, instances, objects } = parts
  assertInstance(request, settings)
  const own = objects.all(caller)
  if (own.some(({ name }) => name === request.name)) throw new Rejection(400, '6301', 'The instance already exists.')
  if (settings.maxInstances > 0 && own.length >= settings.maxInstances) {
    throw new Rejection(400, '6302', 'The instance count already reaches the maximum value.')
  }
  const now = world.now()
  const data: InstanceData = {
    request,
    description: request.description ?? '',
    autoStop: request.spec.auto_stop ?? {},
    profileId: randomUuid(world.random),
    token: randomUuid(world.random),
    updatedAt: now,
  }
  const instance = instances.add({
    id: parts.makeId((random) => `DE-${randomUuid(random)}`),
    name: request.name,
    owner: caller.projectId,
    creation: request,
    data,
    timeline: lifeFromCreation(now, lifecycleInputOf(data), settings),
  })
  return { status: settings.demanagerCreateStatus, body: detailed(instance, caller, now) }
}

const sortable: Readonly<Record<string, (instance: WorldObject<InstanceData>) => string | number>> = {
  name: ({ name }) => name,
  creation_timestamp: ({ createdAt }) => createdAt,
}

function list({ world, objects }: InstanceParts, caller: ModelartsAccount, call: Call): ProviderResponse {
  const { query } = call
  if (query.get('de_type') === null) throw new Rejection(400, '6335', "'de_type' is a required property.")
  if (query.get('de_type') !== 'Notebook') throw wrongValue('de_type')
  const keyOf = sortable[query.get('sortby') ?? 'name']
  if (keyOf === undefined) throw new Rejection(400, '6303', 'The field does not support sorting.')
  const isBackwards = isDescending(query.get('order'), 'asc', 'order')
  const offset = countIn(call, 'offset', { min: 0, fallback: 0, rejection: wrongValue('offset') })
  const limit = countIn(call, 'limit', { min: 0, fallback: 0, rejection: wrongValue('limit') })
  const matches = objects
    .listed(caller, call)
    .map((instance) => ({ key: keyOf(instance), shown: summary(instance, caller, world.now()) }))
    .filter(({ shown }) => matchesQuery(shown, query))
    .toSorted((left, right) => compare(left.key, right.key) * (isBackwards ? -1 : 1))
  // 0: unlimited.
  const page = matches.slice(offset, limit === 0 ? undefined : offset + limit)
  return ok({ total_count: matches.length, instances: page.map(({ shown }) => shown) })
}

function matchesQuery(shown: ReturnType<typeof summary>, query: URLSearchParams): boolean {
  const allows = (name: string, value: string | undefined) => [null, '', value].includes(query.get(name))
  return (
    allows('status', shown.status) &&
    allows('provision_type', 'Docker') &&
    (query.get('workspace_id') ?? '0') === shown.workspace.id &&
    allows('ai_project', shown.ai_project.id) &&
    allows('pool_id', shown.pool?.id)
  )
}

function compare(left: string | number, right: string | number): number {
  if (left === right) return 0
  return left < right ? -1 : 1
}

// A changed auto-stop applies from the next start.
function update(parts: InstanceParts, caller: ModelartsAccount, call: Call, body: InstanceUpdate): ProviderResponse {
  const { world, instances, objects } = parts
  const { id, data } = objects.find(caller, call.params.instanceId)
  const autoStop = { ...data.autoStop, ...body.spec?.auto_stop }
  assertAutoStop(autoStop)
  const description = body.description ?? data.description
  const changed = instances.change(id, { data: { ...data, description, autoStop, updatedAt: world.now() } })
  return ok(detailed(changed, caller, world.now()))
}

function act(parts: InstanceParts, caller: ModelartsAccount, call: Call, action: 'start' | 'stop'): ProviderResponse {
  const { world, settings, instances, objects } = parts
  const now = world.now()
  const { id, data, timeline } = objects.find(caller, call.params.instanceId)
  const { state } = momentAt(timeline, now)
  if (action === 'start') assertCanStart(state, settings)
  else assertCanStop(state, settings)
  const next =
    action === 'start' ? restarted(timeline, now, lifecycleInputOf(data), settings) : stopped(timeline, now, settings)
  instances.change(id, { timeline: next })
  return ok({ current_status: momentAt(next, now).state, previous_state: state })
}

const deletable: ReadonlySet<string> = new Set(['STOPPED', 'UNAVAILABLE', 'READY_TO_START', 'DELETED'])

// A queued instance is not running, so there is nothing to stop; nothing more is documented.
function isDeletable(state: string, { refuseDeleteInQueue }: ModelartsSettings): boolean {
  if (state.endsWith('_QUEUING')) return !refuseDeleteInQueue
  return deletable.has(state) || state.endsWith('FAILED')
}

function remove(
  { world, settings, instances, objects }: InstanceParts,
  caller: ModelartsAccount,
  call: Call,
): ProviderResponse {
  const now = world.now()
  const { id, timeline } = objects.find(caller, call.params.instanceId)
  const { state } = momentAt(timeline, now)
  if (!isDeletable(state, settings)) {
    throw new Rejection(400, '6304', 'Please stop the instance before deleting.')
  }
  if (settings.instanceDeletingMs <= 0) instances.remove(id)
  else instances.change(id, { timeline: deleted(timeline, now, settings.instanceDeletingMs) })
  return ok({ instance_id: id })
}
