import { divert, momentAt } from '../timeline.ts'
import { ServiceError } from './errors.ts'
import { scheduledAt, stateOf, trainingOf } from './lifecycle.ts'
import type { AitemsRequest, Execute } from './operation.ts'
import { unfitRow } from './schema-fields.ts'
import { changeable, type Dataset, rejection, type Service, type Store, schemaNamed } from './store.ts'
import { addTrains } from './training.ts'
import { serviceView } from './views.ts'
import { type DatasetType, type Term, termHours, trainTypes } from './wire.ts'

type UploadBody = { type: DatasetType; value: Record<string, unknown>[] }

/** Operations of interval services only: a term, and rows that are added to their datasets. */
export function intervalOperations(store: Store) {
  const { services, datasets, world, settings } = store
  return {
    'services.setInterval': ({ caller, params }: AitemsRequest, { term }: { term: Term }) => {
      const service = changeable(store, services, caller, params.serviceId)
      assertInterval(store, service)
      const at = world.now()
      const data = { ...service.data, term, updatedAt: at }
      const isIdle = ['learnable', 'scheduled'].includes(stateOf(service, at))
      const timeline = isIdle ? divert(service.timeline, at, { at, state: 'scheduled' }) : service.timeline
      return serviceView(store, services.change(service.id, { data, timeline }))
    },
    'services.upload': ({ caller, params }: AitemsRequest, { type, value }: UploadBody) => {
      const service = changeable(store, services, caller, params.serviceId)
      assertInterval(store, service)
      const dataset = changeable(store, datasets, caller, params.datasetId)
      if (!service.data.datasetIds.includes(dataset.id)) {
        throw new ServiceError(404, `'${dataset.id}' is not a dataset of '${service.id}'`)
      }
      if (dataset.data.type !== type) {
        throw new ServiceError(400, `type must be that of the dataset, ${dataset.data.type}, not ${type}`)
      }
      assertRowsFit(store, caller, dataset, value)
      const uploadedRows = dataset.data.uploadedRows + value.length
      datasets.change(dataset.id, { data: { ...dataset.data, uploadedRows, updatedAt: world.now() } })
      return settings.emptyUploadAnswer ? undefined : true
    },
  } as const satisfies Record<string, Execute>
}

function assertInterval(store: Store, { id, data }: Service): void {
  if (data.type !== 'interval') throw rejection(store, `'${id}' is a batch service`)
}

// A missing schema, which the defaults allow, requires nothing.
function assertRowsFit(
  store: Store,
  caller: AitemsRequest['caller'],
  { data }: Dataset,
  rows: UploadBody['value'],
): void {
  const schema = schemaNamed(store, caller, data.schemaName)
  const unfit = schema && unfitRow(schema.data.fields, rows)
  if (unfit) throw new ServiceError(400, unfit)
}

/**
 * Applies the scheduled trainings of interval services that are due. Of several missed trainings only the newest is
 * run.
 */
export function catchUp(store: Store): void {
  for (const service of store.services.all()) {
    if (service.data.type === 'interval') catchUpOne(store, service)
  }
}

function catchUpOne(store: Store, service: Service): void {
  const { services, world, settings } = store
  const { data, timeline } = service
  const now = world.now()
  const dueAt = scheduledAt(timeline, data.term, settings)
  if (data.term === null || dueAt === null || dueAt > now || momentAt(timeline, now).state !== 'scheduled') return
  const training = trainingOf(data.description, settings)
  const cycleMs = termHours[data.term] * settings.hourMs + training.learningMs
  const startAt = dueAt + Math.floor((now - dueAt) / cycleMs) * cycleMs
  addTrains(store, service, {
    types: trainTypes,
    description: data.description,
    hpConfig: data.hpConfig,
    creation: { term: data.term },
    startAt,
    requestLearningMs: 0,
    training,
  })
  const learning = { at: startAt, state: 'scheduledLearning' }
  const again = { at: startAt + training.learningMs, state: 'scheduled' }
  services.change(service.id, { timeline: divert(timeline, startAt, learning, again) })
}
