import { hash, randomInt } from 'node:crypto'
import { setImmediate as nextTick } from 'node:timers/promises'
import { makeBatcher } from '../../infra/batcher.ts'
import { isDataError, isTransientError, isUniqueViolation } from '../../infra/database-errors.ts'
import type { SecretBox } from '../../secrets/secret-box.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import type { Json } from '../../vocabulary/json.ts'
import { quotaExceeded } from '../../vocabulary/quota.ts'
import { type AdmissionRepository, HeldObjectError, type NewWorkload } from './admission.repository.ts'
import type { OverQuota } from './quota.ts'

export interface Admitted {
  id: string
  createdAt: Date
  /** Whether the key was used before with the same body; `id` is then that workload's. */
  isReplay: boolean
}

export interface Admission {
  /**
   * Records a workload durably, batched with concurrent requests. Resolves after the commit. Fails with
   * `idempotency_key_reused` (other body), `quota_exceeded`, or `not_found` (the connection was deleted meanwhile).
   */
  admit(workload: NewWorkload): Promise<Admitted>
  /** The workload that holds this key; null = the key is new. Fails if it was used with another body. */
  holderOf(key: { projectId: string; kind: string; hash: string } & Fingerprint): Promise<string | null>
}

/** Identifies a body; one with secrets may have been fingerprinted with another key of the ring. */
export interface Fingerprint {
  fingerprint: string
  otherFingerprints?: readonly string[]
}

interface Deps {
  repository: AdmissionRepository
  concurrency: number
  maxBatch: number
}

/** When a workload was recorded, or why not; null = its key is held, or its connection is deleted. */
type Outcome = Date | 'limited' | OverQuota | null

const maxLimited = 10_000

export function makeAdmission({ repository, concurrency, maxBatch }: Deps): Admission {
  const batchersOf = (count: number, insertAll: (news: readonly NewWorkload[]) => Promise<Map<string, Outcome>>) =>
    makeBatcher<NewWorkload, Outcome>({
      concurrency: count,
      maxItems: maxBatch,
      // Leaves half of each statement to other projects.
      keyOf: ({ projectId }) => projectId,
      maxPerKey: Math.ceil(maxBatch / 2),
      isDataError: (error) => isDataError(error) || error instanceof HeldObjectError,
      isTransient: isTransientError,
      flush: async (news) => {
        const inserted = await insertAll(news)
        return news.map((item) => inserted.get(item.id) ?? null)
      },
    })
  const insertFreely = batchersOf(concurrency, (news) => repository.insert(news))
  /** One at a time: a second statement would wait for the projects that the first has locked. */
  const insertWithinQuota = batchersOf(1, (news) => repository.insertWithinQuota(news))
  /** Projects that recently had a quota. Counting without a quota is only slower. */
  const limited = new Set<string>()

  /** Projects without a quota pay nothing for it: the insert reports if one must be checked. */
  async function insert(workload: NewWorkload): Promise<Outcome> {
    const { projectId } = workload
    // An import is rare, and needs a transaction as well.
    if (workload.object !== undefined) return insertWithinQuota(workload)
    const free = limited.has(projectId) ? 'limited' : await insertFreely(workload)
    if (free !== 'limited') return free
    if (limited.size >= maxLimited) limited.clear()
    limited.add(projectId)
    return insertWithinQuota(workload)
  }

  /** Concurrent requests with equal keys are serialized: later ones become replays of the first. */
  const inFlight = new Map<string, Promise<unknown>>()

  async function admit(workload: NewWorkload): Promise<Admitted> {
    if (workload.key === null) return record(workload)
    const id = keyOf(workload, workload.key.hash)
    const earlier = inFlight.get(id)
    if (earlier !== undefined) {
      await earlier.catch(() => {})
      await nextTick()
      return admit(workload)
    }
    const now = record(workload)
    inFlight.set(id, now)
    return now.finally(() => inFlight.delete(id))
  }

  async function record(workload: NewWorkload): Promise<Admitted> {
    const inserted = await insertWithFreshTag(workload)
    if (inserted instanceof Date) return { id: workload.id, createdAt: inserted, isReplay: false }
    // An earlier try may have been committed just before its connection was lost, and counts against the quota.
    const createdAt = await repository.recordedAt(workload.id)
    if (createdAt !== null) return { id: workload.id, createdAt, isReplay: false }
    return replay(workload, inserted === 'limited' ? null : inserted)
  }

  /** Tags are random; a duplicate is drawn again. */
  async function insertWithFreshTag(workload: NewWorkload): Promise<Outcome> {
    try {
      return await insert(workload)
    } catch (error) {
      if (!isUniqueViolation(error, 'workloads_correlation_tag_key')) throw error
      return insert({ ...workload, correlationTag: redrawn(workload.correlationTag) })
    }
  }

  async function replay(workload: NewWorkload, inserted: OverQuota | null): Promise<Admitted> {
    const { projectId, kind, key } = workload
    const holder = key === null ? null : await holderOf({ projectId, kind, ...key })
    if (holder === null) throw inserted === null ? connectionGone(workload) : quotaExceeded(inserted.overQuota)
    return { id: holder, createdAt: new Date(), isReplay: holder !== workload.id }
  }

  async function holderOf({
    fingerprint,
    otherFingerprints = [],
    ...key
  }: Parameters<Admission['holderOf']>[0]): Promise<string | null> {
    const holders = await repository.keyHolders([key])
    const holder = holders.get(`${key.projectId}/${key.kind}/${key.hash}`)
    if (holder === undefined) return null
    if (![fingerprint, ...otherFingerprints].includes(holder.fingerprint)) throw keyReused(holder.workloadId)
    return holder.workloadId
  }

  return { admit, holderOf }
}

