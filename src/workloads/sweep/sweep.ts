import type { TaggedObject } from '../../connections/orphans.ts'
import { ProviderError, UnknownProvider } from '../../providers/provider-error.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { after, nextSweepMs, pauseMsPerObject } from '../apply/poll-intervals.ts'
import type { WorkloadKind } from '../kind.ts'
import type { CalledConnection } from '../ports.ts'
import type { ScanDeps, SweepDeps } from './deps.ts'
import { scheduleMissingReads, scheduleUnscannedReads } from './missing.ts'
import { makeObservationCaches } from './observation-cache.ts'
import { readPages, type Scan } from './scan.ts'
import type { ClaimedSweep, Watched } from './sweeps.repository.ts'

/**
 * One scan of a connection's list: every watched workload is compared with what the provider shows, page by page.
 * Unchanged workloads cost no write, and those missing from a complete scan are read separately. Returns the
 * milliseconds until the next scan is due, or null if unknown.
 */
export function makeSweep(deps: SweepDeps) {
  const caches = makeObservationCaches()
  return async function sweep(claimed: ClaimedSweep): Promise<number | null> {
    if (claimed.kind === 'job') return scan({ ...deps, caches }, deps.kinds.job, claimed)
    return scan({ ...deps, caches }, deps.kinds.environment, claimed)
  }
}

async function scan<K extends Kind>(
  deps: SweepDeps & { caches: ReturnType<typeof makeObservationCaches> },
  kind: WorkloadKind<K>,
  claimed: ClaimedSweep,
): Promise<number | null> {
  const { bounds } = deps
  if (claimed.notBefore !== null && claimed.notBefore > claimed.startedAt) {
    const nextMs = claimed.notBefore.getTime() - claimed.startedAt.getTime()
    return finish(deps, claimed, { nextMs, seen: null })
  }
  if (claimed.isHeld) return finish(deps, claimed, { nextMs: bounds.maxMs, seen: null })
  const watched = await deps.repository.watched(claimed.connectionId, kind.name, bounds.maxWatched)
  const cache = deps.caches.of(claimed.connectionId, kind.name)
  if (watched.length === 0) {
    deps.caches.remove(claimed.connectionId, kind.name)
    return finish(deps, claimed, { nextMs: null, seen: 0 })
  }
  try {
    const connection = await deps.connections.open(claimed.connectionId, claimed.connectionVersion)
    const driver = connection.driver(kind.name)
    if (driver === undefined) return finish(deps, claimed, { nextMs: null, seen: null })
    if (isProbe(claimed) && !(await deps.connections.mayProbe(claimed.connectionId)))
      return finish(deps, claimed, { nextMs: bounds.maxMs, seen: null })
    const scanDeps = { ...deps, kind, driver, claimed, cache }
    const about = { connectionId: claimed.connectionId, provider: connection.provider, kind: kind.name }
    const result = await deps.observer.scan(about, () => readList(scanDeps, watched))
    cache.keep(result.seenIds)
    const scheduleUnseen = result.isComplete ? scheduleMissingReads : scheduleUnscannedReads
    await scheduleUnseen(scanDeps, watched, result.seenIds)
    const pauseMs = nextSweepMs({
      lastMs: claimed.lastMs,
      changed: result.changed > 0,
      minMs: bounds.minMs,
      maxMs: bounds.maxMs,
    })
    const nextMs = Math.max(pauseMs, Math.ceil(result.seenIds.size * pauseMsPerObject))
    const orphans = result.isComplete ? await countOrphans(scanDeps, result.orphans) : null
    if (claimed.hasFailed) await deps.connections.succeeded(calledBy(claimed))
    return await finish(deps, claimed, { nextMs, seen: result.seenIds.size, orphans })
  } catch (error) {
    return afterFailedScan(deps, claimed, error)
  }
}

async function finish(
  { repository }: SweepDeps,
  claimed: ClaimedSweep,
  ending: Parameters<SweepDeps['repository']['finish']>[1],
): Promise<number | null> {
  await repository.finish(claimed, ending)
  return ending.nextMs
}

/** If the list is too large to read, watched workloads are read one by one. */
async function readList<K extends Kind>(deps: ScanDeps<K>, watched: readonly Watched[]): Promise<Scan> {
  try {
    return await readPages(deps, watched)
  } catch (error) {
    if (error instanceof ProviderError && error.isTooLarge) await scheduleUnscannedReads(deps, watched, new Set())
    throw error
  }
}

/**
 * Counts objects without a live record. A list lags behind, so recently created and recently ended workloads are
 * excluded. Nothing is deleted.
 */
async function countOrphans<K extends Kind>(
  { claimed, bounds, driver, ...deps }: ScanDeps<K>,
  candidates: readonly TaggedObject[],
): Promise<number> {
  if (candidates.length === 0) return 0
  const { connectionId, startedAt } = claimed
  const since = after(startedAt, -(bounds.graceMs + driver.traits.listConsistencyLagMs))
  const { length: count } = await deps.unheld(claimed, candidates, since)
  if (count > 0)
    deps.log.warn({ connectionId, count }, 'orphaned remote objects found; see GET /connections/{id}/orphans')
  return count
}

/** A failed scan is inconclusive; the next one follows after a backoff. */
async function afterFailedScan(deps: SweepDeps, claimed: ClaimedSweep, error: unknown): Promise<number | null> {
  const { connectionId, kind } = claimed
  const { minMs, maxMs } = deps.bounds
  // Aborted at shutdown, which is inconclusive for the connection, and the next process continues.
  if (deps.shutdown.aborted) return finish(deps, claimed, { nextMs: Math.max(claimed.lastMs, minMs), seen: null })
  deps.log.warn({ err: error, connectionId, kind }, 'sweep failed')
  if (error instanceof UnknownProvider) {
    await finish(deps, claimed, { nextMs: minMs, seen: null })
    // A worker of a newer version scans: this one does not wait for the next time, to be the first again.
    return null
  }
  if (error instanceof ProviderError) await deps.connections.failed(calledBy(claimed), error)
  return finish(deps, claimed, { nextMs: Math.min(Math.max(claimed.lastMs * 2, minMs), maxMs), seen: null })
}

function calledBy(claimed: ClaimedSweep): CalledConnection {
  return { id: claimed.connectionId, version: claimed.connectionVersion, isProbe: isProbe(claimed) }
}

/** The connection was paused and no call has succeeded since. */
function isProbe({ hasFailed, notBefore }: ClaimedSweep): boolean {
  return hasFailed && notBefore !== null
}
