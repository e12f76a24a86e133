import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import { readNumber, readObject, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { boundedPayload } from '../kit/redact.ts'
import type { Observation } from '../observation.ts'
import { cleanObject } from './clean-object.ts'
import { idIn, metadataOf, remoteIdOf, tagIn } from './objects.ts'
import { factsOf } from './pods.ts'

/** A StatefulSet has no state: these are derived from its desired and existing replicas. */
export const environmentStates: Readonly<Record<string, Status<'environment'>>> = {
  Pending: 'provisioning',
  Running: 'running',
  Stopping: 'stopping',
  Stopped: 'stopped',
  Deleting: 'deleting',
}

export function stateOfSet(set: JsonObject): string {
  if (readText(metadataOf(set), 'deletionTimestamp') !== undefined) return 'Deleting'
  const status = readObject(set, 'status')
  const desired = readNumber(readObject(set, 'spec'), 'replicas') ?? 1
  const existing = readNumber(status, 'replicas') ?? 0
  if (desired > 0) return (readNumber(status, 'readyReplicas') ?? 0) > 0 ? 'Running' : 'Pending'
  return existing > 0 || isBehind(set, status) ? 'Stopping' : 'Stopped'
}

/** Whether the controller has not processed the last change yet, so that its counts are outdated. */
function isBehind(set: JsonObject, status: JsonObject): boolean {
  const generation = readNumber(metadataOf(set), 'generation') ?? 0
  return (readNumber(status, 'observedGeneration') ?? generation) < generation
}

/** Objects that a StatefulSet owns. */
export interface Dependents {
  pods: readonly JsonObject[]
  services: readonly JsonObject[]
  ingresses: readonly JsonObject[]
}

/** The observation of a StatefulSet; null if it shows no id. `dependents` is null if they were not read. */
export function observeSet(
  set: JsonObject,
  dependents: Dependents | null,
  literals: readonly string[],
): Observation<'environment'> | null {
  const id = idIn(set)
  if (id === null) return null
  const rawState = stateOfSet(set)
  const facts = (dependents?.pods ?? []).map(factsOf)
  const podWithMessage = rawState === 'Pending' ? facts.find(({ message }) => message !== undefined) : undefined
  const [startedAt] = rawState === 'Running' ? facts.flatMap((each) => each.startedAt ?? []) : []
  return {
    remoteId: remoteIdOf(id),
    remoteName: id.name,
    status: environmentStates[rawState] ?? null,
    rawState,
    ...(podWithMessage === undefined ? {} : { message: `Kubernetes: ${podWithMessage.message}` }),
    ...given({ startedAt, correlationTag: tagIn(set) }),
    payload: () => boundedPayload(payloadOf(set, dependents), literals),
    ...(dependents === null ? { omits: ['pods', 'services', 'ingresses'] } : {}),
  }
}

function payloadOf(set: JsonObject, dependents: Dependents | null): Json {
  if (dependents === null) return cleanObject(set)
  const { pods, services, ingresses } = dependents
  const named = (each: JsonObject) => ({ name: readText(metadataOf(each), 'name') ?? null })
  return {
    ...cleanObject(set),
    pods: pods.map((pod) => ({ ...named(pod), status: readObject(pod, 'status') })),
    services: services.map((each) => ({ ...named(each), spec: readObject(each, 'spec'), status: each.status ?? null })),
    ingresses: ingresses.map((each) => ({ ...named(each), spec: readObject(each, 'spec') })),
  }
}
