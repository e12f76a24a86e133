import { enteredAt, momentAt } from '../timeline.ts'
import type { WorldObject } from '../world.ts'
import { type Flavor, flavors, images } from './catalog.ts'
import type { Lease, ModelartsAccount, NotebookData, NotebookRequest } from './wire.ts'

type Notebook = WorldObject<NotebookData>

/** A notebook as every operation returns it: upper-case values, times in ms, and the token unmasked. */
export function notebookView(notebook: Notebook, caller: ModelartsAccount, now: number) {
  const { id, name, data, createdAt, timeline } = notebook
  const { state, at } = momentAt(timeline, now)
  const { request, token } = data
  const hasRun = enteredAt(timeline, 'RUNNING', now) !== null
  return {
    create_at: createdAt,
    description: request.description ?? '',
    feature: (request.feature ?? 'NOTEBOOK').toUpperCase(),
    flavor: request.flavor,
    id,
    image: imageView(request.image_id),
    lease: ageingLeaseView(data.lease),
    name,
    status: state,
    token,
    ...(hasRun && { url: `https://authoring.modelarts.invalid/${id}/lab` }),
    update_at: Math.round(Math.max(at, data.updatedAt)),
    user: { id: caller.userId, name: caller.userName },
    volume: volumeView(request.volume, state),
    workspace_id: request.workspace_id ?? '0',
    ...(request.pool_id !== undefined && { pool: { id: request.pool_id } }),
    ...(request.endpoints && { endpoints: request.endpoints.map(endpointView) }),
    ...(state === 'CREATING' && { action_progress: progress }),
    ...(state.endsWith('_FAILED') && { fail_reason: 'Insufficient background resources.' }),
  }
}

const progress = [
  { step: 1, status: 'PROCESSING', description: 'Prepare compute resources' },
  { step: 2, status: 'WAITING', description: 'Prepare storage' },
  { step: 3, status: 'WAITING', description: 'Configure the network' },
  { step: 4, status: 'WAITING', description: 'Start the notebook' },
] as const

/**
 * A lease inside a notebook: its duration counts from its creation. In the samples of a start and a stop it is an hour
 * more than the time between `create_at` and `update_at`.
 */
function ageingLeaseView(lease: Lease) {
  const { createdAt, updatedAt, durationMs } = lease
  return leaseView(durationMs === -1 ? lease : { ...lease, durationMs: updatedAt - createdAt + durationMs })
}

/** A lease as its operations return it: the samples show the requested hour, whatever time has passed. */
export function leaseView({ createdAt, updatedAt, durationMs, type }: Lease) {
  return { create_at: createdAt, duration: durationMs, enable: durationMs !== -1, type, update_at: updatedAt }
}

/** A listed or custom image. */
export function imageView(imageId: string) {
  const known = images.find(({ id }) => id === imageId)
  const { name, tag } = known ?? { name: 'custom-image', tag: 'latest' }
  return {
    description: '',
    id: imageId,
    name,
    swr_path: `swr.modelarts.invalid/atelier/${name}:${tag}`,
    tag,
    type: known === undefined ? 'DEDICATED' : 'BUILD_IN',
  }
}

function volumeView({ category, ownership, capacity }: NotebookRequest['volume'], state: string) {
  return {
    category: category.toUpperCase(),
    ownership: ownership.toUpperCase(),
    mount_path: '/home/ma-user/work/',
    capacity: capacity ?? (category.toUpperCase() === 'EVS' ? 5 : 50),
    status: state === 'CREATING' ? 'CREATING' : 'OK',
  }
}

function endpointView({ service, ...rest }: NonNullable<NotebookRequest['endpoints']>[number]) {
  return { ...rest, ...(service !== undefined && { service: service.toUpperCase() }) }
}

/** The flavors available for notebooks. Memory in KB: the sample shows 8 GB as 8388608. */
export function notebookFlavors(category: string | null) {
  return flavors
    .filter(({ type }) => category === null || type.toUpperCase() === category.toUpperCase())
    .map(flavorView)
}

function flavorView({ id, type, cores, memoryGb }: Flavor) {
  return {
    arch: type === 'Ascend' ? 'aarch64' : 'x86_64',
    billing: { code: id, unit_num: 1 },
    category: type.toUpperCase(),
    description: `${type} flavor`,
    feature: 'NOTEBOOK',
    free: false,
    id,
    memory: memoryGb * 1024 * 1024,
    name: `${type}: ${cores} vCPUs ${memoryGb} GB`,
    sold_out: false,
    storages: ['EVS', 'OBSFS', 'EFS', 'OBS'],
    vcpus: cores,
  }
}
