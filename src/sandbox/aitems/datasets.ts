import { ServiceError } from './errors.ts'
import { deleted, holdsDatasets, isDeleting, lifeOfDataset, stateOf } from './lifecycle.ts'
import { type AitemsRequest, type Execute, pageOf } from './operation.ts'
import { unbind } from './services.ts'
import {
  assertFree,
  changeable,
  type Dataset,
  ownObject,
  rejection,
  type Store,
  schemaNamed,
  servicesOf,
} from './store.ts'
import { datasetView, listedDataset } from './views.ts'
import type { DatasetData } from './wire.ts'

type DatasetBody = Pick<DatasetData, 'type' | 'schemaName' | 'osInfo'> & { name: string; description?: string }

/** Datasets: a file in Object Storage, read by a schema. */
export function datasetOperations(store: Store) {
  const { datasets, world, settings } = store
  return {
    'datasets.create': ({ caller }: AitemsRequest, body: DatasetBody) => {
      assertSchema(store, caller, body)
      assertFree(store, datasets.all(), caller, body.name)
      const { name, description = '', ...rest } = body
      const dataset = datasets.add({
        id: store.makeId(),
        name,
        owner: caller.accessKey,
        creation: body,
        data: { ...fileOf(rest), description, uploadedRows: 0, updatedAt: world.now() },
        timeline: lifeOfDataset(body.osInfo, world.now(), settings),
      })
      return datasetView(store, dataset)
    },
    'datasets.list': ({ caller, query, listing }: AitemsRequest) => {
      const shown = datasets
        .listed(listing)
        .filter((dataset) => dataset.owner === caller.accessKey && stateOf(dataset, world.now()) !== 'deleted')
      return pageOf('datasets', shown, { query, settings, view: (dataset) => listedDataset(store, dataset) })
    },
    'datasets.read': ({ caller, params }: AitemsRequest) =>
      datasetView(store, ownObject(datasets, caller, params.datasetId)),
    'datasets.edit': ({ caller, params }: AitemsRequest, body: DatasetBody) => {
      const dataset = changeable(store, datasets, caller, params.datasetId)
      assertIdle(store, dataset)
      assertSchema(store, caller, body)
      if (body.name !== dataset.name) assertFree(store, datasets.all(), caller, body.name)
      const { name, description = dataset.data.description, ...rest } = body
      const data = { ...dataset.data, ...fileOf(rest), description, updatedAt: world.now() }
      const timeline = lifeOfDataset(body.osInfo, world.now(), settings)
      return datasetView(store, datasets.change(dataset.id, { name, data, timeline }))
    },
    'datasets.describe': ({ caller, params }: AitemsRequest, { content }: { content: string }) => {
      const { id, data } = changeable(store, datasets, caller, params.datasetId)
      return datasetView(
        store,
        datasets.change(id, { data: { ...data, description: content, updatedAt: world.now() } }),
      )
    },
    'datasets.delete': ({ caller, params }: AitemsRequest) => {
      const dataset = ownObject(datasets, caller, params.datasetId)
      if (!isDeleting(dataset, world.now())) remove(store, dataset)
      return { result: 'ok' }
    },
  } as const satisfies Record<string, Execute>
}

function fileOf({ type, schemaName, osInfo }: Pick<DatasetData, 'type' | 'schemaName' | 'osInfo'>) {
  return { type, schemaName, osInfo }
}

function assertSchema(store: Store, caller: AitemsRequest['caller'], { schemaName, type }: DatasetBody): void {
  if (!store.settings.refuseUnknownSchemas) return
  if (schemaNamed(store, caller, schemaName)?.data.datasetType === type) return
  throw new ServiceError(400, `schemaName must be that of a schema of type ${type}, not '${schemaName}'`)
}

function assertIdle(store: Store, { id }: Dataset): void {
  const now = store.world.now()
  const busy = servicesOf(store, id).find((service) => holdsDatasets(service, now))
  if (busy) throw rejection(store, `'${id}' cannot change while service '${busy.id}' is ${stateOf(busy, now)}`)
}

function remove(store: Store, dataset: Dataset): void {
  const { datasets, world, settings } = store
  assertIdle(store, dataset)
  const using = servicesOf(store, dataset.id)
  if (settings.refuseDeleteOfConnected && using.length > 0) {
    throw rejection(store, `'${dataset.id}' is used by service '${using[0]?.id}'`)
  }
  unbind(store, using, dataset.id)
  datasets.change(dataset.id, { timeline: deleted(dataset.timeline, world.now(), settings.deletingMs) })
}
