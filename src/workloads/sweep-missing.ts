import type { Kind } from '../vocabulary/kinds.ts'
import type { Change } from './kind.ts'
import type { WalkDeps } from './sweep-deps.ts'
import { writeAll } from './sweep-writes.ts'
import type { AsRead, Watched } from './sweeps.repository.ts'
import { after } from './tempo.ts'

/**
 * Watched workloads that a complete walk did not show are looked at one by one; nothing is concluded from a list alone.
 * One that suddenly lacks very many is itself suspect: only a few are looked at per walk, the longest unseen first.
 */
export async function lookForMissing<K extends Kind>(
  deps: WalkDeps<K>,
  watched: readonly Watched[],
  seenIds: ReadonlySet<string>,
): Promise<void> {
  const { claimed, bounds, log, driver } = deps
  const knownSince = after(claimed.startedAt, -(bounds.graceMs + driver.traits.listLagMs))
  const missing = watched.filter(
    ({ id, dispatchedAt }) => !seenIds.has(id) && (dispatchedAt ?? knownSince) <= knownSince,
  )
  if (missing.length === 0) return
  const most = Math.max(20, Math.floor(watched.length / 20))
  if (missing.length > most) {
    const context = { connectionId: claimed.connectionId, missing: missing.length, watched: watched.length }
    log.error(context, 'a list lacks suspiciously many objects; they are read one by one, a few at a time')
  }
  const longestUnseen = missing.toSorted((a, b) => Number(a.observedAt) - Number(b.observedAt)).slice(0, most)
  const unchanged = (await deps.repository.unchanged(longestUnseen)) as AsRead<K>[]
  const newlyMissing = unchanged.filter(({ workload }) => workload.missingSince === null)
  const change: Change<K> = { missingSince: claimed.startedAt }
  await writeAll(
    deps,
    newlyMissing.map((read) => ({ ...read, change })),
  )
}
