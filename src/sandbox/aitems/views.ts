import { momentAt } from '../timeline.ts'
import { completedAt, scheduledAt, stateOf } from './lifecycle.ts'
import { iamFields } from './operation.ts'
import { type Dataset, type Schema, type Service, type Store, servicesOf, type Train } from './store.ts'
import { datasetTypes, trainTypes, wallTime } from './wire.ts'

/** A service as its read returns it. */
export function serviceView(store: Store, service: Service) {
  const { id, name, data } = service
  const { updatedDate, createdDate, status } = outline(store, service)
  return {
    serviceId: id,
    name,
    description: data.description,
    status,
    datasets: boundDatasets(store, service),
    hpConfig: data.hpConfig,
    infers: inferViews(store, service),
    createdDate,
    updatedDate,
    ...(store.settings.olderForm ? {} : { type: data.type }),
    ...intervalFields(store, service),
  }
}

/** A service as an item of the list. */
export function listedService(store: Store, service: Service) {
  const { id, name } = service
  return {
    serviceId: id,
    name,
    ...outline(store, service),
    ...iamFields('View/getServiceList', store.settings),
  }
}

function outline({ world }: Store, { timeline, createdAt, data }: Service) {
  const { state, at } = momentAt(timeline, world.now())
  return {
    status: state,
    createdDate: wallTime(createdAt),
    updatedDate: wallTime(Math.max(at, data.updatedAt)),
  }
}

function intervalFields({ settings }: Store, { data, timeline }: Service) {
  if (data.type === 'batch' || data.term === null) return {}
  const at = scheduledAt(timeline, data.term, settings)
  return { learningInterval: data.term, scheduledDate: at === null ? null : wallTime(at) }
}

function boundDatasets({ datasets, world }: Store, { data }: Service) {
  const bound = data.datasetIds.flatMap((id) => datasets.get(id) ?? [])
  const inOrder = bound.toSorted((a, b) => datasetTypes.indexOf(a.data.type) - datasetTypes.indexOf(b.data.type))
  return inOrder.map((dataset) => {
    const status = stateOf(dataset, world.now())
    return {
      datasetId: dataset.id,
      type: dataset.data.type,
      name: dataset.name,
      schemaName: dataset.data.schemaName,
      // Observed in a real response: a dataset's `enable` is `learnable` inside a service.
      status: status === 'enable' ? 'learnable' : status,
      createdDate: wallTime(dataset.createdAt),
      updatedDate: wallTime(dataset.data.updatedAt),
    }
  })
}

/** The newest completed train of each type. */
function inferViews({ trains, world, settings }: Store, { id }: Service) {
  const ofService = trains.all().filter((train) => train.data.serviceId === id)
  return trainTypes.flatMap((type) => {
    const train = ofService.findLast((one) => one.data.type === type && completedAt(one, world.now()) !== null)
    if (train === undefined) return []
    const at = wallTime(completedAt(train, world.now()) ?? train.createdAt)
    const { version, rowCount } = train.data
    return [
      {
        dataType: type,
        trainVersion: version,
        status: 'enable',
        rowCount: settings.numericRowCounts ? rowCount : String(rowCount),
        createdDate: at,
        updatedDate: at,
      },
    ]
  })
}

/** A train, in lists and reads. */
export function trainView({ world }: Store, train: Train) {
  const { serviceId, type, hpConfig, version, description } = train.data
  return {
    serviceId,
    type,
    hpConfig,
    version,
    description,
    status: stateOf(train, world.now()),
    createdDate: wallTime(train.timeline[0].at),
    inference: completedAt(train, world.now()) !== null,
  }
}

/** A dataset as its read returns it. */
export function datasetView(store: Store, dataset: Dataset) {
  const { id, name, data, createdAt } = dataset
  const connected = servicesOf(store, id).map((service) => ({ serviceId: service.id, name: service.name }))
  return {
    datasetId: id,
    type: data.type,
    name,
    description: data.description,
    schemaName: data.schemaName,
    status: stateOf(dataset, store.world.now()),
    osInfo: data.osInfo,
    [store.settings.olderForm ? 'connectedService' : 'connectedServices']: connected,
    createdDate: wallTime(createdAt),
    updatedDate: wallTime(data.updatedAt),
  }
}

/** A dataset as an item of the list. */
export function listedDataset({ world, settings }: Store, dataset: Dataset) {
  return {
    datasetId: dataset.id,
    type: dataset.data.type,
    name: dataset.name,
    status: stateOf(dataset, world.now()),
    createdDate: wallTime(dataset.createdAt),
    ...iamFields('View/getDatasetList', settings),
  }
}

/** A schema as its read returns it. */
export function schemaView({ name, data, createdAt }: Schema) {
  const { datasetType, fields, description } = data
  return { datasetType, name, fields, description, createdDate: wallTime(createdAt) }
}

/** A schema as an item of the list. */
export function listedSchema({ settings }: Store, { name, data, createdAt }: Schema) {
  return {
    datasetType: data.datasetType,
    name,
    createdDate: wallTime(createdAt),
    ...iamFields('View/getSchemaList', settings),
  }
}
