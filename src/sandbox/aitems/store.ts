import type { EmulationContext } from '../provider.ts'
import type { Collection, World, WorldObject } from '../world.ts'
import { ServiceError } from './errors.ts'
import { isDeleting, stateOf } from './lifecycle.ts'
import type { AitemsAccount, AitemsSettings, DatasetData, SchemaData, ServiceData, TrainData } from './wire.ts'

export type Service = WorldObject<ServiceData>
export type Dataset = WorldObject<DatasetData>
export type Schema = WorldObject<SchemaData>
export type Train = WorldObject<TrainData>

/** The stored state of AiTEMS. Objects belong to an access key. */
export interface Store {
  readonly world: World
  readonly settings: AitemsSettings
  readonly services: Collection<ServiceData>
  readonly datasets: Collection<DatasetData>
  readonly schemas: Collection<SchemaData>
  readonly trains: Collection<TrainData>
  /** 11 lowercase letters and digits, as in every observed id. */
  makeId(): string
}

export function openStore({ world, settings }: Pick<EmulationContext<AitemsSettings>, 'world' | 'settings'>): Store {
  return {
    world,
    settings,
    services: world.collection('aitems', 'service'),
    datasets: world.collection('aitems', 'dataset'),
    schemas: world.collection('aitems', 'schema'),
    trains: world.collection('aitems', 'train'),
    makeId: () => world.freshId('aitems', (random) => random.text('abcdefghijklmnopqrstuvwxyz0123456789', 11)),
  }
}

/**
 * Returns an object of the caller.
 *
 * @throws ServiceError 404 if it does not exist, 403 if it belongs to another account
 */
export function ownObject<D extends object>(
  objects: Collection<D>,
  caller: AitemsAccount,
  id: string | undefined,
): WorldObject<D> {
  const object = objects.get(id ?? '')
  if (object === undefined) throw new ServiceError(404, `there is no '${id}'`)
  if (object.owner !== caller.accessKey) throw new ServiceError(403, `'${id}' is not yours`)
  return object
}

/** Like `ownObject`, for a change: the object must not be in deletion. */
export function changeable<D extends object>(
  store: Store,
  objects: Collection<D>,
  caller: AitemsAccount,
  id: string | undefined,
): WorldObject<D> {
  const object = ownObject(objects, caller, id)
  if (isDeleting(object, store.world.now())) throw rejection(store, `'${id}' is being deleted`)
  return object
}

/** A rejection because of an object's state; its format is not documented. */
export function rejection({ settings }: Store, message: string): ServiceError {
  return new ServiceError(settings.refusalStatus, message)
}

/** The caller's schema with a name. */
export function schemaNamed({ schemas }: Store, caller: Pick<AitemsAccount, 'accessKey'>, name: string | undefined) {
  return schemas.all().find((schema) => schema.owner === caller.accessKey && schema.name === name)
}

/** The services that use a dataset. */
export function servicesOf({ services, world }: Store, datasetId: string): Service[] {
  return services
    .all()
    .filter((service) => service.data.datasetIds.includes(datasetId) && !isDeleting(service, world.now()))
}

/** @throws ServiceError when names must be unique and this one is taken */
export function assertFree(store: Store, objects: readonly WorldObject[], caller: AitemsAccount, name: string): void {
  if (!store.settings.refuseTakenNames) return
  const isTaken = objects.some((object) => object.owner === caller.accessKey && object.name === name)
  if (isTaken) throw rejection(store, `the name '${name}' is taken`)
}

/** Removes deleted objects, including the trains of a service. */
export function sweep({ services, datasets, trains, settings, world }: Store): void {
  if (settings.keepsDeleted) return
  const isDeleted = (object: WorldObject) => stateOf(object, world.now()) === 'deleted'
  for (const { id } of datasets.all().filter(isDeleted)) datasets.remove(id)
  for (const { id } of services.all().filter(isDeleted)) {
    services.remove(id)
    for (const train of trains.all().filter(({ data }) => data.serviceId === id)) trains.remove(train.id)
  }
}
