import { setTimeout as sleep, setImmediate as yieldToOthers } from 'node:timers/promises'
import { orphanCandidate, type TaggedObject } from '../../connections/orphans.ts'
import type { Driver } from '../../providers/driver.ts'
import type { Observation } from '../../providers/observation.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { isTerminal, type Transitions } from '../../vocabulary/transitions.ts'
import { belongsToOther } from '../apply/observe.ts'
import type { ScanResult } from '../ports.ts'
import { type ChangedObservation, type Comparison, makeComparison } from './compare.ts'
import type { ScanDeps } from './deps.ts'
import type { Watched } from './sweeps.repository.ts'

/** Result of a scan. */
export interface Scan extends ScanResult {
  /** Watched workloads whose objects were listed. */
  seenIds: ReadonlySet<string>
  changed: number
  /** Active tagged objects without a watched workload. */
  orphans: readonly TaggedObject[]
}

/**
 * Reads a list page by page and applies it to the watched workloads. Comparing and writing run during the next call, so
 * a scan takes as long as its calls.
 */
export async function readPages<K extends Kind>(deps: ScanDeps<K>, watched: readonly Watched[]): Promise<Scan> {
  const comparison = makeComparison(deps)
  try {
    return await readAll(deps, watched, comparison)
  } finally {
    // Nothing is written after a scan has ended.
    await comparison.end().catch(() => {})
  }
}

async function readAll<K extends Kind>(
  deps: ScanDeps<K>,
  watched: readonly Watched[],
  comparison: Comparison<K>,
): Promise<Scan> {
  const { driver, bounds, shutdown } = deps
  const byRemoteId = indexOf(watched)
  const remoteIds = [...byRemoteId.keys()]
  const seenIds = new Set<string>()
  const orphans: TaggedObject[] = []
  let listed = 0
  const end = async (isComplete: boolean) => ({
    ...{ seenIds, isComplete, listed, changed: await comparison.end(), orphans },
  })
  let cursor: string | null = null
  for (let page = 0; page < bounds.maxPages; page += 1) {
    await untilAllowed(deps)
    const signal = AbortSignal.any([AbortSignal.timeout(bounds.callTimeoutMs), shutdown])
    const { seen, next }: Awaited<ReturnType<Driver<K>['list']>> = await driver.list(
      { cursor, watched: remoteIds },
      signal,
    )
    listed += seen.length
    for (let from = 0; from < seen.length; from += chunkSize) {
      // A list without pages is one large page: yields to other work in between.
      if (from > 0) await yieldToOthers()
      await sort(deps, seen.slice(from, from + chunkSize), { byRemoteId, seenIds, orphans, comparison })
    }
    if (next === null) return end(watched.length < bounds.maxWatched)
    cursor = next
  }
  deps.log.warn({ connectionId: deps.claimed.connectionId, pages: bounds.maxPages }, 'provider list exceeds page limit')
  return end(false)
}

/**
 * Watched workloads by remote id. Where ids are reused, two records may share one: the tag decides. Single entries are
 * not wrapped in arrays, to save memory.
 */
type Index = ReadonlyMap<string, Watched | readonly Watched[]>

function indexOf(watched: readonly Watched[]): Index {
  const index = new Map<string, Watched | readonly Watched[]>()
  for (const item of watched) {
    const others = index.get(item.remoteId)
    index.set(item.remoteId, others === undefined ? item : [others, item].flat())
  }
  return index
}

/** Observations processed before yielding. */
const chunkSize = 500

interface Sorting<K extends Kind> {
  byRemoteId: Index
  seenIds: Set<string>
  orphans: TaggedObject[]
  comparison: Comparison<K>
}

/** Skips what the last scan already showed; the rest is compared, or is an orphan. */
async function sort<K extends Kind>(
  deps: ScanDeps<K>,
  seen: readonly Observation<K>[],
  { byRemoteId, seenIds, orphans, comparison }: Sorting<K>,
): Promise<void> {
  const fresh: ChangedObservation<K>[] = []
  const unwatched: Observation<K>[] = []
  for (const observation of seen) {
    const items = [byRemoteId.get(observation.remoteId) ?? []]
      .flat()
      .filter((item) => !belongsToOther(item, observation))
    if (items.length === 0) unwatched.push(observation)
    for (const item of items) {
      seenIds.add(item.id)
      if (!deps.cache.isKnown(item, observation)) fresh.push({ item, observation })
    }
  }
  for (const orphan of orphansIn(deps, unwatched)) orphans.push(orphan)
  await comparison.add(fresh)
}

/** A scan holds no in-flight slot, so it may wait between pages. */
async function untilAllowed<K extends Kind>({ budget, claimed, shutdown }: ScanDeps<K>): Promise<void> {
  for (let waitMs = budget.take(claimed.connectionId); waitMs > 0; waitMs = budget.take(claimed.connectionId))
    await sleep(waitMs, undefined, { signal: shutdown })
}

function orphansIn<K extends Kind>(
  { kinds, kind, driver, installationTag }: ScanDeps<K>,
  unwatched: readonly Observation<K>[],
): TaggedObject[] {
  const isOver = (_: Kind, status: string) => isTerminal(kinds[kind.name].transitions as Transitions<string>, status)
  const known = { installationTag, isOver }
  return unwatched.flatMap((seen) =>
    orphanCandidate(known, kind.name, seen, driver.tagLength).map(({ remoteId, correlationTag }) => ({
      remoteId,
      correlationTag,
    })),
  )
}
