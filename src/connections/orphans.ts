import type { Driver } from '../providers/driver.ts'
import type { Observation } from '../providers/observation.ts'
import { type Kind, kinds } from '../vocabulary/kinds.ts'
import type { Opened } from './open-connections.ts'

/** An active object at the provider that carries a mark of this installation and belongs to no live record. */
export interface Orphan {
  kind: Kind
  remoteId: string
  name?: string
  state: string
  correlationTag: string
}

export interface OrphanReport {
  orphans: readonly Orphan[]
  /** False: the list was longer than what is read, so there may be more. */
  isComplete: boolean
}

export interface OrphanDeps {
  /**
   * Those of the marks in a list of this kind that records hold which are live or ended since, or that are another kind's. Read
   * after the walk, so that what was made or has ended meanwhile is not taken for one.
   */
  heldTags(kind: Kind, correlationTags: readonly string[], since: Date): Promise<ReadonlySet<string>>
  /** The database's clock. */
  now(): Promise<Date>
  installationTag: string
  isOver(kind: Kind, status: string): boolean
  maxPages: number
}

/** Looks for objects that nobody here answers for. Nothing is deleted by itself. */
export async function findOrphans(deps: OrphanDeps, opened: Opened, signal: AbortSignal): Promise<OrphanReport> {
  const since = await deps.now()
  const scans = await Promise.all(kinds.map((kind) => scan(deps, kind, opened.driver(kind), signal)))
  const orphans = await Promise.all(scans.map(({ kind, found }) => withoutHeld(deps, { kind, found, since })))
  return {
    orphans: orphans.flat(),
    isComplete: scans.every(({ isComplete }) => isComplete),
  }
}

async function scan<K extends Kind>(deps: OrphanDeps, kind: K, driver: Driver<K> | undefined, signal: AbortSignal) {
  const found: Orphan[] = []
  let cursor: string | null = null
  for (let page = 0; driver !== undefined && page < deps.maxPages; page += 1) {
    const { seen, next }: Awaited<ReturnType<Driver<K>['list']>> = await driver.list({ cursor, watched: [] }, signal)
    for (const observation of seen) found.push(...orphanCandidate(deps, kind, observation, driver.tagLength))
    if (next === null) return { kind, found, isComplete: true }
    cursor = next
  }
  return { kind, found, isComplete: driver === undefined }
}

async function withoutHeld(
  deps: OrphanDeps,
  { kind, found, since }: { kind: Kind; found: readonly Orphan[]; since: Date },
): Promise<readonly Orphan[]> {
  const correlationTags = found.map(({ correlationTag }) => correlationTag)
  const held = await deps.heldTags(kind, correlationTags, since)
  return found.filter(({ correlationTag }) => !held.has(correlationTag))
}

/** Short marks carry no tag: there, one of another installation cannot be told apart. */
export function orphanCandidate<K extends Kind>(
  deps: Pick<OrphanDeps, 'installationTag' | 'isOver'>,
  kind: K,
  seen: Observation<K>,
  tagLength: number,
): Orphan[] {
  const { correlationTag, status, remoteId, remoteName, rawState } = seen
  if (correlationTag === undefined || correlationTag === null || (status !== null && deps.isOver(kind, status)))
    return []
  const isTagged = tagLength >= deps.installationTag.length + 8
  if (isTagged && !correlationTag.startsWith(deps.installationTag)) return []
  return [
    {
      kind,
      remoteId,
      ...(remoteName === undefined ? {} : { name: remoteName }),
      state: rawState,
      correlationTag: correlationTag,
    },
  ]
}
