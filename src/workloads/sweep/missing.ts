import type { Kind } from '../../vocabulary/kinds.ts'
import { after } from '../apply/poll-intervals.ts'
import type { Change } from '../kind.ts'
import type { ScanDeps } from './deps.ts'
import type { AsRead, Watched } from './sweeps.repository.ts'
import { writeAll } from './writes.ts'

/**
 * Reads watched workloads that a complete scan did not show one by one; a list alone is never conclusive. If very many
 * are missing, the list is suspect: only a few are read per scan, longest unseen first.
 */
export async function scheduleMissingReads<K extends Kind>(
  deps: ScanDeps<K>,
  watched: readonly Watched[],
  seenIds: ReadonlySet<string>,
): Promise<void> {
  const { claimed, bounds, log, driver } = deps
  const knownSince = after(claimed.startedAt, -(bounds.graceMs + driver.traits.listConsistencyLagMs))
  const missing = watched.filter(
    ({ id, dispatchedAt }) => !seenIds.has(id) && (dispatchedAt ?? knownSince) <= knownSince,
  )
  const most = maxReads(watched)
  if (missing.length > most) {
    const context = { connectionId: claimed.connectionId, missing: missing.length, watched: watched.length }
    log.error(context, 'too many objects missing from provider list; verifying individually')
  }
  await scheduleReads(deps, missing, most)
}

/**
 * Reads workloads beyond the size limits of a scan one by one, a few per scan, and none more often than an idle list is
 * scanned. Each read records its time, so every workload is reached.
 */
export async function scheduleUnscannedReads<K extends Kind>(
  deps: ScanDeps<K>,
  watched: readonly Watched[],
  seenIds: ReadonlySet<string>,
): Promise<void> {
  const { claimed, bounds, kind, repository } = deps
  const most = maxReads(watched)
  const last = watched.length < bounds.maxWatched ? undefined : watched.at(-1)
  const unwatched = last === undefined ? [] : await repository.unwatched(claimed.connectionId, kind.name, last, most)
  const seenBefore = after(claimed.startedAt, -bounds.maxMs)
  const unseen = [...watched, ...unwatched].filter(
    ({ id, observedAt }) => !seenIds.has(id) && (observedAt ?? seenBefore) <= seenBefore,
  )
  await scheduleReads(deps, unseen, most)
}

function maxReads({ length }: readonly Watched[]): number {
  return Math.max(20, Math.floor(length / 20))
}

/** Longest unseen first. Workloads that already wait for their read are skipped. */
async function scheduleReads<K extends Kind>(
  deps: ScanDeps<K>,
  unseen: readonly Watched[],
  most: number,
): Promise<void> {
  const chosen = unseen
    .filter(({ missingSince }) => missingSince === null)
    .toSorted((a, b) => Number(a.observedAt) - Number(b.observedAt))
    .slice(0, most)
  if (chosen.length === 0) return
  const unchanged = (await deps.repository.unchanged(chosen)) as AsRead<K>[]
  const change: Change<K> = { missingSince: deps.claimed.startedAt }
  await writeAll(
    deps,
    unchanged.filter(({ workload }) => workload.missingSince === null).map((read) => ({ ...read, change })),
  )
}
