import type { Driver, Found, Intent, Observation } from '../providers/provider.ts'
import { ProviderError } from '../providers/provider-error.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { Outcome } from './absorb.ts'
import type { Opened, Opening } from './attempts.repository.ts'
import type { Operation } from './failure-policy.ts'
import type { Action, Facts, WorkloadKind } from './kind.ts'
import type { Claimed } from './leases.repository.ts'
import { isSomebodyElses } from './observe.ts'
import type { OpenConnection } from './ports.ts'
import { search } from './search.ts'
import { send } from './send.ts'
import { after } from './tempo.ts'
import type { Workload } from './workload.ts'

export interface Timing {
  /** One call of a provider at most. */
  callTimeoutMs: number
  /** From the attempt's commit until no byte may leave any more. */
  sendWithinMs: number
}

export interface PerformDeps {
  openAttempt(opening: Opening): Promise<Opened | null>
  /** Joined with other searches over the same connection into one walk. */
  find<K extends Kind>(workload: Workload<K>, driver: Driver<K>, intent: Intent<K>): Promise<Found<K>>
  /** Those of `remoteIds` that belong to other live workloads of the connection. */
  ownedByOthers(workload: Workload, remoteIds: readonly string[]): Promise<ReadonlySet<string>>
  clock: { now(): Date; monotonicMs(): number }
  timing: Timing
  /** Aborted when the process has to end now. */
  shutdown: AbortSignal
}

/** A workload in hand, with everything needed to act on it. */
export interface InHand<K extends Kind> {
  kind: WorkloadKind<K>
  claimed: Claimed<K>
  facts: Facts<K>
  driver: Driver<K>
  connection: OpenConnection
}

/** The workload, the facts and the outcome after an action. */
export interface Performed<K extends Kind> {
  workload: Workload<K>
  facts: Facts<K>
  outcome: Outcome<K>
}

export type Doing<K extends Kind> = Exclude<Action<K>, { do: 'wait' }>

/**
 * Carries an action out. No transaction is open while a provider is called. Every failure of a provider is an outcome.
 * Null where the lease was lost before anything was sent.
 */
export type Perform = <K extends Kind>(hand: InHand<K>, action: Doing<K>) => Promise<Performed<K> | null>

export function makePerform(deps: PerformDeps): Perform {
  return async (hand, action) => {
    const startedMs = deps.clock.monotonicMs()
    if (action.do === 'create') return send(deps, hand, startedMs)
    const operation = action.do === 'control' ? 'control' : 'look'
    const outcome = await orFailure(operation, () => act(deps, hand, action))
    return { workload: hand.claimed.workload, facts: later(deps, hand.facts, startedMs), outcome }
  }
}

async function act<K extends Kind>(
  deps: PerformDeps,
  hand: InHand<K>,
  action: Exclude<Doing<K>, { do: 'create' }>,
): Promise<Outcome<K>> {
  const { claimed, driver } = hand
  const { workload } = claimed
  switch (action.do) {
    case 'find':
      return search(deps, hand)
    case 'get':
      return { did: 'get', seen: await look(deps, workload, driver) }
    case 'control': {
      // Where ids are given out again, a verb could hit somebody else's object.
      const isGone = driver.traits.reusesIds === true && (await look(deps, workload, driver)) === 'gone'
      if (isGone) return { did: 'get', seen: 'gone' }
      await driver.controls[action.verb]?.(remoteIdOf(workload), callSignal(deps))
      return { did: 'control', verb: action.verb, step: action.step ?? false }
    }
    case 'settle':
      return { did: 'settle', change: action.change }
    default:
      return action satisfies never
  }
}

async function look<K extends Kind>(
  deps: PerformDeps,
  workload: Workload<K>,
  driver: Driver<K>,
): Promise<Observation<K> | 'gone'> {
  const seen = await driver.get(remoteIdOf(workload), callSignal(deps))
  return seen !== 'gone' && isSomebodyElses(workload, seen) ? 'gone' : seen
}

/** Ends a call after its time, or when the process has to end. */
export function callSignal({ timing, shutdown }: Pick<PerformDeps, 'timing' | 'shutdown'>): AbortSignal {
  return AbortSignal.any([AbortSignal.timeout(timing.callTimeoutMs), shutdown])
}

/** The facts as of now: the database's clock at the claim, and what has passed since. */
export function later<K extends Kind>(
  { clock }: Pick<PerformDeps, 'clock'>,
  facts: Facts<K>,
  startedMs: number,
): Facts<K> {
  return { ...facts, now: after(facts.now, clock.monotonicMs() - startedMs) }
}

/** A driver's failure is an outcome. Anything but a ProviderError is a broken driver, and nothing is known of what it did. */
export async function orFailure<R>(
  operation: Operation,
  run: () => Promise<R>,
): Promise<R | { did: 'fail'; operation: Operation; error: ProviderError }> {
  try {
    return await run()
  } catch (error) {
    const told =
      error instanceof ProviderError ? error : new ProviderError('internal', 'The driver failed.', { cause: error })
    return { did: 'fail', operation, error: told }
  }
}

function remoteIdOf(workload: Workload): string {
  if (workload.remoteId === null) throw new Error(`${workload.id} has no remote id`)
  return workload.remoteId
}
