import { pointerTo } from '../../providers/error-field-mapping.ts'
import type { Driver, Found, Observation } from '../../providers/provider.ts'
import { type Hide, hideInError, redactObservation } from '../../secrets/redact-secrets.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { isSomebodyElses } from '../apply/observe.ts'
import type { Outcome } from '../apply/outcome.ts'
import type { Workload } from '../workload.ts'
import { send } from './create-attempt.ts'
import {
  type Armed,
  callSignal,
  type Doing,
  type ExecutionDeps,
  type InHand,
  later,
  orFailure,
  type Performed,
} from './execution-context.ts'
import { search } from './recover-created.ts'

/**
 * Executes an action. No transaction is open during a provider call, and every provider failure becomes an outcome.
 * Null if the lease was lost before anything was sent.
 */
export type Perform = <K extends Kind>(hand: InHand<K>, action: Doing<K>) => Promise<Performed<K> | null>

type Failed<K extends Kind> = Extract<Outcome<K>, { did: 'fail' }>

export function makeExecute(deps: ExecutionDeps): Perform {
  return async (hand, action) => {
    const secrets = await deps.secretsOf(hand.claimed.workload)
    const startedMs = deps.clock.monotonicMs()
    const performed =
      action.do === 'create'
        ? await send(deps, { ...hand, secrets }, startedMs)
        : await perform(deps, { ...hand, secrets }, action, startedMs)
    if (performed === null) return null
    const outcome = withoutSecrets(performed.outcome, secrets.hide)
    return { ...performed, outcome: outcome.did === 'fail' ? pointed(hand, outcome) : outcome }
  }
}

/** Maps a field that the provider rejects to the field of the request it came from. */
function pointed<K extends Kind>({ driver, claimed }: InHand<K>, failed: Failed<K>): Failed<K> {
  const { parameter } = failed.error
  const pointer = parameter === undefined ? undefined : pointerTo(driver.accepts, claimed.workload.spec, parameter)
  return pointer === undefined ? failed : { ...failed, pointer }
}

async function perform<K extends Kind>(
  deps: ExecutionDeps,
  hand: Armed<K>,
  action: Exclude<Doing<K>, { do: 'create' }>,
  startedMs: number,
): Promise<Performed<K>> {
  const operation = action.do === 'control' || action.do === 'update' ? 'control' : 'look'
  const outcome = await orFailure(operation, () => act(deps, hand, action))
  return { workload: hand.claimed.workload, facts: later(deps, hand.facts, startedMs), outcome }
}

/** Removes the workload's secrets from everything the provider returned. */
function withoutSecrets<K extends Kind>(outcome: Outcome<K>, hide: Hide): Outcome<K> {
  switch (outcome.did) {
    case 'create': {
      const { seen, ...created } = outcome.created
      return seen === undefined ? outcome : { ...outcome, created: { ...created, seen: redactObservation(hide, seen) } }
    }
    case 'find':
      return { ...outcome, found: foundWithoutSecrets(outcome.found, hide) }
    case 'get':
      return outcome.seen === 'gone' ? outcome : { ...outcome, seen: redactObservation(hide, outcome.seen) }
    case 'fail':
      return { ...outcome, error: hideInError(hide, outcome.error) }
    default:
      return outcome
  }
}

function foundWithoutSecrets<K extends Kind>(found: Found<K>, hide: Hide): Found<K> {
  if ('found' in found) return { ...found, found: found.found.map((seen) => redactObservation(hide, seen)) }
  return 'inconclusive' in found ? { inconclusive: hide.text(found.inconclusive) } : found
}

async function act<K extends Kind>(
  deps: ExecutionDeps,
  hand: Armed<K>,
  action: Exclude<Doing<K>, { do: 'create' }>,
): Promise<Outcome<K>> {
  const { claimed, driver, secrets } = hand
  const { workload } = claimed
  switch (action.do) {
    case 'find':
      return search(deps, hand)
    case 'get':
      return { did: 'get', seen: await look(deps, workload, driver) }
    case 'update':
      await driver.update?.(remoteIdOf(workload), secrets.fill(workload.spec), callSignal(deps))
      return { did: 'update' }
    case 'control': {
      const before = driver.traits.reusesIds === true ? await lookBefore(deps, workload, driver) : null
      if (before !== null && (before.did === 'fail' || before.seen === 'gone')) return before
      const asked = workload.imported ? undefined : workload.spec
      await driver.controls[action.verb]?.(remoteIdOf(workload), callSignal(deps), asked)
      return { did: 'control', verb: action.verb, step: action.step ?? false }
    }
    case 'settle':
      return { did: 'settle', change: action.change }
    default:
      return action satisfies never
  }
}

/**
 * Where ids are reused, an action could hit another owner's object. A failure of this read is not a failure of the
 * action.
 */
function lookBefore<K extends Kind>(deps: ExecutionDeps, workload: Workload<K>, driver: Driver<K>) {
  return orFailure('look', async () => ({ did: 'get' as const, seen: await look(deps, workload, driver) }))
}

async function look<K extends Kind>(
  deps: ExecutionDeps,
  workload: Workload<K>,
  driver: Driver<K>,
): Promise<Observation<K> | 'gone'> {
  const seen = await driver.get(remoteIdOf(workload), callSignal(deps))
  return seen !== 'gone' && isSomebodyElses(workload, seen) ? 'gone' : seen
}

function remoteIdOf(workload: Workload): string {
  if (workload.remoteId === null) throw new Error(`${workload.id} has no remote id`)
  return workload.remoteId
}
