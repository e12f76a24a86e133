import { orphanCandidate } from '../connections/orphans.ts'
import type { Driver, Observation } from '../providers/provider.ts'
import { ProviderError } from '../providers/provider-error.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { isTerminal, type Transitions } from '../vocabulary/transitions.ts'
import { hideInSighting } from './hide.ts'
import type { Change, Facts, Tempo, WorkloadKind, WorkloadKinds } from './kind.ts'
import { isSomebodyElses, observed, tellsNews } from './observe.ts'
import type { CalledConnection, Connections, Log, Wake } from './ports.ts'
import { factsOf } from './reconcile.ts'
import type { OpenSecrets } from './secret-variables.ts'
import type { ClaimedSweep, SweepsRepository, Watched } from './sweeps.repository.ts'
import { after, nextSweepMs } from './tempo.ts'
import { transition } from './transition.ts'
import type { Workload } from './workload.ts'
import type { Write, Written } from './writes.repository.ts'

export interface SweepDeps {
  kinds: WorkloadKinds
  repository: SweepsRepository
  connections: Connections
  secretsOfAll: OpenSecrets['ofAll']
  write(write: Write): Promise<Written>
  /** Those of the marks in a list of this kind that live records hold, or that are another kind's. */
  heldMarks(kind: Kind, marks: readonly string[]): Promise<ReadonlySet<string>>
  installationTag: string
  wake: Wake
  log: Log
  tempo: Tempo
  bounds: SweepBounds
  shutdown: AbortSignal
}

export interface SweepBounds {
  minMs: number
  maxMs: number
  /** One page at most. */
  callTimeoutMs: number
  maxPages: number
  maxWatched: number
  /** An object younger than this may be missing from a list without a reason. */
  graceMs: number
}

/** What one walk found out. */
interface Walk {
  /** The watched workloads whose objects it showed. */
  seenIds: ReadonlySet<string>
  isComplete: boolean
  changed: number
  /** Marks of active objects that nothing watched explains. */
  strayMarks: readonly string[]
}

/**
 * One walk over a connection's list: every watched workload is compared with what the provider shows, page by page.
 * What did not change costs no write; what is missing from a complete walk is looked at by itself.
 */
export function makeSweep(deps: SweepDeps) {
  return async function sweep(claimed: ClaimedSweep): Promise<void> {
    if (claimed.kind === 'job') return walk(deps, deps.kinds.job, claimed)
    return walk(deps, deps.kinds.environment, claimed)
  }
}

async function walk<K extends Kind>(deps: SweepDeps, kind: WorkloadKind<K>, claimed: ClaimedSweep): Promise<void> {
  const { repository, bounds } = deps
  if (claimed.notBefore !== null && claimed.notBefore > claimed.startedAt) {
    const nextMs = claimed.notBefore.getTime() - claimed.startedAt.getTime()
    return repository.finish(claimed, { nextMs, seen: null })
  }
  if (claimed.isHeld) return repository.finish(claimed, { nextMs: bounds.maxMs, seen: null })
  const watched = await repository.watched(claimed.connectionId, kind.name, bounds.maxWatched)
  if (watched.length === 0) return repository.finish(claimed, { nextMs: null, seen: 0 })
  try {
    const connection = await deps.connections.open(claimed.connectionId, claimed.connectionVersion)
    const driver = connection.driver(kind.name)
    if (driver === undefined) return repository.finish(claimed, { nextMs: null, seen: null })
    if (isProbe(claimed) && !(await deps.connections.mayProbe(claimed.connectionId)))
      return repository.finish(claimed, { nextMs: bounds.maxMs, seen: null })
    const result = await readPages({ ...deps, kind, driver, claimed }, watched)
    if (result.isComplete) await lookForMissing({ ...deps, kind, driver, claimed }, watched, result.seenIds)
    const nextMs = nextSweepMs({
      lastMs: claimed.lastMs,
      changed: result.changed > 0,
      minMs: bounds.minMs,
      maxMs: bounds.maxMs,
    })
    const orphans = result.isComplete ? await countOrphans(deps, claimed, result.strayMarks) : null
    await repository.finish(claimed, { nextMs, seen: result.seenIds.size, orphans })
    if (claimed.hasFailed) await deps.connections.succeeded(calledBy(claimed))
  } catch (error) {
    await giveUp(deps, claimed, error)
  }
}

/** What the walk showed beyond what is watched: made a moment ago, or by nobody who is still here. Nothing is deleted. */
async function countOrphans(
  deps: SweepDeps,
  { connectionId, kind }: ClaimedSweep,
  marks: readonly string[],
): Promise<number> {
  if (marks.length === 0) return 0
  const held = await deps.heldMarks(kind, marks)
  const count = marks.filter((mark) => !held.has(mark)).length
  if (count > 0) deps.log.warn({ connectionId, count }, 'orphans: see GET /connections/{id}/orphans')
  return count
}

