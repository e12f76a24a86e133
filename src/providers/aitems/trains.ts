import type { Json } from '../../vocabulary/json.ts'
import { tagOfDescription } from '../kit/correlation-tags.ts'
import { isObject, readId, readText } from '../kit/fields.ts'
import { isPlainId, plainId } from '../kit/plain-id.ts'
import { ProviderError } from '../provider-error.ts'
import type { AitemsClient } from './client.ts'
import { trainTypes } from './mapping.ts'
import { itemsFrom, scanOnce } from './services.ts'

/** One train of a job. `version` is null until a train of that type appears. */
export interface TrainRef {
  type: string
  version: string | null
}

/** A job at AiTEMS: one train of a service per requested type. */
export interface JobRef {
  serviceId: string
  trains: readonly TrainRef[]
}

/** `<serviceId>/<type>:<version>,<type>:<version>`, with types in documented order, so that a job has one id. */
export function remoteIdOf({ serviceId, trains }: JobRef): string {
  const parts = [...trains]
    .sort((a, b) => orderOf(a.type) - orderOf(b.type) || a.type.localeCompare(b.type))
    .map(({ type, version }) => `${type}:${version ?? ''}`)
  return `${serviceId}/${parts.join(',')}`
}

/** Null for an invalid id: an operator may enter anything when resolving a job. */
export function readJobRef(remoteId: string): JobRef | null {
  const [, serviceId = '', list = ''] = /^([^/]+)\/([^/]+)$/.exec(remoteId) ?? []
  const trains = list.split(',').flatMap((part) => {
    const [, type, version] = /^([^:]+):([^:]*)$/.exec(part) ?? []
    return type === undefined ? [] : [{ type, version: version || null }]
  })
  const ids = [serviceId, ...trains.flatMap(({ type, version }) => (version === null ? [type] : [type, version]))]
  return trains.length === list.split(',').length && ids.every(isPlainId) ? { serviceId, trains } : null
}

/** @throws ProviderError for what is no such id, so that nothing is sent */
export function jobRefOf(remoteId: string): JobRef {
  const ref = readJobRef(remoteId)
  if (ref !== null) return ref
  const shown = remoteId.slice(0, 80)
  const message = `"${shown}" is not an AiTEMS training id. Expected: \`<serviceId>/<type>:<version>[,<type>:<version>]\`.`
  throw new ProviderError('invalid_request', message, { notSent: true })
}

/**
 * All trains of a service, or `'gone'` if it does not exist. Only older pages document paging, so it is used only if
 * the first page is full.
 */
export async function scanTrains(
  client: AitemsClient,
  serviceId: string,
  signal: AbortSignal,
): Promise<{ items: Json[]; isComplete: boolean } | 'gone'> {
  const path = `/services/${plainId(serviceId)}/trains`
  const first = await client.readIfThere(path, signal)
  if (first === 'gone') return first
  return scanOnce('version', async (offset) =>
    itemsFrom(
      offset === 0 ? first : await client.read(`${path}?offset=${offset}&limit=1000`, signal),
      'trains',
      offset,
    ),
  )
}

/** One train, or null if AiTEMS reports that it does not exist. */
export async function readTrain(
  client: AitemsClient,
  { serviceId, type, version }: { serviceId: string; type: string; version: string },
  signal: AbortSignal,
): Promise<Json> {
  const [service, train, number] = [serviceId, type, version].map(plainId)
  const found = await client.readIfThere(`/services/${service}/trains/${train}/versions/${number}`, signal)
  return found === 'gone' ? null : { ...found, type, version }
}

/** `<type>/<version>`, which identifies a train within its service. */
export function keyOf(train: Json): string {
  return `${readText(train, 'type') ?? ''}/${readId(train, 'version') ?? ''}`
}

/** The key of the referenced train; null until its version is known. */
export function keyOfRef({ type, version }: TrainRef): string | null {
  return version === null ? null : `${type}/${version}`
}

export function isTrain(train: Json, ref: TrainRef): boolean {
  return keyOf(train) === keyOfRef(ref)
}

/** Trains by key. */
export type TrainIndex = ReadonlyMap<string, Json>

/** Indexes trains; the first one wins if a key repeats. */
export function trainsByKey(trains: readonly Json[]): TrainIndex {
  return new Map(trains.toReversed().map((train) => [keyOf(train), train]))
}

export function trainOf(index: TrainIndex, ref: TrainRef): Json | undefined {
  return index.get(keyOfRef(ref) ?? '')
}

/**
 * The correlation tag in a train's description: null if it has none, undefined if the response lacks the description.
 */
export function tagOfTrain(train: Json): string | null | undefined {
  const description = isObject(train) ? readText(train, 'description') : undefined
  return description === undefined ? undefined : tagOfDescription(description)
}

/**
 * Groups trains into jobs, oldest first: the first of each type, then the second of each. A request creates one train
 * per type, so a type appears once in a job.
 */
export function groupsOf(trains: readonly Json[]): readonly (readonly Json[])[] {
  const groups: Json[][] = []
  const counts = new Map<string, number>()
  for (const train of [...trains].sort(byCreation)) {
    const type = readText(train, 'type') ?? ''
    const count = counts.get(type) ?? 0
    counts.set(type, count + 1)
    const group = groups[count]
    if (group === undefined) groups.push([train])
    else group.push(train)
  }
  return groups
}

/** Times without a zone compare as text: those of one service have the same format. */
function byCreation(a: Json, b: Json): number {
  return (readText(a, 'createdDate') ?? '').localeCompare(readText(b, 'createdDate') ?? '')
}

function orderOf(type: string): number {
  const index = (trainTypes as readonly string[]).indexOf(type)
  return index === -1 ? trainTypes.length : index
}
