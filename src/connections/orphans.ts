import type { Driver } from '../providers/driver.ts'
import type { Observation } from '../providers/observation.ts'
import { type Kind, kinds } from '../vocabulary/kinds.ts'
import type { Opened } from './open-connections.ts'

/** An active remote object tagged by this installation without a live record. */
export interface Orphan {
  kind: Kind
  remoteId: string
  name?: string
  state: string
  correlationTag: string
}

export interface OrphanReport {
  orphans: readonly Orphan[]
  /** False: the list exceeds the page limit, so there may be more. */
  isComplete: boolean
}

/** An object in a list of one kind over one connection. */
export type TaggedObject = Pick<Orphan, 'remoteId' | 'correlationTag'>

/**
 * Those of these objects that no record holds that is active or ended since then, or of another kind: by its
 * correlation tag, or, as an import over any connection, by its id. Asked after the scan, so that objects created,
 * imported or ended in the meantime are not reported.
 */
export type Unheld = <O extends TaggedObject>(
  list: { connectionId: string; kind: Kind },
  objects: readonly O[],
  since: Date,
) => Promise<readonly O[]>

export interface OrphanDeps {
  unheld: Unheld
  /** The database's time. */
  now(): Promise<Date>
  installationTag: string
  isOver(kind: Kind, status: string): boolean
  maxPages: number
}

/** Finds orphaned remote objects. Does not delete anything. */
export async function findOrphans(
  deps: OrphanDeps,
  { id: connectionId, opened }: { id: string; opened: Opened },
  signal: AbortSignal,
): Promise<OrphanReport> {
  const since = await deps.now()
  const scans = await Promise.all(kinds.map((kind) => scan(deps, kind, opened.driver(kind), signal)))
  const orphans = await Promise.all(scans.map(({ kind, found }) => deps.unheld({ connectionId, kind }, found, since)))
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

/** Short correlation tags do not contain the installation tag, so objects of other installations cannot be excluded. */
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
