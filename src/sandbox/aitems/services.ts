import { divert } from '../timeline.ts'
import { ServiceError } from './errors.ts'
import { boundService, deleted, enabledAt, holdsDatasets, isDeleting, isLearning, stateOf } from './lifecycle.ts'
import { type AitemsRequest, type Execute, pageOf } from './operation.ts'
import { assertFree, changeable, type Dataset, ownObject, rejection, type Service, type Store } from './store.ts'
import { listedService, serviceView } from './views.ts'
import { datasetTypes, type ServiceData } from './wire.ts'

type CreateBody = { name: string; description?: string; type?: ServiceData['type'] }

/** Services: create, read, rename, bind datasets, delete. */
export function serviceOperations(store: Store) {
  const { services, world, settings } = store
  return {
    'services.create': ({ caller }: AitemsRequest, body: CreateBody) => {
      assertFree(store, services.all(), caller, body.name)
      const at = world.now()
      const { type = 'batch', description = '' } = body
      const service = services.add({
        id: store.makeId(),
        name: body.name,
        owner: caller.accessKey,
        creation: body,
        data: { type, description, datasetIds: [], hpConfig: { is_enabled: false }, term: null, updatedAt: at },
        timeline: [{ at, state: 'datasetRequired' }],
      })
      return serviceView(store, service)
    },
    'services.list': ({ caller, query, listing }: AitemsRequest) => {
      const shown = services
        .listed(listing)
        .filter((service) => service.owner === caller.accessKey && stateOf(service, world.now()) !== 'deleted')
      return pageOf('services', shown, { query, settings, view: (service) => listedService(store, service) })
    },
    'services.read': ({ caller, params }: AitemsRequest) =>
      serviceView(store, ownObject(services, caller, params.serviceId)),
    'services.update': ({ caller, params }: AitemsRequest, body: { name: string; description?: string }) => {
      const service = changeable(store, services, caller, params.serviceId)
      if (body.name !== service.name) assertRename(store, caller, body.name)
      const { description = service.data.description } = body
      const data = { ...service.data, description, updatedAt: world.now() }
      return serviceView(store, services.change(service.id, { name: body.name, data }))
    },
    'services.setDatasets': ({ caller, params }: AitemsRequest, { datasetIds }: { datasetIds: string[] }) => {
      const service = changeable(store, services, caller, params.serviceId)
      const now = world.now()
      if (holdsDatasets(service, now)) {
        throw rejection(store, `the datasets of '${service.id}' cannot change while it is ${stateOf(service, now)}`)
      }
      const chosen = datasetIds.map((id) => changeable(store, store.datasets, caller, id))
      assertOneOfEach(chosen)
      const readyAt = Math.max(now + settings.bindingMs, ...chosen.map((dataset) => readyTime(store, dataset)))
      const timeline = boundService(
        service.timeline,
        now,
        readyAt,
        service.data.term === null ? 'learnable' : 'scheduled',
      )
      const data = { ...service.data, datasetIds, updatedAt: now }
      return serviceView(store, services.change(service.id, { data, timeline }))
    },
    'services.delete': ({ caller, params }: AitemsRequest) => {
      const service = ownObject(services, caller, params.serviceId)
      if (!isDeleting(service, world.now())) remove(store, service)
      return { result: 'ok' }
    },
  } as const satisfies Record<string, Execute>
}

function assertRename(store: Store, caller: AitemsRequest['caller'], name: string): void {
  if (store.settings.refuseRename) throw rejection(store, 'the name of a service cannot change')
  assertFree(store, store.services.all(), caller, name)
}

function assertOneOfEach(datasets: readonly Dataset[]): void {
  const missing = datasetTypes.filter((type) => !datasets.some((dataset) => dataset.data.type === type))
  if (missing.length === 0) return
  throw new ServiceError(400, `datasetIds must name one dataset of each type; there is none of ${missing.join(', ')}`)
}

function readyTime(store: Store, dataset: Dataset): number {
  const at = enabledAt(dataset)
  if (at === null) {
    throw rejection(store, `dataset '${dataset.id}' is not trainable: ${dataset.timeline.at(-1)?.state}`)
  }
  return at
}

function remove(store: Store, service: Service): void {
  const { services, settings, world } = store
  const now = world.now()
  if (settings.refuseDeleteWhileLearning && isLearning(service, now)) {
    throw rejection(store, `'${service.id}' cannot be deleted while it is ${stateOf(service, now)}`)
  }
  services.change(service.id, { timeline: deleted(service.timeline, now, settings.deletingMs) })
}

/** Removes a dataset from the services that use it, which then require a replacement. */
export function unbind({ services, world }: Store, using: readonly Service[], datasetId: string): void {
  const at = world.now()
  for (const { id, data, timeline } of using) {
    const datasetIds = data.datasetIds.filter((bound) => bound !== datasetId)
    services.change(id, {
      data: { ...data, datasetIds, updatedAt: at },
      timeline: divert(timeline, at, { at, state: 'datasetRequired' }),
    })
  }
}
