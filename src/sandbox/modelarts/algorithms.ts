import type { Call, Operation, ProviderResponse } from '../provider.ts'
import { plan } from '../timeline.ts'
import type { World, WorldObject } from '../world.ts'
import { knownAlgorithmId } from './catalog.ts'
import { isDescending } from './environment-states.ts'
import { Rejection } from './rejections.ts'
import { invalidParam } from './rules.ts'
import {
  countIn,
  type Definition,
  defineOperations,
  makeProjectObjects,
  ok,
  type ProjectObjects,
  type ServiceParts,
} from './service.ts'
import { algorithmCreation } from './training-fields.ts'
import type { AlgorithmRequest, JobRequest, ModelartsAccount } from './wire.ts'

const base = '/v2/:projectId/algorithms'

interface AlgorithmData {
  request: AlgorithmRequest
}

/** Algorithms of training jobs: create, list (the offset counts records) and read. "Not found" is HTTP 400. */
export function algorithmOperations(service: ServiceParts): Operation[] {
  const objects = objectsOf(service.world)
  const definitions: Definition[] = [
    {
      name: 'algorithms.create',
      method: 'POST',
      path: base,
      fields: algorithmCreation,
      execute: (caller, _call, body: AlgorithmRequest) => create(service, caller, body),
    },
    {
      name: 'algorithms.list',
      method: 'GET',
      path: base,
      isList: true,
      execute: (caller, call) => list(objects, caller, call),
    },
    {
      name: 'algorithms.get',
      method: 'GET',
      path: `${base}/:algorithmId`,
      execute: (caller, { params }) => ok(view(objects.find(caller, params.algorithmId), caller)),
    },
  ]
  return defineOperations(service, definitions)
}

/**
 * A job's algorithm with the referenced one filled in. The id of the documented samples adds nothing.
 *
 * @throws Rejection for an id that does not belong to the project
 */
export function resolved(world: World, caller: ModelartsAccount, algorithm: JobRequest['algorithm']) {
  if (algorithm?.id === undefined || algorithm.id === knownAlgorithmId) return algorithm
  const { name, data } = objectsOf(world).find(caller, algorithm.id)
  return { ...data.request.job_config, name, ...algorithm }
}

function objectsOf(world: World): ProjectObjects<AlgorithmData> {
  const solution = 'Check whether the training project information in the request is valid.'
  return makeProjectObjects(
    collectionIn(world),
    world.now,
    () => new Rejection(400, '2755', 'algorithm not found.', solution),
  )
}

function collectionIn(world: World) {
  return world.collection<AlgorithmData>('modelarts', 'algorithm')
}

function create(
  { world, makeId }: ServiceParts,
  caller: ModelartsAccount,
  request: AlgorithmRequest,
): ProviderResponse {
  const { code_dir, boot_file, command, engine } = request.job_config
  const isCode = code_dir !== undefined && boot_file !== undefined
  if (!isCode && (command === undefined || engine?.image_url === undefined)) throw invalidParam('job_config')
  const algorithm = collectionIn(world).add({
    id: makeId(),
    name: request.metadata.name,
    owner: caller.projectId,
    creation: request,
    data: { request },
    timeline: plan(world.now(), [], { state: 'normal' }),
  })
  return { status: 201, body: view(algorithm, caller) }
}

function list(objects: ProjectObjects<AlgorithmData>, caller: ModelartsAccount, call: Call): ProviderResponse {
  const offset = countIn(call, 'offset', { min: 0, fallback: 0, rejection: invalidParam('offset') })
  const limit = countIn(call, 'limit', { min: 1, fallback: 50, rejection: invalidParam('limit') })
  const isNewestFirst = isDescending(call.query.get('order'), 'desc', 'order')
  const own = objects.listed(caller, call).map((algorithm) => view(algorithm, caller))
  const items = (isNewestFirst ? own.toReversed() : own).slice(offset, offset + limit)
  const sorting = { sort_by: 'create_time', order: isNewestFirst ? 'desc' : 'asc', group_by: '' }
  return ok({ total: own.length, count: own.length, limit, offset, ...sorting, items })
}

function view({ id, name, data, createdAt }: WorldObject<AlgorithmData>, { userName, domainId }: ModelartsAccount) {
  const { metadata, job_config } = data.request
  return {
    metadata: {
      id,
      name,
      description: metadata.description ?? '',
      workspace_id: metadata.workspace_id ?? '0',
      ai_project: 'default-ai-project',
      user_name: userName,
      domain_id: domainId,
      source: 'custom',
      api_version: '',
      is_valid: true,
      state: '',
      size: 0,
      version_num: 0,
      create_time: createdAt,
      update_time: createdAt,
    },
    job_config: { parameters_customization: true, ...job_config },
    resource_requirements: [],
    advanced_config: {},
  }
}
