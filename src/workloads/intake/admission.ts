import { hash, randomInt } from 'node:crypto'
import { setImmediate as nextTick } from 'node:timers/promises'
import { isUniqueViolation } from '../../infra/database-errors.ts'
import type { SecretBox } from '../../secrets/secret-box.ts'
import { ApiError } from '../../vocabulary/api-error.ts'
import type { Json } from '../../vocabulary/json.ts'
import { quotaExceeded } from '../../vocabulary/quota.ts'
import { type KeyName, type NewWorkload, nameOfKey } from './admission.repository.ts'
import { type Insert, type InsertDeps, makeInserts, type Outcome } from './admission-inserts.ts'
import { makeAdmissionLookups } from './admission-lookups.ts'
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
  /**
   * Records the workloads of one request, in one statement if they are at most `maxBulk` and no other request is
   * waiting. Each is admitted or fails separately, in the same way. No key may occur twice.
   */
  admitAll(workloads: readonly NewWorkload[]): Promise<PromiseSettledResult<Admitted>[]>
  /** The workload that holds this key; null = the key is new. Fails if it was used with another body. */
  holderOf(key: KeyName & Fingerprint): Promise<string | null>
}

/** Identifies a body; one with secrets may have been fingerprinted with another key of the ring. */
export interface Fingerprint {
  fingerprint: string
  otherFingerprints?: readonly string[]
}

export function makeAdmission(deps: InsertDeps): Admission {
  const { single, bulk } = makeInserts(deps)
  const { recordedAt, currentHolder } = makeAdmissionLookups(deps.repository, deps.maxBulk ?? deps.maxBatch)

  /** Concurrent requests with equal keys are serialized: later ones become replays of the first. */
  const inFlight = new Map<string, Promise<unknown>>()

  async function admit(workload: NewWorkload, insert: Insert): Promise<Admitted> {
    if (workload.key === null) return record(workload, insert)
    const id = nameOfKey({ ...workload, hash: workload.key.hash })
    const earlier = inFlight.get(id)
    if (earlier !== undefined) {
      await earlier.catch(() => {})
      await nextTick()
      return admit(workload, insert)
    }
    const now = record(workload, insert)
    inFlight.set(id, now)
    return now.finally(() => inFlight.delete(id))
  }

  async function record(workload: NewWorkload, insert: Insert): Promise<Admitted> {
    const inserted = await insertWithFreshTag(workload, insert)
    if (inserted instanceof Date) return { id: workload.id, createdAt: inserted, isReplay: false }
    // An earlier try may have been committed just before its connection was lost, and counts against the quota.
    const createdAt = await recordedAt(workload.id)
    if (createdAt !== null) return { id: workload.id, createdAt, isReplay: false }
    return replay(workload, inserted === 'limited' ? null : inserted)
  }

  /** Tags are random; a duplicate is replaced. */
  async function insertWithFreshTag(workload: NewWorkload, insert: Insert): Promise<Outcome> {
    try {
      return await insert(workload)
    } catch (error) {
      if (!isUniqueViolation(error, 'workloads_correlation_tag_key')) throw error
      return insert({ ...workload, correlationTag: withNewSuffix(workload.correlationTag) })
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
    const holder = await currentHolder(key)
    if (holder === null) return null
    if (![fingerprint, ...otherFingerprints].includes(holder.fingerprint)) throw keyReused(holder.workloadId)
    return holder.workloadId
  }

  return {
    admit: (workload) => admit(workload, single),
    admitAll: (workloads) => Promise.allSettled(workloads.map((workload) => admit(workload, bulk))),
    holderOf,
  }
}

/** Random letters and digits, eight per random number. */
function randomText(count: number): string {
  let text = ''
  while (text.length < count)
    text += randomInt(36 ** 8)
      .toString(36)
      .padStart(8, '0')
  return text.slice(0, count)
}

/**
 * A correlation tag: `[a-z][a-z0-9]*`. If long enough, it starts with the installation's tag, so that two gateways on
 * one account can distinguish their objects.
 */
export function makeCorrelationTag(length: number, installationTag: string): string {
  if (length >= installationTag.length + 8) return installationTag + randomText(length - installationTag.length)
  return `${(10 + randomInt(26)).toString(36)}${randomText(length - 1)}`
}

function withNewSuffix(correlationTag: string): string {
  return correlationTag.slice(0, 3) + randomText(correlationTag.length - 3)
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

function connectionGone(workload: NewWorkload): ApiError {
  return new ApiError('not_found', `Connection ${workload.connectionId} does not exist. See GET /connections.`)
}

function keyReused(workloadId: string): ApiError {
  const detail = `This Idempotency-Key was used for ${workloadId} with a different body. Send the same body, or a new key.`
  return new ApiError('idempotency_key_reused', detail, {
    errors: [{ in: 'header', pointer: 'idempotency-key', code: 'reused', detail }],
  })
}
