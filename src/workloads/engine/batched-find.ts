import { makeLanes } from '../../infra/batcher.ts'
import type { Driver, Found, Intent } from '../../providers/provider.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { callSignal, type PerformDeps, type Timing } from './execution-context.ts'

/** Marks that one walk looks for at most. */
const mostMarks = 500

/**
 * Searches over the same connection join into one walk of its list. A search that arrives while a walk is under way
 * waits for the next one: a walk that began before the question proves nothing for it.
 */
export function makeJoinedFind(timing: Timing, shutdown: AbortSignal): PerformDeps['find'] {
  const byDriver = new WeakMap<object, (intent: Intent) => Promise<Found>>()

  function laneOf<K extends Kind>(driver: Driver<K>): (intent: Intent<K>) => Promise<Found<K>> {
    const known = byDriver.get(driver)
    if (known !== undefined) return known as (intent: Intent<K>) => Promise<Found<K>>
    const lane = makeLanes<Intent<K>, Found<K>>({
      lanes: 1,
      maxItems: mostMarks,
      isDataError: () => false,
      isTransient: () => false,
      flush: async (intents) => {
        const found = await driver.find(intents, callSignal({ timing, shutdown }))
        return intents.map((intent) => found.get(intent.mark) ?? unanswered)
      },
    })
    byDriver.set(driver, lane as unknown as (intent: Intent) => Promise<Found>)
    return lane
  }

  return (_workload, driver, intent) => laneOf(driver)(intent)
}

/** A driver that says nothing about a mark has proved nothing about it. */
const unanswered: Found<never> = { inconclusive: 'The search did not cover this correlation tag.' }
