import type { Driver, Intent } from '../providers/provider.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { Outcome } from './absorb.ts'
import type { InHand, PerformDeps } from './acting.ts'
import type { Facts } from './kind.ts'
import { after } from './tempo.ts'
import type { Workload } from './workload.ts'

/** Looks for what an attempt of unknown outcome may have made. Objects that other records own are not it. */
export async function search<K extends Kind>(
  deps: PerformDeps,
  { claimed, facts, driver }: InHand<K>,
): Promise<Outcome<K>> {
  const { workload } = claimed
  const startedMs = deps.clock.monotonicMs()
  const found = await deps.find(workload, driver, intentOf(workload, facts))
  const absentCounts = whetherAbsentCounts(facts, driver, deps.clock.monotonicMs() - startedMs)
  if (!('found' in found)) return { did: 'find', found, absentCounts }
  const ids = found.found.map((seen) => seen.remoteId)
  const owned = await deps.ownedByOthers(workload, ids)
  const free = found.found.filter((seen) => !owned.has(seen.remoteId))
  return { did: 'find', found: free.length === 0 ? nothingLeft(found.isComplete) : { ...found, found: free }, absentCounts }
}

function nothingLeft(isComplete: boolean): { absent: true } | { inconclusive: string } {
  if (isComplete) return { absent: true }
  return { inconclusive: 'The list was not whole, and what it shows belongs to others.' }
}

/**
 * A complete walk proves that nothing was made only when it began after the last byte could have left, been executed
 * and been listed, and ended before the provider forgets ended work. `facts.now` is from before the walk.
 */
export function whetherAbsentCounts<K extends Kind>(
  { attempt, now }: Facts<K>,
  { traits }: Pick<Driver<K>, 'traits'>,
  tookMs: number,
): 'yes' | 'too_early' | 'too_late' {
  if (attempt === null) return 'too_early'
  const { forgetsAfterMs, listLagMs } = traits
  if (forgetsAfterMs !== undefined && after(now, tookMs) > after(attempt.startedAt, forgetsAfterMs)) return 'too_late'
  // "Name exists" is a refusal: nothing of this attempt is under way, only the list may trail behind.
  const refusedAt = attempt.error?.code === 'conflict' ? attempt.endedAt : null
  const provesFrom = refusedAt === null ? attempt.settledAt : after(refusedAt, listLagMs)
  return now > provesFrom ? 'yes' : 'too_early'
}

function intentOf<K extends Kind>(workload: Workload<K>, facts: Facts<K>): Intent<K> {
  const firstSentAt = facts.firstSentAt ?? facts.now
  return {
    mark: workload.mark,
    spec: workload.spec,
    environmentRemoteId: facts.environment?.remoteId ?? null,
    before: facts.attempt?.before ?? null,
    sendBy: { at: firstSentAt, monotonicMs: 0 },
    firstSentAt,
  }
}
