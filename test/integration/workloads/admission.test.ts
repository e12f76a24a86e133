import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, makeDatabase } from '../../../src/infra/database.ts'
import { makeId } from '../../../src/vocabulary/ids.ts'
import { makeAdmissionRepository, type NewWorkload } from '../../../src/workloads/intake/admission.repository.ts'
import { type Admission, hashOf, makeAdmission, makeCorrelationTag } from '../../../src/workloads/intake/admission.ts'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts'

const projectId = makeId('project')
const connectionId = makeId('connection')

const newJob = (more: Partial<NewWorkload> = {}): NewWorkload => ({
  id: makeId('job'),
  eventId: makeId('event'),
  by: { subject: 'key_test', address: '127.0.0.1', requestId: 'test' },
  projectId,
  kind: 'job',
  provider: 'dataforest',
  connectionId,
  environmentId: null,
  name: 'train',
  labels: { team: 'red' },
  spec: { name: 'train' },
  correlationTag: makeCorrelationTag(12, 'tst'),
  status: 'queued',
  imported: false,
  remoteId: null,
  accelerators: 0,
  key: null,
  ...more,
})
const keyed = (key: string, more: Partial<NewWorkload> = {}): NewWorkload =>
  newJob({ key: { hash: hashOf(key), fingerprint: hashOf('body'), ttlHours: 1 }, ...more })

