import type { Control } from '../driver.ts'
import type { KubeClient } from './client.ts'
import { isOver, stateOf } from './job-observation.ts'
import { canceledAnnotation, jobs, objectIdOf } from './objects.ts'
import { patchObject, readObjectOf, removeObject } from './single-object.ts'

/**
 * Ends a Job by a deadline that has passed, and keeps it. A suspended Job has no pods, and its deadline does not pass, so
 * it is deleted.
 */
export function makeCancel(client: KubeClient): Control<'job'> {
  return async (remoteId, signal) => {
    const at = { resource: jobs, id: objectIdOf(remoteId) }
    const job = await readObjectOf(client, at, signal)
    const state = job === null ? null : stateOf(job)
    if (state === null || isOver(state)) return
    if (state === 'Suspended') return removeObject(client, at, 'Background', signal)
    const metadata = { annotations: { [canceledAnnotation]: 'true' } }
    await patchObject(client, at, { metadata, spec: { activeDeadlineSeconds: 1 } }, signal)
  }
}
