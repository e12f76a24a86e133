import { makeBatcher } from '../../infra/batcher.ts'
import type { Driver, Found, Intent } from '../../providers/provider.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { callSignal, type ExecutionDeps, type Timing } from './execution-context.ts'

/** Maximum number of correlation tags in one scan. */
const maxTags = 500

/**
 * Joins concurrent searches over the same connection into one scan of its list. A search that arrives during a scan
 * waits for the next one, since only a scan that starts after the search proves absence.
 */
export function makeBatchedFind(timing: Timing, shutdown: AbortSignal): ExecutionDeps['find'] {
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

/** A tag that the driver does not report on is inconclusive, not absent. */
const unanswered: Found<never> = { inconclusive: 'The search did not cover this correlation tag.' }
