import type { Driver, Observation } from '../providers/provider.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { Outcome } from './absorb.ts'
import { callSignal, type Doing, type InHand, later, orFailure, type PerformDeps, type Performed } from './acting.ts'
import { isSomebodyElses } from './observe.ts'
import { search } from './search.ts'
import { send } from './send.ts'
import type { Workload } from './workload.ts'

/**
 * Carries an action out. No transaction is open while a provider is called. Every failure of a provider is an outcome.
 * Null where the lease was lost before anything was sent.
 */
export type Perform = <K extends Kind>(hand: InHand<K>, action: Doing<K>) => Promise<Performed<K> | null>

export function makePerform(deps: PerformDeps): Perform {
  return async (hand, action) => {
    const startedMs = deps.clock.monotonicMs()
    if (action.do === 'create') return send(deps, hand, startedMs)
    const operation = action.do === 'control' || action.do === 'update' ? 'control' : 'look'
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
    case 'update':
      await driver.update?.(remoteIdOf(workload), workload.spec, callSignal(deps))
      return { did: 'update' }
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

function remoteIdOf(workload: Workload): string {
  if (workload.remoteId === null) throw new Error(`${workload.id} has no remote id`)
  return workload.remoteId
}
