import { makeBatcher } from '../../infra/batcher.ts'
import type { Driver } from '../../providers/driver.ts'
import type { Intent } from '../../providers/intent.ts'
import type { Found, FoundObjects } from '../../providers/observation.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Outcome } from '../apply/outcome.ts'
import { after } from '../apply/poll-intervals.ts'
import type { Facts } from '../kind.ts'
import type { Workload } from '../workload.ts'
import { callSignal, type ExecutionContext, type ExecutionDeps, type Timing } from './execution-context.ts'

/**
 * Searches for the object of an attempt with unknown outcome. An object with the workload's correlation tag is its
 * object. One without a tag is accepted only if nothing else owns it or may have created it.
 */
export async function recoverCreated<K extends Kind>(
  deps: ExecutionDeps,
  context: ExecutionContext<K>,
): Promise<Outcome<K>> {
  const { claimed, facts, driver } = context
  const { workload } = claimed
  const startedMs = deps.clock.monotonicMs()
  const found = await deps.find(workload, driver, intentOf(workload, facts))
  const absenceConclusive = checkAbsence(facts, driver, deps.clock.monotonicMs() - startedMs)
  const decided = 'found' in found ? await selectOwn(deps, context, found) : found
  return { did: 'find', found: decided, absenceConclusive }
}

async function selectOwn<K extends Kind>(
  deps: ExecutionDeps,
  { kind, claimed: { workload } }: ExecutionContext<K>,
  { found, isComplete }: FoundObjects<K>,
): Promise<Found<K>> {
  const tagged = found.filter((seen) => seen.correlationTag === workload.correlationTag)
  if (tagged.length > 0) return { found: tagged, isComplete }
  const ids = found.map((seen) => seen.remoteId)
  const { owned, isContested } = await deps.ownersOf(workload, ids, kind.dispatchingStatus)
  const free = found.filter((seen) => !owned.has(seen.remoteId))
  if (free.length === 0)
    return isComplete
      ? { absent: true }
      : { inconclusive: 'The list was incomplete, and its objects belong to other records.' }
  return isContested
    ? { inconclusive: 'The object may belong to another create in progress.' }
    : { found: free, isComplete }
}

/**
 * A complete scan proves that nothing was created only if it began after the request could have been sent, executed and
 * listed, and ended before the provider deletes finished work. `facts.now` is from before the scan.
 */
export function checkAbsence<K extends Kind>(
  { attempt, now }: Facts<K>,
  { traits }: Pick<Driver<K>, 'traits'>,
  tookMs: number,
): 'yes' | 'too_early' | 'too_late' {
  if (attempt === null) return 'too_early'
  const { retentionMs, listConsistencyLagMs, uniqueNames } = traits
  if (retentionMs !== undefined && after(now, tookMs) > after(attempt.startedAt, retentionMs)) return 'too_late'
  // Where names are unique, a name conflict means that this attempt created nothing; only the list may lag behind.
  const rejectedAt = uniqueNames && attempt.error?.code === 'conflict' ? attempt.endedAt : null
  const conclusiveFrom = rejectedAt === null ? attempt.absenceConclusiveAt : after(rejectedAt, listConsistencyLagMs)
  return now > conclusiveFrom ? 'yes' : 'too_early'
}

function intentOf<K extends Kind>(workload: Workload<K>, facts: Facts<K>): Intent<K> {
  const firstSentAt = facts.firstSentAt ?? facts.now
  return {
    correlationTag: workload.correlationTag,
    spec: workload.spec,
    environmentRemoteId: facts.environment?.remoteId ?? null,
    before: facts.attempt?.before ?? null,
    sendBy: { at: firstSentAt, monotonicMs: 0 },
    firstSentAt,
  }
}

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
        return intents.map((intent) => found.get(intent.correlationTag) ?? notCovered)
      },
    })
    byDriver.set(driver, batchOptions as (intent: Intent) => Promise<Found>)
    return batchOptions
  }

  return (_workload, driver, intent) => batcherOf(driver)(intent)
}

/** A tag that the driver does not report on is inconclusive, not absent. */
const notCovered: Found<never> = { inconclusive: 'The search did not cover this correlation tag.' }
