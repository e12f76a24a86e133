import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import { tagOfDescription } from '../kit/correlation-tags.ts'
import { readId, readNumber, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { scanPages } from '../kit/pages.ts'
import { plainId } from '../kit/plain-id.ts'
import { boundedPayload } from '../kit/redact.ts'
import type { Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { AitemsClient } from './client.ts'

/**
 * The documented values of a service's `status`. A service that trains counts as running.
 * Source: https://api.ncloud-docs.com/docs/ai-application-service-aitems-service-read
 */
export const serviceStates: Readonly<Record<string, Status<'environment'>>> = {
  drafted: 'provisioning',
  datasetRequired: 'blocked',
  learnable: 'running',
  scheduled: 'running',
  requestLearning: 'running',
  learning: 'running',
  scheduledLearning: 'running',
  disable: 'blocked',
  deleting: 'deleting',
  deleted: 'deleted',
}

const reasons: ReadonlyMap<string, Reason> = new Map([
  ['datasetRequired', 'datasets_required'],
  ['disable', 'disabled'],
])
const learningStates: ReadonlySet<string> = new Set(['requestLearning', 'learning', 'scheduledLearning'])

/** Services per page: the vendor's default. Responses report the applied limit. */
const pageLength = 1000
/** Ten thousand objects; the rest of a longer list is not read. */
const maxPages = 10

/** The activity of a service; `unclear` for an undocumented status. */
export function activityOf(service: Json): 'learning' | 'idle' | 'unclear' {
  const state = readText(service, 'status') ?? ''
  if (learningStates.has(state)) return 'learning'
  return Object.hasOwn(serviceStates, state) ? 'idle' : 'unclear'
}

export async function readService(
  client: AitemsClient,
  serviceId: string,
  signal: AbortSignal,
): Promise<JsonObject | 'gone'> {
  const service = await client.readIfThere(`/services/${plainId(serviceId)}`, signal)
  // A response to a read of one id describes that id, even if it does not repeat it.
  return service === 'gone' ? service : { ...service, serviceId: readId(service, 'serviceId') ?? serviceId }
}

/** One page of services. List items lack the description and thus the correlation tag. */
export async function servicesFrom(client: AitemsClient, offset: number, signal: AbortSignal) {
  return itemsFrom(await client.read(`/services?offset=${offset}&limit=${pageLength}`, signal), 'services', offset)
}

/** All services. Incomplete if the list is too long or a page repeats. */
export function scanServices(client: AitemsClient, signal: AbortSignal) {
  return scanOnce('serviceId', (offset) => servicesFrom(client, offset, signal))
}

/** The items of a list response and the offset of the next page. A missing list is not an empty list. */
export function itemsFrom(response: JsonObject, key: string, offset: number): { items: Json[]; next: number | null } {
  const items = response[key]
  if (!Array.isArray(items)) throw new ProviderError('bad_response', `AiTEMS returned a list without \`${key}\`.`)
  const isFull = items.length > 0 && items.length >= (readNumber(response, 'limit') ?? pageLength)
  return { items, next: isFull ? offset + items.length : null }
}

/** Scans a list by offset. A page without new items means that the offset was ignored, so the scan is incomplete. */
export function scanOnce(
  idKey: string,
  read: (offset: number) => Promise<{ items: Json[]; next: number | null }>,
): Promise<{ items: Json[]; isComplete: boolean }> {
  const known = new Set<string>()
  return scanPages<Json, number>({
    maxPages,
    async read(cursor) {
      const { items, next } = await read(cursor ?? 0)
      const fresh = items.filter((item) => !known.has(`${readText(item, 'type')}/${readId(item, idKey)}`))
      for (const item of fresh) known.add(`${readText(item, 'type')}/${readId(item, idKey)}`)
      const isRepeated = cursor !== null && items.length > 0 && fresh.length === 0
      return { items: fresh, next: isRepeated ? cursor : next }
    },
  })
}

/**
 * One service from a list, a read or a create response. Lists lack the description, so their items report no
 * correlation tag.
 */
export function environmentOf(service: Json, literals: readonly string[]): Observation<'environment'> | null {
  const remoteId = readId(service, 'serviceId')
  if (remoteId === undefined) return null
  const rawState = readText(service, 'status') ?? '(none)'
  const reason = reasons.get(rawState)
  const name = readText(service, 'name')
  const { description } = service as JsonObject
  return {
    remoteId,
    status: (Object.hasOwn(serviceStates, rawState) ? serviceStates[rawState] : undefined) ?? null,
    rawState,
    ...given({ reason, remoteName: name }),
    ...(description === undefined ? {} : { correlationTag: tagOfDescription(readText(service, 'description')) }),
    payload: () => boundedPayload(service, literals),
  }
}
