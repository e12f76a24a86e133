import { isTransientError } from '../../infra/database-errors.ts'
import { yieldingMap } from '../../infra/yielding-map.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { NewWorkload } from './admission.repository.ts'
import { type Admitted, hashOf, keyedFingerprintOf } from './admission.ts'
import { considerAcceptable } from './consider.ts'
import { sharingLookups } from './lookup-sharing.ts'
import { newWorkload } from './new-workload.ts'
import { asRecorded } from './recorded.ts'
import type { SubmissionBody, SubmitDeps, Submitted } from './submission.ts'

/** Most requests of a batch. */
export const maxBatchItems = 1000

export interface BatchSubmission<K extends Kind> {
  projectId: string
  by: Actor
  kind: K
  items: readonly BatchItem<K>[]
}

export interface BatchItem<K extends Kind> {
  body: SubmissionBody<K>
  /** Its idempotency key; no other item has it. */
  key: string | null
}

/** The record of an item, or why there is none: an ApiError, or the error of a defect. */
export type BatchOutcome<K extends Kind> = Submitted<K> | Failed

export type SubmitBatch = ReturnType<typeof makeSubmitBatch>

interface Failed {
  error: unknown
}

/** `created`: what was written; null if an earlier request wrote the record. */
type Settled = (Admitted & { created: NewWorkload | null }) | Failed

/**
 * Accepts many requests, each separately and with the same rules as a single one, with a number of statements that does
 * not depend on theirs.
 */
export function makeSubmitBatch(deps: SubmitDeps) {
  /** Outcomes in the order of the items. Fails only if no item was accepted and the database is unavailable. */
  return async function submitBatch<K extends Kind>(batch: BatchSubmission<K>): Promise<BatchOutcome<K>[]> {
    const considered = await considerAll(deps, batch)
    const [admitted, replayed] = await Promise.all([
      deps.admission.admitAll(considered.flatMap((item) => ('created' in item ? [item.created] : []))),
      replaysAmong(deps, batch, considered),
    ])
    const next = admitted.values()
    const settled = considered.map((item, index): Settled => {
      if (!('created' in item)) return replayed.get(index) ?? item
      const result = next.next().value
      if (result?.status !== 'fulfilled') return { error: result?.reason }
      return { ...result.value, created: item.created }
    })
    rethrowOutage(settled)
    announce(deps, batch.projectId, settled)
    return withRecords(deps, batch, settled)
  }
}

type ConsideredItem = { created: NewWorkload } | Failed

/** Checks the items in order. Each environment and connection is looked up once. */
async function considerAll<K extends Kind>(
  deps: SubmitDeps,
  { items, ...common }: BatchSubmission<K>,
): Promise<ConsideredItem[]> {
  const lookups = await sharingLookups(deps, common.projectId, items)
  return yieldingMap<BatchItem<K>, ConsideredItem>(items, async (item) => {
    const submission = { ...common, ...item }
    return considerAcceptable(lookups, submission)
      .then((acceptable) => ({ created: newWorkload(deps, submission, acceptable) }))
      .catch(failed)
  })
}

/** Rejected items whose key is held: a repetition returns its record, even if its connection has changed since. */
async function replaysAmong<K extends Kind>(
  { admission, secretBox }: SubmitDeps,
  { projectId, kind, items }: BatchSubmission<K>,
  considered: readonly ConsideredItem[],
): Promise<Map<number, Settled>> {
  const rejected = items.flatMap(({ key, body }, index) => {
    const item = considered[index]
    if (key === null || item === undefined || !('error' in item) || !(item.error instanceof ApiError)) return []
    return [{ index, error: item.error, key, body }]
  })
  const lookups = await yieldingMap(rejected, ({ key, body, ...item }) => ({
    ...item,
    name: { projectId, kind, hash: hashOf(key), ...keyedFingerprintOf(body, secretBox) },
  }))
  const found = lookups.map(async ({ index, error, name }): Promise<[number, Settled]> => {
    const id = await admission.holderOf(name).catch((reused: unknown) => ({ error: reused }))
    if (id === null) return [index, { error }]
    return [index, typeof id === 'object' ? id : { id, createdAt: new Date(), isReplay: true, created: null }]
  })
  return new Map(await Promise.all(found))
}

/** If nothing is known to be stored, the whole request can be repeated. A defect fails its item only. */
function rethrowOutage(settled: readonly Settled[]): void {
  if (settled.some((item) => 'id' in item)) return
  const failed = settled.find((item) => 'error' in item && isTransientError(item.error))
  if (failed !== undefined && 'error' in failed) throw failed.error
}

function announce({ notifier, hint }: SubmitDeps, projectId: string, settled: readonly Settled[]): void {
  const fresh = settled.flatMap((item) =>
    'id' in item && !item.isReplay && item.created !== null ? [item.created] : [],
  )
  if (fresh.length > 0) notifier.changed([projectId])
  for (const connectionId of new Set(fresh.map((created) => created.connectionId))) hint(connectionId)
}

/** New records as they were written; replayed ones are read in one statement, and only they fail with it. */
async function withRecords<K extends Kind>(
  { reads }: SubmitDeps,
  { projectId, kind, items }: BatchSubmission<K>,
  settled: readonly Settled[],
): Promise<BatchOutcome<K>[]> {
  const ids = settled.flatMap((item) => ('id' in item && item.isReplay ? [item.id] : []))
  const records = ids.length === 0 ? new Map() : await reads.byIds(projectId, kind, ids).catch(failed)
  return settled.map((item, index) => {
    const hasKey = typeof items[index]?.key === 'string'
    if (!('id' in item)) return { error: outageOr(item.error, { hasKey }) }
    const { id, createdAt, isReplay, created } = item
    if (!isReplay && created !== null) return { workload: asRecorded(kind, created, createdAt), isReplay }
    if ('error' in records) return { error: outageOr(records.error, { hasKey }) }
    const workload = records.get(id)
    return workload === undefined ? { error: new Error(`${id} was admitted and is not there`) } : { workload, isReplay }
  })
}

function failed(error: unknown): Failed {
  return { error }
}

/** An outage is not a defect. The job may be stored all the same, so it is safe to repeat only with its key. */
function outageOr(error: unknown, { hasKey }: { hasKey: boolean }): unknown {
  if (!isTransientError(error)) return error
  const remedy = hasKey
    ? 'Repeat this job with the same key.'
    : 'This job has no idempotency key and may be stored: look for it with GET /jobs before you submit it again.'
  return new ApiError('unavailable', `A dependency is temporarily unavailable. ${remedy}`, {
    isRetryable: hasKey,
    cause: error,
  })
}
