import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AdmissionRepository, NewWorkload } from '../../../src/workloads/intake/admission.repository.ts'
import { fingerprintOf, hashOf, makeAdmission, makeCorrelationTag } from '../../../src/workloads/intake/admission.ts'
import { databaseError } from '../../support/database-error.ts'

describe('correlation tag', () => {
  it('has the requested length and starts with the installation tag if that fits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 40 }), (length) => {
        const correlationTag = makeCorrelationTag(length, 'k7q')
        expect(correlationTag).toMatch(/^[a-z][a-z0-9]*$/)
        expect(correlationTag).toHaveLength(length)
        if (length >= 11) expect(correlationTag.startsWith('k7q')).toBe(true)
      }),
    )
  })

  it('is unique for each call', () => {
    expect(new Set(Array.from({ length: 1000 }, () => makeCorrelationTag(10, 'k7q'))).size).toBe(1000)
  })
})

describe('fingerprint', () => {
  it('does not depend on key order at any depth', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(fingerprintOf(reversed(value))).toBe(fingerprintOf(value))
      }),
    )
  })

  it('depends on types, list order and all fields', () => {
    const base = { a: 1, b: [1, 2] }
    for (const other of [{ a: '1', b: [1, 2] }, { a: 1, b: [2, 1] }, { a: 1 }, { a: 1, b: [1, 2], c: null }])
      expect(fingerprintOf(other)).not.toBe(fingerprintOf(base))
  })
})

/** The same value with reversed key order in each object. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reversed(item)]),
  )
}

const newWorkload = (id: string, body: object, key: string | null = 'k') =>
  ({
    ...{ id, projectId: 'prj_1', kind: 'job', connectionId: 'conn_1', correlationTag: 'k7qaaaaaaaa' },
    key: key === null ? null : { hash: hashOf(key), fingerprint: fingerprintOf(body), ttlHours: 24 },
  }) as NewWorkload

/** An in-memory repository in which the first insert of a key wins. */
function makeKeys(nextError: () => Error | null = () => null) {
  const holders = new Map<string, { workloadId: string; fingerprint: string }>()
  const batches: string[][] = []
  const correlationTags: string[] = []
  const recorded = new Map<string, Date>()
  const repository = {
    async insert(news: readonly NewWorkload[]) {
      const error = nextError()
      if (error !== null) throw error
      batches.push(news.map(({ id }) => id))
      const created = news.filter(({ id, key, correlationTag, projectId, kind }) => {
        correlationTags.push(correlationTag)
        const name = `${projectId}/${kind}/${key?.hash}`
        if (key === null) return true
        if (holders.has(name)) return false
        holders.set(name, { workloadId: id, fingerprint: key.fingerprint })
        return true
      })
      return new Map(created.map(({ id }) => [id, new Date(0)]))
    },
    keyHolders: async () => holders,
    recordedAt: async () => recorded,
  } as unknown as AdmissionRepository
  return {
    repository,
    recorded,
    admission: makeAdmission({ repository, concurrency: 2, maxBatch: 100 }),
    batches,
    correlationTags,
  }
}

describe('admission', () => {
  it('combines concurrent requests with equal keys into one workload and its replays', async () => {
    const { admission } = makeKeys()
    const admitted = await Promise.all(
      ['job_1', 'job_2', 'job_3'].map((id) => admission.admit(newWorkload(id, { a: 1 }))),
    )
    expect(admitted.map(({ id }) => id)).toEqual(['job_1', 'job_1', 'job_1'])
    expect(admitted.map(({ isReplay }) => isReplay)).toEqual([false, true, true])
  })

  it('rejects another body under the same key and names its workload', async () => {
    const { admission } = makeKeys()
    await admission.admit(newWorkload('job_1', { a: 1 }))
    await expect(admission.admit(newWorkload('job_2', { a: 2 }))).rejects.toMatchObject({
      code: 'idempotency_key_reused',
      message: expect.stringContaining('job_1'),
    })
  })

  it('admits workloads without a key in one batch', async () => {
    const { admission, batches } = makeKeys()
    await Promise.all([1, 2, 3].map((number) => admission.admit(newWorkload(`job_${number}`, {}, null))))
    expect(batches).toEqual([['job_1', 'job_2', 'job_3']])
  })

  it('replaces a correlation tag that already exists', async () => {
    const clash = databaseError({
      ...{ kind: 'UniqueConstraintViolation', originalCode: '23505' },
      constraint: { index: 'workloads_correlation_tag_key' },
    })
    const errors = [clash]
    const { admission, correlationTags } = makeKeys(() => errors.shift() ?? null)
    expect(await admission.admit(newWorkload('job_1', {}, null))).toMatchObject({ id: 'job_1', isReplay: false })
    expect(correlationTags).toHaveLength(1)
    expect(correlationTags[0]).toMatch(/^k7q[a-z0-9]{8}$/)
    expect(correlationTags[0]).not.toBe('k7qaaaaaaaa')
  })

  it('accepts a key again after its first request failed', async () => {
    const errors = [new Error('a bug')]
    const { admission } = makeKeys(() => errors.shift() ?? null)
    const [first, second] = await Promise.allSettled(
      ['job_1', 'job_2'].map((id) => admission.admit(newWorkload(id, {}))),
    )
    expect(first).toMatchObject({ status: 'rejected' })
    expect(second).toMatchObject({ value: { id: 'job_2', isReplay: false } })
  })

  it.each([null, 'k'])('recognizes its workload if the connection broke after the commit (key %s)', async (key) => {
    const { repository, recorded, admission } = makeKeys()
    const { insert } = repository
    let tries = 0
    repository.insert = async (news) => {
      tries += 1
      if (tries > 1) return new Map()
      for (const [id, at] of await insert(news)) if (at !== 'limited') recorded.set(id, at)
      throw databaseError({ kind: 'ConnectionClosed' })
    }
    expect(await admission.admit(newWorkload('job_1', {}, key))).toEqual({
      ...{ id: 'job_1', createdAt: new Date(0), isReplay: false },
    })
    expect(tries).toBe(2)
  })

  it('rejects a request over the quota unless its record or its key exists', async () => {
    const { repository, recorded, admission } = makeKeys()
    await admission.admit(newWorkload('job_1', {}))
    repository.insert = async (news) => new Map(news.map(({ id }) => [id, 'limited']))
    repository.insertWithinQuota = async (news) => new Map(news.map(({ id }) => [id, { overQuota: '1 of 1 jobs' }]))
    recorded.set('job_2', new Date(0))
    const admit = (id: string, key: string | null) => admission.admit(newWorkload(id, {}, key))
    expect(await admit('job_2', null)).toMatchObject({ id: 'job_2', isReplay: false })
    expect(await admit('job_3', 'k')).toMatchObject({ id: 'job_1', isReplay: true })
    await expect(admit('job_4', null)).rejects.toMatchObject({
      code: 'quota_exceeded',
      message: expect.stringContaining('1 of 1 jobs'),
    })
  })

  it('rejects with not_found if nothing was recorded', async () => {
    const { repository, admission } = makeKeys()
    repository.insert = async () => new Map()
    await expect(admission.admit(newWorkload('job_1', {}, null))).rejects.toMatchObject({ code: 'not_found' })
  })
})
