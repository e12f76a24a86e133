import type { ProviderErrorCode } from '../providers/provider-error.ts'
import type { Json, JsonObject } from '../vocabulary/json.ts'
import type { Desired, Kind, Spec, Status } from '../vocabulary/kinds.ts'
import type { Reason } from '../vocabulary/reasons.ts'
import type { SpecProblem } from '../vocabulary/spec-rules.ts'

/** Why a workload failed, as clients see it. */
export interface WorkloadError {
  code: ProviderErrorCode | Reason
  message: string
  retryable: boolean
  /** Fields of the request that the provider rejects, if reported. */
  errors?: readonly SpecProblem[]
  provider?: { id: string; httpStatus?: number; code?: string; message?: string }
}

/** State that only the engine writes. A change is a part of it; a write sets all of it. */
export interface EngineState<out K extends Kind = Kind> {
  status: Status<K>
  reason: Reason | null
  message: string | null
  /** Client requests up to this generation are completed. */
  observedGeneration: number
  /** Version of the spec that the provider has. */
  appliedSpecVersion: number
  /** The limit that Switchyard is enforcing. */
  enforcing: 'time_limit' | 'auto_stopped' | null
  exclusivityKey: string | null
  /** When the engine processes it next; null = only after a wake-up. */
  dueAt: Date | null
  /** The same for clients, while it waits for a provider. */
  nextAttemptAt: Date | null
  /** Consecutive failed tries of the current step. */
  failures: number
  remoteId: string | null
  remoteName: string | null
  /** The last observed `identity` of the remote object. */
  remoteIdentity: string | null
  rawState: string | null
  remotePayload: Json
  observedAt: Date | null
  /**
   * Since when the provider does not show it: in its list, or, with the reason `remote_not_found`, in a separate read.
   * Without a remote id: since when a conclusive search did not find it.
   */
  missingSince: Date | null
  /** When the last action was sent. */
  lastActionAt: Date | null
  dispatchedAt: Date | null
  startedAt: Date | null
  endedAt: Date | null
  exitCode: number | null
  signal: number | null
  error: WorkloadError | null
  tasks: Json
  result: JsonObject | null
}

/** State that clients and the admission decide. */
export interface ClientState<out K extends Kind = Kind> {
  id: string
  projectId: string
  kind: K
  provider: string
  connectionId: string
  environmentId: string | null
  name: string
  labels: Readonly<Record<string, string>>
  spec: Spec<K>
  correlationTag: string
  imported: boolean
  /** DELETE ends the record and keeps the remote object. */
  keepRemote: boolean
  /** Suspends all provider calls for it. */
  held: boolean
  desired: Desired<K>
  generation: number
  /** Counts the client's changes to the spec. */
  specVersion: number
  cancelRequestedAt: Date | null
  createdAt: Date
}

/** A job or an environment, as stored. */
export interface Workload<out K extends Kind = Kind> extends ClientState<K>, EngineState<K> {
  version: number
  seq: number
  leaseId: string | null
  active: boolean
  statusChangedAt: Date
  updatedAt: Date
}

export type AttemptOutcome = 'created' | 'rejected' | 'not_sent' | 'unknown' | 'recovered' | 'not_created'

/** One creation attempt: committed before the call, completed after it. All times are from the database clock. */
export interface Attempt {
  number: number
  startedAt: Date
  sendBy: Date
  /** A complete scan that began after this and shows no tag proves that nothing was created. */
  absenceConclusiveAt: Date
  before: Json
  endedAt: Date | null
  outcome: AttemptOutcome | null
  remoteId: string | null
  error: WorkloadError | null
}

/** Whether a client request is not completed yet. */
export function hasOpenRequest(workload: Pick<Workload, 'generation' | 'observedGeneration'>): boolean {
  return workload.generation > workload.observedGeneration
}

/**
 * Whether this is requested and neither completed nor rejected. A request that was rejected, or undone at the provider,
 * can be repeated. `inFlight`: the status while it is in progress.
 */
export function isRequested<K extends Kind>(
  workload: Pick<Workload<K>, 'desired' | 'status' | 'generation' | 'observedGeneration'>,
  desired: Desired<K>,
  inFlight: Status<K>,
): boolean {
  return workload.desired === desired && (hasOpenRequest(workload) || workload.status === inFlight)
}
