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
  const most = mostLooks(watched)
  if (missing.length > most) {
    const context = { connectionId: claimed.connectionId, missing: missing.length, watched: watched.length }
    log.error(context, 'a list lacks suspiciously many objects; they are read one by one, a few at a time')
  }
  await lookAt(deps, longestUnseen(missing, most))
}

/**
 * What a walk could not come to, because the list is longer than is read or too large to be held, is read one by one, a
 * few per walk. A look notes when it was, so all of them have their turn.
 */
export async function lookBeyond<K extends Kind>(
  deps: WalkDeps<K>,
  watched: readonly Watched[],
  seenIds: ReadonlySet<string>,
): Promise<void> {
  const { claimed, bounds, kind, repository } = deps
  const most = mostLooks(watched)
  const last = watched.length < bounds.maxWatched ? undefined : watched.at(-1)
  const unwatched = last === undefined ? [] : await repository.unwatched(claimed.connectionId, kind.name, last, most)
  const unseen = watched.filter(({ id }) => !seenIds.has(id))
  await lookAt(deps, longestUnseen([...unseen, ...unwatched], most))
}

function mostLooks({ length }: readonly Watched[]): number {
  return Math.max(20, Math.floor(length / 20))
}

function longestUnseen(watched: readonly Watched[], most: number): Watched[] {
  return watched.toSorted((a, b) => Number(a.observedAt) - Number(b.observedAt)).slice(0, most)
}

/** What is missing is looked at by the next turn. */
async function lookAt<K extends Kind>(deps: WalkDeps<K>, watched: readonly Watched[]): Promise<void> {
  if (watched.length === 0) return
  const unchanged = (await deps.repository.unchanged(watched)) as AsRead<K>[]
  const change: Change<K> = { missingSince: deps.claimed.startedAt }
  await writeAll(
    deps,
    unchanged.filter(({ workload }) => workload.missingSince === null).map((read) => ({ ...read, change })),
  )
}
