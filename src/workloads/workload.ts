import type { ProviderErrorCode } from '../providers/provider-error.ts'
import type { Json, JsonObject } from '../vocabulary/json.ts'
import type { Desired, Kind, Spec, Status } from '../vocabulary/kinds.ts'
import type { Reason } from '../vocabulary/reasons.ts'
import type { SpecProblem } from '../vocabulary/spec-rules.ts'

/** Why a workload failed, as the record shows it. */
export interface WorkloadError {
  code: ProviderErrorCode | Reason
  message: string
  retryable: boolean
  /** What of the request the provider blames, where it tells. */
  errors?: readonly SpecProblem[]
  provider?: { id: string; httpStatus?: number; code?: string; message?: string }
}

/** What the engine alone writes. A change is a part of it; a write sets all of it. */
export interface EngineState<K extends Kind = Kind> {
  status: Status<K>
  reason: Reason | null
  message: string | null
  /** The client's wishes up to here are carried out. */
  observedGeneration: number
  /** The provider was brought to the spec as it was at this version. */
  appliedSpecVersion: number
  /** The limit that Switchyard itself is enforcing. */
  enforcing: 'time_limit' | 'auto_stopped' | null
  exclusivityKey: string | null
  /** When to look again; null = only when something happens. */
  dueAt: Date | null
  /** The same, told to the client, while it waits for a provider. */
  nextAttemptAt: Date | null
  /** Failed tries in a row of whatever is being tried. */
  failures: number
  remoteId: string | null
  remoteName: string | null
  rawState: string | null
  remotePayload: Json
  observedAt: Date | null
  /**
   * Since when the provider does not show it: in its list, or, with the reason `remote_not_found`, by itself. Before it has
   * an id, since when a search that counts did not find it.
   */
  missingSince: Date | null
  /** When the last verb was sent. */
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

/** What the client and the admission decide. */
export interface ClientState<K extends Kind = Kind> {
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
  /** DELETE ends the record and leaves the remote object alone. */
  keepRemote: boolean
  /** Nothing is sent for it until this is lifted. */
  held: boolean
  desired: Desired<K>
  generation: number
  /** Counts what the client changed of the spec. */
  specVersion: number
  cancelRequestedAt: Date | null
  createdAt: Date
}

/** A job or an environment, as the tables hold it. */
export interface Workload<K extends Kind = Kind> extends ClientState<K>, EngineState<K> {
  version: number
  seq: number
  leaseId: string | null
  active: boolean
  statusChangedAt: Date
  updatedAt: Date
}

export type AttemptOutcome = 'created' | 'rejected' | 'not_sent' | 'unknown' | 'recovered' | 'not_created'

/** One try to create: committed before the call, answered after it. All times by the database's clock. */
export interface Attempt {
  number: number
  startedAt: Date
  sendBy: Date
  /** A complete walk that began after this and shows no mark proves that nothing was made. */
  absenceConclusiveAt: Date
  before: Json
  endedAt: Date | null
  outcome: AttemptOutcome | null
  remoteId: string | null
  error: WorkloadError | null
}

/** Whether the client wants something that has not been carried out. */
export function hasOpenRequest(workload: Pick<Workload, 'generation' | 'observedGeneration'>): boolean {
  return workload.generation > workload.observedGeneration
}

/**
 * Whether this is requested and neither done nor refused. What was refused, or undone at the provider, can be requested
 * again. `inFlight`: the status while it is being carried out.
 */
export function isRequested<K extends Kind>(workload: Workload<K>, desired: Desired<K>, inFlight: Status<K>): boolean {
  return workload.desired === desired && (hasOpenRequest(workload) || workload.status === inFlight)
}
