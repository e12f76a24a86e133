import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { isObject, readList, readObject, readText } from '../kit/fields.ts'
import { ProviderError } from '../provider-error.ts'
import type { Resource } from './client.ts'

/** The kinds of objects in use. */
export const jobs: Resource = { api: 'apis/batch/v1', plural: 'jobs' }
export const statefulSets: Resource = { api: 'apis/apps/v1', plural: 'statefulsets' }
export const pods: Resource = { api: 'api/v1', plural: 'pods' }
export const services: Resource = { api: 'api/v1', plural: 'services' }
export const ingresses: Resource = { api: 'apis/networking.k8s.io/v1', plural: 'ingresses' }

/** Labels and annotations that Switchyard sets. */
export const tagLabel = 'switchyard/correlation-tag'
export const managedBy = { 'app.kubernetes.io/managed-by': 'switchyard' }
export const descriptionAnnotation = 'switchyard/description'
/** Set on a job that was canceled through Switchyard. */
export const canceledAnnotation = 'switchyard/canceled'
/** The label that assigns a job to a LocalQueue of Kueue. */
export const queueLabel = 'kueue.x-k8s.io/queue-name'

/** Name and UID of an object. A deleted and recreated object has the same name and another UID. */
export interface ObjectId {
  name: string
  uid: string
}

export function remoteIdOf({ name, uid }: ObjectId): string {
  return `${name}/${uid}`
}

const remoteId = /^([a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)\/([A-Za-z0-9-]{1,64})$/

/**
 * @throws ProviderError `invalid_request` for anything but `name/uid`, so that nothing is sent
 */
export function objectIdOf(text: string): ObjectId {
  const [, name, uid] = remoteId.exec(text) ?? []
  if (name !== undefined && uid !== undefined && !name.includes('..')) return { name, uid }
  const message = `"${text.slice(0, 80)}" is an invalid id: it must be the name and the UID of an object, \`name/uid\`. Nothing was sent.`
  throw new ProviderError('invalid_request', message, { notSent: true })
}

/** Name and UID of a returned object; null if either is missing. */
export function idIn(object: Json): ObjectId | null {
  const metadata = metadataOf(object)
  const [name, uid] = [readText(metadata, 'name'), readText(metadata, 'uid')]
  return name === undefined || uid === undefined ? null : { name, uid }
}

export function metadataOf(object: Json): JsonObject {
  return isObject(object) ? readObject(object, 'metadata') : {}
}

/** The correlation tag of an object: null if it has none, undefined if its labels are missing. */
export function tagIn(object: Json): string | null | undefined {
  const { labels } = metadataOf(object)
  return isObject(labels) ? (readText(labels, tagLabel) ?? null) : undefined
}

/**
 * The items of a list and the token of its next page.
 *
 * @throws ProviderError `bad_response` if the response is not a list
 */
export function listIn(list: JsonObject): { items: readonly JsonObject[]; next: string | null } {
  if (!Array.isArray(list.items)) {
    throw new ProviderError('bad_response', 'Kubernetes returned a list without `items`.')
  }
  return { items: readList(list, 'items').filter(isObject), next: readText(metadataOf(list), 'continue') ?? null }
}
