import type { Traits } from '../providers/traits.ts'
import type { Action, Desired, Kind, Status } from '../vocabulary/kinds.ts'
import type { Reason } from '../vocabulary/reasons.ts'
import type { Transitions } from '../vocabulary/transitions.ts'
import type { Attempt, EngineState, Workload } from './workload.ts'

/** The environment that a job runs in. */
export interface EnvironmentState {
  status: Status<'environment'>
  remoteId: string | null
  desired: Desired<'environment'>
}

/** All that a decision may depend on besides the workload. */
export interface Facts<K extends Kind = Kind> {
  /** The database clock, read after the claim. */
  now: Date
  traits: Traits<K>
  /** Actions that the connection's driver supports. */
  actions: readonly Action<K>[]
  connection: { notBefore: Date | null; pauseReason: Reason | null; hasFailed: boolean; isHeld: boolean }
  /** An operator holds new creates of the provider, connection or project. */
  isCreationHeld: boolean
  environment: EnvironmentState | null
  /** For environments: whether it has unfinished jobs. */
  hasLiveJobs: boolean
  /** Whether the object differs from the spec and the driver can update it. */
  needsUpdate: boolean
  /** Status of the last raw state, regardless of an action in progress. */
  rawStatus: Status<K> | null
  /** The latest creation attempt. */
  attempt: Attempt | null
  firstSentAt: Date | null
  /** Attempts, including the latest one, that may have created something. */
  attemptsInDoubt: number
  pollIntervals: PollIntervals
}

/** Intervals of the engine, in milliseconds. */
export interface PollIntervals {
  /** Between polls of something about to change; doubles up to `slowMs`. */
  quickMs: number
  slowMs: number
  /** An action without effect is sent again after this. */
  resendMs: number
  /** Between two reads that confirm that an object is missing or was never created. */
  confirmGoneMs: number
}

export type Change<K extends Kind = Kind> = Partial<EngineState<K>>

/**
 * The next step of one workload.
 *
 * - `create`: commit an attempt and send it. `find`: search for the correlation tag of an attempt with unknown outcome.
 * - `get`: read the object. `control`: send an action. `update`: update the object to the spec.
 * - `settle`: a change without a call. `wait`: nothing until `until`, or until a wake-up (null).
 */
export type Step<K extends Kind = Kind> =
  | { readonly do: 'create' }
  | { readonly do: 'find' }
  | { readonly do: 'get' }
  /** `isIntermediate`: it leads to what was requested (a stop before a delete), so the request stays open. */
  | { readonly do: 'control'; readonly action: Action<K>; readonly isIntermediate?: true }
  | { readonly do: 'update' }
  | { readonly do: 'settle'; readonly change: Change<K> }
  | { readonly do: 'wait'; readonly until: Date | null; readonly reason?: Reason | null; readonly message?: string }

/** Everything the engine knows about a kind. The engine never names a status. */
export interface WorkloadKind<K extends Kind> {
  readonly name: K
  readonly transitions: Transitions<Status<K>>
  /** Not dispatched yet. */
  readonly waiting: Status<K>
  /** A creation attempt is in progress. */
  readonly dispatchingStatus: Status<K>
  /** Accepted by the provider and not observed yet. */
  readonly accepted: Status<K>
  /** The create was rejected. */
  readonly rejected: Status<K>
  /** Canceled by the client before anything was created. */
  readonly canceledBeforeDispatch: Status<K>
  /** Desired states that cancel it. */
  readonly cancelingRequests: readonly string[]
  /** Status while an action is in progress. */
  readonly inFlight: { readonly [A in Action<K>]: Status<K> }
  /** Status once an action is done. */
  readonly targetStatus: { readonly [A in Action<K>]?: Status<K> }
  /** Observations outdated by an action in progress: ignored until `PollIntervals.resendMs` after it was sent. */
  readonly outdatedBy: { readonly [S in Status<K>]?: readonly Status<K>[] }
  /** Statuses in which no change is expected. */
  readonly settled: readonly Status<K>[]
  /** It runs; without a start time from the provider, the first observation counts. */
  readonly running: Status<K>
  /** Actions that begin a new run with new times and limits. */
  readonly restartedBy: readonly Action<K>[]
  /** Whether jobs that wait for this workload become due. */
  wakesDependants(from: Status<K>, to: Status<K>): boolean
  nextStep(workload: Workload<K>, facts: Facts<K>): Step<K>
  /** The meaning of a missing remote object. */
  whenGone(workload: Workload<K>): { status: Status<K>; reason: Reason | null }
  /** Interprets an observation: a cancellation at the provider, or a limit that ended the run. */
  interpret(
    workload: Workload<K>,
    seen: { status: Status<K>; reason: Reason | null; startedAt: Date | null; now: Date },
  ): { status: Status<K>; reason: Reason | null }
}

export type WorkloadKinds = { readonly [K in Kind]: WorkloadKind<K> }
