import type { Driver } from '../../providers/driver.ts'
import type { Intent } from '../../providers/intent.ts'
import type { Found } from '../../providers/observation.ts'
import { ProviderError } from '../../providers/provider-error.ts'
import type { Secrets } from '../../secrets/secret-variables.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Operation } from '../apply/failure-policy.ts'
import type { Outcome } from '../apply/outcome.ts'
import { after } from '../apply/poll-intervals.ts'
import type { Facts, Step, WorkloadKind } from '../kind.ts'
import type { OpenConnection } from '../ports.ts'
import type { Ownership } from '../store/reads.repository.ts'
import type { Workload } from '../workload.ts'
import type { NewAttempt, Opened } from './attempts.repository.ts'
import type { Claimed } from './leases.repository.ts'

/** Dependencies, inputs and results of acting on a workload. */

export interface Timing {
  /** Maximum duration of one provider call. */
  callTimeoutMs: number
  /** Milliseconds from the commit of the attempt to the send deadline. */
  sendWithinMs: number
}

export interface ExecutionDeps {
  openAttempt(opening: NewAttempt): Promise<Opened | null>
  /** Joined with concurrent searches over the same connection into one scan. */
  find<K extends Kind>(workload: Workload<K>, driver: Driver<K>, intent: Intent<K>): Promise<Found<K>>
  /** Opens the workload's secret variables. */
  secretsOf(workload: Workload): Promise<Secrets>
  /** Other owners of these objects, which carry no correlation tag. */
  ownersOf(workload: Workload, remoteIds: readonly string[], dispatchingStatus: string): Promise<Ownership>
  clock: { now(): Date; monotonicMs(): number }
  timing: Timing
  /** Aborted when the process must end. */
  shutdown: AbortSignal
}

/** A claimed workload with everything needed to act on it. */
export interface ExecutionContext<K extends Kind> {
  kind: WorkloadKind<K>
  claimed: Claimed<K>
  facts: Facts<K>
  driver: Driver<K>
  connection: OpenConnection
}

/** A claimed workload with its secrets opened, for one step. */
export interface PreparedContext<K extends Kind> extends ExecutionContext<K> {
  secrets: Secrets
}

/** The workload, the facts and the outcome after a step. */
export interface Executed<K extends Kind> {
  workload: Workload<K>
  facts: Facts<K>
  outcome: Outcome<K>
}

export type ExecutableStep<K extends Kind> = Exclude<Step<K>, { do: 'wait' }>

/** Ends a call at its timeout or when the process must end. */
export function callSignal({ timing, shutdown }: Pick<ExecutionDeps, 'timing' | 'shutdown'>): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(timing.callTimeoutMs), shutdown])
}

/** Facts as of now: the database clock at the claim plus the time elapsed since. */
export function later<K extends Kind>(
  { clock }: Pick<ExecutionDeps, 'clock'>,
  facts: Facts<K>,
  startedMs: number,
): Facts<K> {
  return { ...facts, now: after(facts.now, clock.monotonicMs() - startedMs) }
}

/** Turns a driver's failure into an outcome. Any other error means a broken driver and an unknown effect. */
export async function orFailure<R>(
  operation: Operation,
  run: () => Promise<R>,
): Promise<R | { did: 'fail'; operation: Operation; error: ProviderError }> {
  try {
    return await run()
  } catch (error) {
    const failure =
      error instanceof ProviderError
        ? error
        : new ProviderError('internal', 'Unexpected driver error.', { cause: error })
    return { did: 'fail', operation, error: failure }
  }
}
