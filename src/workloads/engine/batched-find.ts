import { makeBatcher } from '../../infra/batcher.ts'
import type { Driver, Found, Intent } from '../../providers/provider.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { callSignal, type ExecutionDeps, type Timing } from './execution-context.ts'

/** Marks that one walk looks for at most. */
const maxTags = 500

/**
 * Searches over the same connection join into one walk of its list. A search that arrives while a walk is under way
 * waits for the next one: a walk that began before the question proves nothing for it.
 */
export function makeJoinedFind(timing: Timing, shutdown: AbortSignal): ExecutionDeps['find'] {
  const byDriver = new WeakMap<object, (intent: Intent) => Promise<Found>>()

  function batcherOf<K extends Kind>(driver: Driver<K>): (intent: Intent<K>) => Promise<Found<K>> {
    const known = byDriver.get(driver)
    if (known !== undefined) return known as (intent: Intent<K>) => Promise<Found<K>>
    const batchOptions = makeBatcher<Intent<K>, Found<K>>({
      concurrency: 1,
      maxItems: maxTags,
      isDataError: () => false,
      isTransient: () => false,
      flush: async (intents) => {
        const found = await driver.find(intents, callSignal({ timing, shutdown }))
        return intents.map((intent) => found.get(intent.correlationTag) ?? unanswered)
      },
    })
    byDriver.set(driver, batchOptions as unknown as (intent: Intent) => Promise<Found>)
    return batchOptions
  }

  return (_workload, driver, intent) => batcherOf(driver)(intent)
}

/** A driver that says nothing about a mark has proved nothing about it. */
const unanswered: Found<never> = { inconclusive: 'The search did not cover this correlation tag.' }
