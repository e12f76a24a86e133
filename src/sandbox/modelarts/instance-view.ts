import { enteredAt, momentAt } from '../timeline.ts'
import type { WorldObject } from '../world.ts'
import { flavorOf, profileOf } from './catalog.ts'
import { stopsAt } from './lifecycle.ts'
import type { InstanceData, ModelartsAccount } from './wire.ts'

type Instance = WorldObject<InstanceData>

// Hosts that do not resolve: "the generated URL cannot be directly accessed".
const notebookHost = 'https://notebook.modelarts.invalid'
const hubHost = 'https://modelarts-lb.modelarts.invalid:32000'

/** How long an instance runs after each start, in ms; `null` until it is stopped. */
function runForMs({ autoStop: { enable, duration } }: Pick<InstanceData, 'autoStop'>): number | null {
  return enable === true && duration !== undefined ? duration * 1000 : null
}

/** An instance as details return it, including secrets and undocumented fields, like real responses. */
export function detailed(instance: Instance, caller: ModelartsAccount, now: number) {
  const { data, timeline } = instance
  const shown = summary(instance, caller, now)
  const hasRun = enteredAt(timeline, 'RUNNING', now) !== null
  return {
    ...shown,
    flavor_details: { ...shown.flavor_details, params_extends: { arch: 'x86_64', cpu: {} } },
    spec: {
      ...shown.spec,
      ...(hasRun && { credential: { ssh_private_key: null, access_token: `sandbox-obs-${data.token}` } }),
      extend_params: null,
      extend_storage: data.request.spec.extend_storage ?? null,
      repository: null,
      storage: data.request.spec.storage,
    },
  }
}

/** An instance as lists return it, without storage and other fields. */
export function summary(instance: Instance, caller: ModelartsAccount, now: number) {
  const { id, name, data, createdAt, timeline } = instance
  const { state, at } = momentAt(timeline, now)
  const { request } = data
  const failure = failureOf(state)
  return {
    ai_project: { id: request.ai_project?.id ?? 'default-ai-project' },
    creation_timestamp: String(createdAt),
    description: data.description,
    ...(failure && { error_code: failure.code }),
    flavor: request.flavor,
    flavor_details: flavorDetails(request.flavor),
    id,
    latest_update_timestamp: String(Math.round(Math.max(at, data.updatedAt))),
    name,
    ...(request.pool && { pool: { type: 'USER_DEFINED', ...request.pool } }),
    profile: profileView(data),
    ...queueView(instance, now),
    spec: specView(instance, now, failure),
    status: state,
    user: { id: caller.userId, name: caller.userName },
    workspace: { id: request.workspace?.id ?? '0' },
  }
}

interface Failure {
  code: string
  message: string
  detail: Record<string, string>
}

function failureOf(state: string): Failure | null {
  if (state !== 'CREATE_FAILED' && state !== 'START_FAILED') return null
  const message = 'Failed to start the notebook due to insufficient background resources. Try again later.'
  return { code: 'ModelArts.6360', message, detail: {} }
}

function specView({ id, data, timeline }: Instance, now: number, failure: Failure | null) {
  const hasRun = enteredAt(timeline, 'RUNNING', now) !== null
  const stopAt = stopsAt(timeline, now)
  const remaining =
    stopAt === null ? {} : { remain_time: Math.ceil((stopAt - now) / 1000), stop_timestamp: Math.round(stopAt) }
  return {
    annotations: {
      ...data.request.spec.annotations,
      target_domain: notebookHost,
      url: hasRun ? `${hubHost}/modelarts/hubv100/notebook/user/${id}` : '',
    },
    auto_stop: { duration: 0, enable: false, prompt: true, ...data.autoStop, ...remaining },
    failed_reasons: failure,
  }
}

function flavorDetails(id: string) {
  const { type, cores, memoryGb, cards, cardName } = flavorOf(id)
  const cardsOf = {
    CPU: {},
    GPU: { GPU: cards, gpu_type: 'v100NV32' },
    Ascend: { NPU: cards, graphics_memory: '32GiB', type: cardName },
  }
  return {
    name: id,
    params: { CPU: cores, ...cardsOf[type], memory: `${memoryGb}GiB` },
    status: 'onSale',
    storage_list: ['obs', 'efs'],
    type,
  }
}

function profileView({ profileId, request }: InstanceData) {
  const { name, imageName } = profileOf(request.profile_id)
  const { type } = flavorOf(request.flavor)
  return {
    de_type: 'Notebook',
    description: `${type}, python 3 for notebook`,
    flavor_type: type,
    id: profileId,
    name,
    provision: {
      annotations: { category: name, type: 'system' },
      spec: {
        engine: 'CCE',
        params: { annotations: null, image_name: imageName, image_tag: '3.1.0', namespace: 'atelier' },
      },
      type: 'Docker',
    },
  }
}

function queueView({ id, name, data, timeline }: Instance, now: number) {
  const { state, at } = momentAt(timeline, now)
  const end = timeline.find((moment) => moment.at > now)
  if (!state.endsWith('_QUEUING') || end === undefined) return {}
  return {
    queuing_info: {
      id,
      name,
      de_type: 'Notebook',
      flavor: data.request.flavor,
      status: state,
      begin_timestamp: at,
      remain_time: Math.ceil((end.at - now) / 1000),
      end_timestamp: end.at,
      rank: 1,
    },
  }
}

/** The input of an instance's lifecycle. */
export function lifecycleInputOf(data: Pick<InstanceData, 'request' | 'description' | 'autoStop'>) {
  return { texts: [data.request.name, data.description], runForMs: runForMs(data) }
}
