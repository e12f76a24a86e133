import type { JsonObject } from '../../vocabulary/json.ts'
import type { Driver } from '../driver.ts'
import { readNumber, readObject } from '../kit/fields.ts'
import { ProviderError } from '../provider-error.ts'
import type { KubeClient } from './client.ts'
import { metadataOf, objectIdOf, statefulSets } from './objects.ts'
import { patchObject, readObjectOf, removeObject } from './single-object.ts'

/** The number of replicas before a stop, if it was not one (imported StatefulSets). */
const replicasAnnotation = 'switchyard/replicas'

/** Start, stop and delete: `replicas` is set, which is idempotent. */
export function makeControls(client: KubeClient): Required<Driver<'environment'>['controls']> {
  const at = (remoteId: string) => ({ resource: statefulSets, id: objectIdOf(remoteId) })

  return {
    async start(remoteId, signal) {
      const set = await readObjectOf(client, at(remoteId), signal)
      if (set === null) throw new ProviderError('not_found', 'The StatefulSet no longer exists.')
      if (replicasOf(set) > 0) return
      const before = readNumber(readObject(metadataOf(set), 'annotations'), replicasAnnotation) ?? 1
      await patchObject(client, at(remoteId), { spec: { replicas: before } }, signal)
    },

    async stop(remoteId, signal) {
      const set = await readObjectOf(client, at(remoteId), signal)
      const replicas = set === null ? 0 : replicasOf(set)
      if (replicas === 0) return
      // Null removes the annotation of an earlier stop.
      const metadata = { annotations: { [replicasAnnotation]: replicas === 1 ? null : String(replicas) } }
      await patchObject(client, at(remoteId), { metadata, spec: { replicas: 0 } }, signal)
    },

    async delete(remoteId, signal) {
      await removeObject(client, at(remoteId), 'Foreground', signal)
    },
  }
}

function replicasOf(set: JsonObject): number {
  return readNumber(readObject(set, 'spec'), 'replicas') ?? 1
}