/** Random letters and digits, eight per drawn number. */
function draw(count: number): string {
  let drawn = ''
  while (drawn.length < count)
    drawn += randomInt(36 ** 8)
      .toString(36)
      .padStart(8, '0')
  return drawn.slice(0, count)
}

/**
 * A correlation tag: `[a-z][a-z0-9]*`. If there is room, it starts with the installation's tag, so that two gateways on
 * one account can distinguish their objects.
 */
export function makeCorrelationTag(length: number, installationTag: string): string {
  if (length >= installationTag.length + 8) return installationTag + draw(length - installationTag.length)
  return `${(10 + randomInt(26)).toString(36)}${draw(length - 1)}`
}

function redrawn(correlationTag: string): string {
  return correlationTag.slice(0, 3) + draw(correlationTag.length - 3)
}

/** SHA-256 of a parsed body, independent of key order. */
export function fingerprintOf(body: unknown): string {
  return hashOf(canonical(body))
}

/** A keyed hash for bodies with secrets: a plain one would let a reader of the table guess short secrets. */
export function keyedFingerprintOf(
  body: { readonly secretVariables?: object },
  secretBox: Pick<SecretBox, 'digest'>,
): Fingerprint {
  if (body.secretVariables === undefined) return { fingerprint: fingerprintOf(body) }
  const { digest, byOtherKeys } = secretBox.digest(canonical(body))
  return { fingerprint: digest, otherFingerprints: byOtherKeys }
}

export function hashOf(key: string): string {
  return hash('sha256', key)
}

function canonical(body: unknown): string {
  return JSON.stringify(sorted(body as Json))
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  )
}

function keyOf(workload: NewWorkload, hash: string): string {
  return `${workload.projectId}/${workload.kind}/${hash}`
}

function connectionGone(workload: NewWorkload): ApiError {
  return new ApiError('not_found', `Connection ${workload.connectionId} does not exist. See GET /connections.`)
}

function keyReused(workloadId: string): ApiError {
  const detail = `This Idempotency-Key was used for ${workloadId} with a different body. Send the same body, or a new key.`
  return new ApiError('idempotency_key_reused', detail, {
    errors: [{ in: 'header', pointer: 'idempotency-key', code: 'reused', detail }],
  })
}
