import { makeRandom } from '../random.ts'
import { ServiceError } from './errors.ts'
import { completedAt, lifeOfTrain, stateOf, type Training, trainedService, trainingOf } from './lifecycle.ts'
import { type AitemsRequest, choiceOf, type Execute, pageOf } from './operation.ts'
import { readHpConfig } from './rules.ts'
import { changeable, ownObject, rejection, type Service, type Store, type Train } from './store.ts'
import { serviceView, trainView } from './views.ts'
import { type HpConfig, type TrainType, trainTypes } from './wire.ts'

type TrainBody = { types: TrainType[]; description?: string; hpConfig: Record<string, unknown> }

/** Trainings and their results. */
export function trainingOperations(store: Store) {
  const { services, world, settings } = store
  return {
    'services.train': ({ caller, params }: AitemsRequest, body: TrainBody) => {
      const service = changeable(store, services, caller, params.serviceId)
      const hpConfig = readHpConfig(body.hpConfig)
      assertTrainable(store, service)
      const now = world.now()
      const { requestLearningMs } = settings
      const { description = '' } = body
      const training = trainingOf(description, settings)
      addTrains(store, service, {
        types: [...new Set(body.types)],
        description,
        hpConfig,
        creation: body,
        startAt: now,
        requestLearningMs,
        training,
      })
      const timeline = trainedService(service.timeline, now, requestLearningMs, training)
      const data = { ...service.data, hpConfig, updatedAt: now }
      return serviceView(store, services.change(service.id, { data, timeline }))
    },
    'trains.list': ({ caller, params, query, listing }: AitemsRequest) => {
      const service = ownObject(services, caller, params.serviceId)
      const isRecent = choiceOf({ query }, 'isRecent', ['true', 'false']) === 'true'
      const shown = store.trains.listed(listing).filter((train) => isVisible(store, train, service.id))
      const chosen = isRecent ? newestOfEach(shown) : shown
      return pageOf('trains', chosen, { query, settings, view: (train) => trainView(store, train) })
    },
    'trains.read': ({ caller, params }: AitemsRequest) => {
      const service = ownObject(services, caller, params.serviceId)
      const { trainType, version } = params
      const train = store.trains
        .all()
        .find((one) => one.data.type === trainType && one.data.version === version && isVisible(store, one, service.id))
      if (train === undefined) throw new ServiceError(404, `there is no version '${version}' of ${trainType}`)
      return trainView(store, train)
    },
    'infers.lookup': ({ caller, params, query }: AitemsRequest) => {
      const service = ownObject(services, caller, params.serviceId)
      const type = choiceOf({ query }, 'type', trainTypes)
      const targetId = query.get('targetId') ?? ''
      if (type === undefined || targetId === '') throw new ServiceError(400, 'type and targetId are required')
      const train = store.trains
        .all()
        .findLast((one) => isOf(one.data, service.id, type) && completedAt(one, world.now()) !== null)
      if (train === undefined) throw new ServiceError(404, `there is no result of ${type}`)
      return { field: 'ITEM_ID', values: recommendations(train, targetId) }
    },
  } as const satisfies Record<string, Execute>
}

function assertTrainable(store: Store, service: Service): void {
  const now = store.world.now()
  if (service.data.type === 'interval') throw rejection(store, 'an interval service trains by its schedule')
  const status = stateOf(service, now)
  if (status !== 'learnable') throw rejection(store, `'${service.id}' cannot be trained while it is ${status}`)
  const lacking = service.data.datasetIds.find((id) => {
    const dataset = store.datasets.get(id)
    return dataset === undefined || stateOf(dataset, now) !== 'enable'
  })
  if (lacking !== undefined) throw rejection(store, `dataset '${lacking}' is not trainable`)
}

/** The properties that the trains of one request share. */
export interface TrainRequest {
  types: readonly TrainType[]
  description: string
  hpConfig: HpConfig
  creation: unknown
  startAt: number
  requestLearningMs: number
  training: Training
}

/** One train per type. */
export function addTrains(store: Store, service: Service, request: TrainRequest): void {
  const { trains, world, settings } = store
  const { types, description, hpConfig, creation, startAt, requestLearningMs, training } = request
  const shared = settings.sharedVersions ? store.makeId() : null
  for (const type of types) {
    const version = shared ?? store.makeId()
    trains.add({
      id: shared === null ? version : `${type}-${version}`,
      name: type,
      owner: service.owner,
      creation,
      data: { serviceId: service.id, type, version, hpConfig, description, rowCount: 100 + world.random.below(9900) },
      timeline: lifeOfTrain(startAt, requestLearningMs, training, endOf(training, type, settings.failedWord)),
    })
  }
}

function endOf(training: Training, type: TrainType, failedWord: string): string {
  return training.fails(type) ? failedWord : 'completed'
}

function isVisible({ settings, world }: Store, train: Train, serviceId: string): boolean {
  if (train.data.serviceId !== serviceId) return false
  return !settings.trainsAppearAtEnd || (train.timeline.at(-1)?.at ?? 0) <= world.now()
}

// "Recent" is not documented: interpreted as the newest version of each type.
function newestOfEach(trains: readonly Train[]): Train[] {
  return trainTypes.flatMap((type) => trains.findLast((train) => train.data.type === type) ?? [])
}

function isOf(data: Train['data'], serviceId: string, type: TrainType): boolean {
  return data.serviceId === serviceId && data.type === type
}

const lookupLength = 10

/** The same train recommends the same items for the same target. */
function recommendations({ data }: Train, targetId: string): string[] {
  const { type, version, hpConfig } = data
  const top = type === 'relatedItem' ? hpConfig.max_relate_recommend_top : hpConfig.max_user_recommend_top
  const length = Math.min(lookupLength, typeof top === 'number' ? top : lookupLength)
  const random = makeRandom(`${version}/${type}/${type === 'pop' ? '' : targetId}`)
  const items = new Set<string>()
  while (items.size < length) items.add(`item-${random.below(10_000)}`)
  return [...items]
}