describe.each([{ isLimited: false }, { isLimited: true }])('batched admission (limited: $isLimited)', (limits) => {
  let database: TestDatabase
  let sql: Client
  let open: Database[]
  let admission: Admission

  /** The admission of one process, with a separate pool and batcher. */
  function makeProcessAdmission(maxBatch = 64): Admission {
    const opened = makeDatabase({ url: database.url, poolSize: 4 })
    open.push(opened)
    return makeAdmission({ repository: makeAdmissionRepository(opened), concurrency: 1, maxBatch })
  }

  beforeAll(async () => {
    database = await createTestDatabase()
    open = []
    sql = new Client({ connectionString: database.url })
    await sql.connect()
    await sql.query(
      `INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials) VALUES ($1, $2, 'dataforest', 'c', '{}', 'x')`,
      [connectionId, projectId],
    )
    if (limits.isLimited)
      await sql.query("INSERT INTO projects (id, name, max_active_workloads) VALUES ($1, 'limited', 100000)", [
        projectId,
      ])
    admission = makeProcessAdmission()
  })

  afterAll(async () => {
    for (const each of open) await each.close()
    await sql.end()
    await database.drop()
  })

  const count = async (table: string, ids: readonly string[]) => {
    const column = table === 'workloads' ? 'id' : 'workload_id'
    const { rows } = await sql.query(`SELECT count(*)::int AS n FROM ${table} WHERE ${column} = ANY($1)`, [ids])
    return rows[0].n as number
  }

  it.for<[string, Partial<NewWorkload>]>([
    ['a NUL in its name', { name: 'a\u0000b' }],
    ['a lone surrogate in its spec', { spec: { script: '\ud800' } }],
    ['a status that is invalid for its kind', { status: 'stopping' }],
    ['a key lifetime out of range', { key: { hash: hashOf('x'), fingerprint: hashOf('y'), ttlHours: 1e10 } }],
  ])('rejects the row with %s and stores the other 63', async ([, invalid]) => {
    const batch = Array.from({ length: 64 }, (_, index) => newJob(index === 40 ? invalid : {}))
    const results = await Promise.allSettled(batch.map((item) => admission.admit(item)))
    const failed = results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))
    expect(failed).toEqual([40])
    const ids = batch.map(({ id }) => id)
    expect(await count('workloads', ids)).toBe(63)
    expect(await count('workload_events', ids)).toBe(63)
    expect(await count('workload_labels', ids)).toBe(63)
  })

  it('regenerates a correlation tag in use and keeps the other rows', async () => {
    const correlationTag = makeCorrelationTag(12, 'tst')
    const batch = Array.from({ length: 8 }, (_, index) =>
      keyed(`tag-${index}`, { correlationTag: index < 3 ? correlationTag : makeCorrelationTag(12, 'tst') }),
    )
    const admitted = await Promise.all(batch.map((item) => admission.admit(item)))
    expect(admitted.map(({ id }) => id)).toEqual(batch.map(({ id }) => id))
    const { rows } = await sql.query('SELECT correlation_tag AS "correlationTag" FROM workloads WHERE id = ANY($1)', [
      batch.map(({ id }) => id),
    ])
    expect(new Set(rows.map((row) => row.correlationTag)).size).toBe(8)
    expect(rows.every((row) => /^tst[a-z0-9]{9}$/.test(row.correlationTag))).toBe(true)
  })

  it('stores rows once if they are repeated after a lost response', async () => {
    const repository = makeAdmissionRepository(makeOpen())
    const insert = limits.isLimited ? repository.insertWithinQuota : repository.insert
    const batch = [newJob(), keyed('twice')]
    expect((await insert(batch)).size).toBe(2)
    await insert(batch)
    expect(
      await count(
        'workload_events',
        batch.map(({ id }) => id),
      ),
    ).toBe(2)
    const repeated = await admission.admit(batch[1] as NewWorkload)
    expect(repeated).toMatchObject({ id: batch[1]?.id })
  })

  it('does not deadlock on equal keys in opposite order in two processes', async () => {
    const processes = [makeProcessAdmission(), makeProcessAdmission()] as const
    const before = await deadlocks()
    for (let round = 0; round < 8; round += 1) {
      const keys = Array.from({ length: 40 }, (_, index) => `round-${round}-${index}`)
      const [ours, theirs] = await Promise.all([
        Promise.all(keys.map((key) => processes[0].admit(keyed(key)))),
        Promise.all(keys.toReversed().map((key) => processes[1].admit(keyed(key)))),
      ])
      expect(theirs.toReversed().map(({ id }) => id)).toEqual(ours.map(({ id }) => id))
      expect([...ours, ...theirs].filter(({ isReplay }) => !isReplay)).toHaveLength(keys.length)
    }
    expect(await deadlocks()).toBe(before)
  })

  it.runIf(limits.isLimited)('locks projects in one order across two processes', async () => {
    const projects = Array.from({ length: 6 }, () => makeId('project'))
    for (const id of projects)
      await sql.query('INSERT INTO projects (id, name, max_active_workloads) VALUES ($1, $1, 12)', [id])
    const processes = [makeProcessAdmission(), makeProcessAdmission()] as const
    const before = await deadlocks()
    const send = (to: Admission, ids: readonly string[]) =>
      Promise.allSettled([1, 2].flatMap(() => ids.map((id) => to.admit(newJob({ projectId: id })))))
    const outcomes = []
    for (let round = 0; round < 5; round += 1) {
      const sent = await Promise.all([send(processes[0], projects), send(processes[1], projects.toReversed())])
      outcomes.push(...sent.flat())
    }
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(6 * 12)
    expect(await deadlocks()).toBe(before)
  })

  it('rejects a row with a deleted connection and stores the rest', async () => {
    const gone = makeId('connection')
    await sql.query(
      `INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials, deleted_at) VALUES ($1, $2, 'dataforest', $1, '{}', '', now())`,
      [gone, projectId],
    )
    const batch = [newJob(), keyed('gone', { connectionId: gone }), newJob()]
    const [first, rejected, last] = await Promise.allSettled(batch.map((item) => admission.admit(item)))
    expect([first?.status, last?.status]).toEqual(['fulfilled', 'fulfilled'])
    expect(rejected).toMatchObject({ status: 'rejected', reason: { code: 'not_found' } })
    const { rows } = await sql.query("SELECT 1 FROM idempotency_keys WHERE key_hash = decode($1, 'hex')", [
      hashOf('gone'),
    ])
    expect(rows).toEqual([])
  })

  it('creates one record for concurrent requests with equal keys', async () => {
    const key = randomUUID()
    const admitted = await Promise.all(Array.from({ length: 20 }, () => admission.admit(keyed(key))))
    expect(new Set(admitted.map(({ id }) => id)).size).toBe(1)
    expect(admitted.filter(({ isReplay }) => !isReplay)).toHaveLength(1)
  })

  function makeOpen(): Database {
    const opened = makeDatabase({ url: database.url, poolSize: 2 })
    open.push(opened)
    return opened
  }

  async function deadlocks(): Promise<number> {
    await sql.query('SELECT pg_stat_force_next_flush()')
    const { rows } = await sql.query(
      'SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()',
    )
    return rows[0].n
  }
})
