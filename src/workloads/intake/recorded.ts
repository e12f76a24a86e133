import type { Kind, Spec, Status } from '../../vocabulary/kinds.ts'
import type { ClientState, EngineState, Workload } from '../workload.ts'
import type { NewWorkload } from './admission.repository.ts'

/** The record of a workload as its INSERT leaves it, to avoid a read after the write. */
export function asRecorded<K extends Kind>(kind: K, created: NewWorkload, createdAt: Date): Workload<K> {
  const { id, projectId, provider, connectionId, environmentId, name, labels, correlationTag, imported, remoteId } =
    created
  const client: ClientState<K> = {
    ...{
      id,
      projectId,
      kind,
      provider,
      connectionId,
      environmentId,
      name,
      labels,
      correlationTag,
      imported,
      createdAt,
    },
    spec: created.spec as Spec<K>,
    keepRemote: imported,
    held: false,
    desired: 'run',
    generation: 0,
    specVersion: 1,
    cancelRequestedAt: null,
  }
  return {
    ...client,
    ...untouched<K>(created.status as Status<K>, createdAt),
    remoteId,
    remoteIdentity: created.remoteIdentity ?? null,
    version: 1,
    seq: 1,
    leaseId: null,
    active: true,
    statusChangedAt: createdAt,
    updatedAt: createdAt,
  }
}

/** The engine's columns at their defaults. */
function untouched<K extends Kind>(status: Status<K>, createdAt: Date): EngineState<K> {
  return {
    ...{ status, reason: null, message: null, error: null, exitCode: null, signal: null, tasks: null, result: null },
    ...{ observedGeneration: 0, appliedSpecVersion: 0, failures: 0, enforcing: null, exclusivityKey: null },
    ...{ dueAt: createdAt, nextAttemptAt: null, observedAt: null, missingSince: null, lastActionAt: null },
    ...{ dispatchedAt: null, startedAt: null, endedAt: null },
    ...{ remoteId: null, remoteName: null, remoteIdentity: null, rawState: null, remotePayload: null },
  }
}
