import type { Traits } from '../providers/provider.ts'
import type { Desired, Kind, Status, Verb } from '../vocabulary/kinds.ts'
import type { Reason } from '../vocabulary/reasons.ts'
import type { Transitions } from '../vocabulary/transitions.ts'
import type { Attempt, EngineState, Workload } from './workload.ts'

/** The environment that a job runs in. */
export interface EnvironmentState {
  status: Status<'environment'>
  remoteId: string | null
  desired: Desired<'environment'>
}

/** All that a decision may depend on besides the workload itself. */
export interface Facts<K extends Kind = Kind> {
  /** The database's clock, read after the lease was taken. */
  now: Date
  traits: Traits<K>
  /** The verbs that this connection's driver has. */
  verbs: readonly Verb<K>[]
  connection: { notBefore: Date | null; pauseReason: Reason | null; hasFailed: boolean; isHeld: boolean }
  environment: EnvironmentState | null
  /** Of an environment: jobs that have not ended. */
  hasLiveJobs: boolean
  /** The object is not as the spec says, and the driver can bring it there. */
  needsUpdate: boolean
  /** What the raw state that was seen last means by itself, whatever verb is in flight. */
  shows: Status<K> | null
  /** The latest attempt to create. */
  attempt: Attempt | null
  firstSentAt: Date | null
  /** Attempts that may have made something, as far as their answers tell: the latest among them. */
  attemptsInDoubt: number
  pollIntervals: PollIntervals
}

/** The waits of the engine, in milliseconds. */
export interface PollIntervals {
  /** Between looks at something that is about to change; doubles up to `slowMs`. */
  quickMs: number
  slowMs: number
  /** A verb that shows no effect is sent again after this. */
  resendMs: number
  /** Between two looks that confirm that an object is gone, or was never made. */
  confirmGoneMs: number
}

export type Change<K extends Kind = Kind> = Partial<EngineState<K>>

/**
 * What to do next for one workload.
 *
 * - `create`: commit an attempt and send it. `find`: look for the mark of an attempt whose outcome is not known.
 * - `get`: look at the object. `control`: send a verb. `update`: bring the object to the spec.
 * - `settle`: a change that needs no call. `wait`: nothing until `until`, or until something happens (null).
 */
export type Action<K extends Kind = Kind> =
  | { readonly do: 'create' }
  | { readonly do: 'find' }
  | { readonly do: 'get' }
  /** `step`: on the way to the wish (a stop before a delete), so the wish stays open. */
  | { readonly do: 'control'; readonly verb: Verb<K>; readonly step?: true }
  | { readonly do: 'update' }
  | { readonly do: 'settle'; readonly change: Change<K> }
  | { readonly do: 'wait'; readonly until: Date | null; readonly reason?: Reason | null; readonly message?: string }

/** All that the engine is told about a kind. It never names a status itself. */
export interface WorkloadKind<K extends Kind> {
  readonly name: K
  readonly transitions: Transitions<Status<K>>
  /** Not sent yet. */
  readonly waiting: Status<K>
  /** An attempt to create is open. */
  readonly sending: Status<K>
  /** The provider took it and has shown nothing of it yet. */
  readonly taken: Status<K>
  /** The create was refused. */
  readonly refused: Status<K>
  /** The client called it off before anything was made. */
  readonly calledOff: Status<K>
  /** The desires that call it off. */
  readonly callsOff: readonly string[]
  /** What a workload is while a verb is being carried out. */
  readonly inFlight: { readonly [V in Verb<K>]: Status<K> }
  /** What a workload is once a verb has done what it does. */
  readonly achieves: { readonly [V in Verb<K>]?: Status<K> }
  /** Sightings that an in-flight verb has just outdated: ignored until `PollIntervals.resendMs` after it was sent. */
  readonly outdatedBy: { readonly [S in Status<K>]?: readonly Status<K>[] }
  /** Statuses in which nothing is expected to happen by itself. */
  readonly settled: readonly Status<K>[]
  /** It runs; a provider that does not tell since when is taken at the first sighting. */
  readonly running: Status<K>
  /** Verbs that begin a new run: its times and limits start anew. */
  readonly restartedBy: readonly Verb<K>[]
  /** Whether jobs that wait for this workload should look at it again. */
  wakesDependants(from: Status<K>, to: Status<K>): boolean
  nextAction(workload: Workload<K>, facts: Facts<K>): Action<K>
  /** What the disappearance of the remote object means. */
  whenGone(workload: Workload<K>): { status: Status<K>; reason: Reason | null }
  /** The kind's own reading of a sighting: a canceled job that nobody here canceled, a limit that ended it. */
  interpret(
    workload: Workload<K>,
    seen: { status: Status<K>; reason: Reason | null; startedAt: Date | null; now: Date },
  ): { status: Status<K>; reason: Reason | null }
}

export type WorkloadKinds = { readonly [K in Kind]: WorkloadKind<K> }