/** A walk that failed proves nothing; the next one comes later. */
async function giveUp(deps: SweepDeps, claimed: ClaimedSweep, error: unknown): Promise<void> {
  const { connectionId, kind } = claimed
  deps.log.warn({ err: error, connectionId, kind }, 'a sweep failed')
  if (error instanceof ProviderError) await deps.connections.failed(calledBy(claimed), error)
  const { minMs, maxMs } = deps.bounds
  await deps.repository.finish(claimed, { nextMs: Math.min(Math.max(claimed.lastMs * 2, minMs), maxMs), seen: null })
}

function calledBy(claimed: ClaimedSweep): CalledConnection {
  return { id: claimed.connectionId, version: claimed.connectionVersion, isProbe: isProbe(claimed) }
}

/** Its connection was paused and nobody knows yet whether it works again. */
function isProbe({ hasFailed, notBefore }: ClaimedSweep): boolean {
  return hasFailed && notBefore !== null
}

interface WalkDeps<K extends Kind> extends SweepDeps {
  kind: WorkloadKind<K>
  driver: Driver<K>
  claimed: ClaimedSweep
}

async function readPages<K extends Kind>(deps: WalkDeps<K>, watched: readonly Watched[]): Promise<Walk> {
  const { driver, bounds, shutdown } = deps
  // Where ids are given out again, two records may have the same one: an object is of those whose mark it may carry.
  const byRemoteId = Map.groupBy(watched, ({ remoteId }) => remoteId)
  const seenIds = new Set<string>()
  const remoteIds = [...byRemoteId.keys()]
  let cursor: string | null = null
  const strayMarks: string[] = []
  let changed = 0
  for (let page = 0; page < bounds.maxPages; page += 1) {
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
    const strangers = sightings.flatMap(({ observation, items }) => (items.length === 0 ? [observation] : []))
    strayMarks.push(...strayMarksIn(deps, strangers))
    changed += await applyPage(deps, ours)
    if (next === null) return { seenIds, isComplete: watched.length < bounds.maxWatched, changed, strayMarks }
    cursor = next
  }
  deps.log.warn(
    { connectionId: deps.claimed.connectionId, pages: bounds.maxPages },
    'a list is longer than a sweep reads',
  )
  return { seenIds, isComplete: false, changed, strayMarks }
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
  const workloads = (await deps.repository.unchanged(ours.map(({ item }) => item))) as Workload<K>[]
  const secretsOf = await deps.secretsOfAll(workloads)
  const changes = workloads.flatMap((workload) => {
    const shown = observations.get(workload.id)
    if (shown === undefined) return []
    const seen = hideInSighting(secretsOf(workload.id).hide, shown)
    const change = observed(deps.kind, workload, seen, { now: deps.claimed.startedAt, tempo: deps.tempo })
    return tellsNews(workload, change) ? [{ workload, change }] : []
  })
  return writeAll(deps, changes)
}

/**
 * Watched workloads that a complete walk did not show are looked at one by one; nothing is concluded from a list alone.
 * One that suddenly lacks very many is itself suspect: only a few are looked at per walk, the longest unseen first.
 */
async function lookForMissing<K extends Kind>(
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
  const workloads = (await deps.repository.unchanged(longestUnseen)) as Workload<K>[]
  const newlyMissing = workloads.filter((workload) => workload.missingSince === null)
  const change: Change<K> = { missingSince: claimed.startedAt }
  await writeAll(
    deps,
    newlyMissing.map((workload) => ({ workload, change })),
  )
}

async function writeAll<K extends Kind>(
  deps: WalkDeps<K>,
  changes: readonly { workload: Workload<K>; change: Change<K> }[],
): Promise<number> {
  const results = await Promise.allSettled(changes.map((item) => writeOne(deps, item)))
  results.forEach((result, index) => {
    if (result.status === 'rejected')
      deps.log.error({ err: result.reason, workloadId: changes[index]?.workload.id }, 'a sighting could not be written')
  })
  return results.filter((result) => result.status === 'fulfilled' && result.value).length
}

async function writeOne<K extends Kind>(
  deps: WalkDeps<K>,
  { workload, change }: { workload: Workload<K>; change: Change<K> },
): Promise<boolean> {
  const facts = factsFor(deps, { ...workload, ...change })
  const write = transition(
    deps.kind,
    workload,
    { change, answer: null },
    { facts, basis: { version: workload.version } },
  )
  const written = await deps.write(write as unknown as Write)
  if (!written.isWritten) return false
  if (write.isNews) deps.wake.changed([workload.id])
  if (write.event !== null)
    deps.log.info({ workloadId: workload.id, provider: workload.provider, ...write.event.data }, write.event.type)
  return true
}

function factsFor<K extends Kind>({ claimed, driver, tempo }: WalkDeps<K>, workload: Workload<K>): Facts<K> {
  const { connectionVersion, notBefore, pauseReason, startedAt } = claimed
  const none = {
    connectionFailures: 0,
    connectionHeld: false,
    hasLiveJobs: false,
    environmentStatus: null,
    environmentRemoteId: null,
    environmentDesired: null,
    firstSentAt: null,
    attempt: null,
  }
  return factsOf(
    { id: workload.id, now: startedAt, connectionVersion, notBefore, pauseReason, ...none },
    workload,
    driver,
    tempo,
  )
}
