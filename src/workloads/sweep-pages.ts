import { setTimeout as sleep } from 'node:timers/promises'
import { orphanCandidate } from '../connections/orphans.ts'
import type { Driver, Observation } from '../providers/provider.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { isTerminal, type Transitions } from '../vocabulary/transitions.ts'
import { hideInSighting } from './hide.ts'
import { isSomebodyElses, observed, tellsNews } from './observe.ts'
import type { WalkDeps } from './sweep-deps.ts'
import { writeAll } from './sweep-writes.ts'
import type { AsRead, Watched } from './sweeps.repository.ts'

/** What one walk found out. */
export interface Walk {
  /** The watched workloads whose objects it showed. */
  seenIds: ReadonlySet<string>
  isComplete: boolean
  changed: number
  /** Marks of active objects that nothing watched explains. */
  strayMarks: readonly string[]
}

/** Reads a list page after page, and writes what each tells of what is watched. */
export async function readPages<K extends Kind>(deps: WalkDeps<K>, watched: readonly Watched[]): Promise<Walk> {
  const { driver, bounds, shutdown } = deps
  // Where ids are given out again, two records may have the same one: an object is of those whose mark it may carry.
  const byRemoteId = Map.groupBy(watched, ({ remoteId }) => remoteId)
  const seenIds = new Set<string>()
  const remoteIds = [...byRemoteId.keys()]
  let cursor: string | null = null
  const strayMarks: string[] = []
  let changed = 0
  for (let page = 0; page < bounds.maxPages; page += 1) {
    await untilAllowed(deps)
    const signal = AbortSignal.any([AbortSignal.timeout(bounds.callTimeoutMs), shutdown])
    const { seen, next }: Awaited<ReturnType<Driver<K>['list']>> = await driver.list(
      { cursor, watched: remoteIds },
      signal,
    )
    const sightings = seen.map((observation) => {
      const items = byRemoteId.get(observation.remoteId) ?? []
      return { observation, items: items.filter((item) => !isSomebodyElses(item, observation)) }
    })
    const ours = sightings.flatMap(({ observation, items }) => items.map((item) => ({ item, observation })))
    for (const { item } of ours) seenIds.add(item.id)
    const fresh = ours.filter(({ item, observation }) => !deps.cache.isKnown(item, observation))
    const strangers = sightings.flatMap(({ observation, items }) => (items.length === 0 ? [observation] : []))
    for (const mark of strayMarksIn(deps, strangers)) strayMarks.push(mark)
    changed += await applyPage(deps, fresh)
    if (next === null) return { seenIds, isComplete: watched.length < bounds.maxWatched, changed, strayMarks }
    cursor = next
  }
  deps.log.warn(
    { connectionId: deps.claimed.connectionId, pages: bounds.maxPages },
    'a list is longer than a sweep reads',
  )
  return { seenIds, isComplete: false, changed, strayMarks }
}

/** A walk keeps no hand busy, so it may wait between its pages. */
async function untilAllowed<K extends Kind>({ budget, claimed, shutdown }: WalkDeps<K>): Promise<void> {
  for (let waitMs = budget.take(claimed.connectionId); waitMs > 0; waitMs = budget.take(claimed.connectionId))
    await sleep(waitMs, undefined, { signal: shutdown })
}

function strayMarksIn<K extends Kind>(
  { kinds, kind, driver, installationTag }: WalkDeps<K>,
  strangers: readonly Observation<K>[],
): string[] {
  const isOver = (_: Kind, status: string) => isTerminal(kinds[kind.name].transitions as Transitions<string>, status)
  const known = { installationTag, isOver }
  return strangers.flatMap((seen) => orphanCandidate(known, kind.name, seen, driver.markLength).map(({ mark }) => mark))
}

async function applyPage<K extends Kind>(
  deps: WalkDeps<K>,
  ours: readonly { item: Watched; observation: Observation<K> }[],
): Promise<number> {
  if (ours.length === 0) return 0
  const observations = new Map(ours.map(({ item, observation }) => [item.id, observation]))
  const unchanged = (await deps.repository.unchanged(ours.map(({ item }) => item))) as AsRead<K>[]
  const secretsOf = await deps.secretsOfAll(unchanged.map(({ workload }) => workload))
  const changes = unchanged.flatMap(({ workload, row }) => {
    const shown = observations.get(workload.id)
    if (shown === undefined) return []
    const seen = hideInSighting(secretsOf(workload.id).hide, shown)
    const change = observed(deps.kind, workload, seen, { now: deps.claimed.startedAt, tempo: deps.tempo })
    if (tellsNews(workload, change)) return [{ workload, row, change }]
    deps.cache.note(workload, shown)
    return []
  })
  return writeAll(deps, changes)
}
