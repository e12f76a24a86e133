import type { JsonObject } from '../../vocabulary/json.ts'
import { readObject } from '../kit/fields.ts'
import { ProviderError } from '../provider-error.ts'
import { type KubeClient, type Resource, strictly } from './client.ts'
import { idIn, metadataOf, type ObjectId } from './objects.ts'

export interface At {
  resource: Resource
  id: ObjectId
}

/** The object with this name and UID; null if none exists or the name belongs to another object. */
export async function readObjectOf(
  client: KubeClient,
  { resource, id }: At,
  signal: AbortSignal,
): Promise<JsonObject | null> {
  const object = await client.callOne({ method: 'GET' }, { resource, name: id.name }, { signal })
  if (object === null) return null
  const found = idIn(object)
  if (found === null) throw new ProviderError('bad_response', 'Kubernetes returned an object without name or UID.')
  return found.uid === id.uid ? object : null
}

/**
 * Merges fields into the object. The UID in the patch makes the server reject it for another object of the same name.
 * An object that is gone counts as done.
 */
export async function patchObject(
  client: KubeClient,
  { resource, id }: At,
  patch: JsonObject,
  signal: AbortSignal,
): Promise<JsonObject | null> {
  const metadata = { ...readObject(patch, 'metadata'), uid: id.uid }
  const call = { method: 'PATCH', query: strictly, body: { ...patch, metadata } } as const
  const patched = await client
    .callOne(call, { resource, name: id.name }, { signal })
    .catch((error: unknown) => unlessReplaced(client, { resource, id }, { error, signal }))
  if (patched !== null && Object.keys(metadataOf(patched)).length === 0) {
    throw new ProviderError('bad_response', 'Kubernetes returned something else than the changed object.')
  }
  return patched
}

/** Deletes the object and its dependents. `Foreground` keeps it until its pods are gone. */
export async function removeObject(
  client: KubeClient,
  { resource, id }: At,
  propagationPolicy: 'Background' | 'Foreground',
  signal: AbortSignal,
): Promise<void> {
  const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy, preconditions: { uid: id.uid } }
  await client
    .callOne({ method: 'DELETE', body }, { resource, name: id.name }, { signal })
    .catch((error: unknown) => unlessReplaced(client, { resource, id }, { error, signal }))
}

/** A conflict may mean that the name now belongs to another object; ours is then gone. */
async function unlessReplaced(
  client: KubeClient,
  at: At,
  { error, signal }: { error: unknown; signal: AbortSignal },
): Promise<null> {
  const mayBe = error instanceof ProviderError && (error.code === 'conflict' || error.code === 'invalid_request')
  if (!mayBe || error.httpStatus === undefined) throw error
  if ((await readObjectOf(client, at, signal)) === null) return null
  throw error
}
