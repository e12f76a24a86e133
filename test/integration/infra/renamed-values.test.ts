import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrate } from '../../../src/infra/migrate.ts'
import { migrationNames, migrationsDir } from '../../../src/infra/migrations.ts'
import { useSqlClient, useTestDatabase } from '../../support/test-database.ts'

const renaming = '20261127230500_plain_words'

let before: string

/** A database at the version before the renaming migration. */
const database = await useTestDatabase()
const client = await useSqlClient(database)

beforeAll(async () => {
  await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public')
  before = await mkdtemp(join(tmpdir(), 'switchyard-migrations-'))
  const earlier = (await migrationNames()).filter((name) => name < renaming)
  for (const name of ['migration_lock.toml', ...earlier])
    await cp(join(migrationsDir, name), join(before, name), { recursive: true })
  await migrate({ url: database.url, migrationsDir: before })
  for (const [reason] of reasons) await writeJob(reason)
  await client.query(writeConnection)
})

afterAll(async () => {
  await rm(before, { recursive: true, force: true })
})

const reasons = [
  ['no_verdict', 'outcome_not_reported'],
  ['record_gone', 'remote_record_lost'],
  ['missing_remotely', 'remote_not_found'],
  ['partial', 'partially_succeeded'],
  ['out_of_memory', 'out_of_memory'],
] as const
const outcomes = [
  ['found', 'recovered'],
  ['absent', 'not_created'],
  ['refused', 'rejected'],
  ['created', 'created'],
  ['not_sent', 'not_sent'],
  ['unknown', 'unknown'],
] as const

/** A job with this reason, an attempt per outcome, and events recorded for a webhook endpoint. */
async function writeJob(reason: string): Promise<void> {
  await client.query(
    `INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, mark, status, status_reason, live)
     VALUES ($1, 'p', 'job', 'slurm', 'c', 'n', '{}', '{}', $1, 'unknown', $1, false)`,
    [reason],
  )
  await client.query(
    `INSERT INTO workload_attempts (workload_id, number, mark, scope, before, send_by, settled_at, outcome)
     SELECT $1, number, $1, '{}', 'null', now(), now(), outcome FROM unnest($2::text[]) WITH ORDINALITY AS o(outcome, number)`,
    [reason, outcomes.map(([old]) => old)],
  )
  const events = [
    ['job.unknown', { status: 'unknown', reason }],
    ...['found', 'absent'].map((outcome) => ['job.resolved', { status: 'dispatching', outcome, by: 'key' }]),
  ]
  for (const [index, [type, data]] of events.entries()) {
    const id = `${reason}/${index}`
    await client.query(
      `INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data) VALUES ($1, $2, $3, 'p', 'job', $4, $5)`,
      [reason, index + 1, id, type, data],
    )
    await client.query(
      `INSERT INTO webhook_deliveries (id, endpoint_id, project_id, event_id, type, payload) VALUES ($1, 'e', 'p', $1, $2, $3)`,
      [id, type, { type, data: { ...(data as object), seq: index + 1 } }],
    )
  }
}

const writeConnection = `
  INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials)
  VALUES ('c', 'p', 'scnet', 'n', '{"user": "u", "markIn": "description"}', '')`

it('migration renames stored values to those of this version', async () => {
  await migrate({ url: database.url })
  const column = async (sql: string) => (await client.query({ text: sql, rowMode: 'array' })).rows.flat()

  for (const [old, current] of reasons) {
    const id = `'${old}'`
    expect(await column(`SELECT status_reason FROM workloads WHERE id = ${id}`)).toEqual([current])
    const ledger = `SELECT outcome FROM workload_attempts WHERE workload_id = ${id} ORDER BY number`
    expect(await column(ledger)).toEqual(outcomes.map(([, outcome]) => outcome))
    const data = [
      { status: 'unknown', reason: current },
      { status: 'dispatching', outcome: 'recovered', by: 'key' },
      { status: 'dispatching', outcome: 'not_created', by: 'key' },
    ]
    expect(await column(`SELECT data FROM workload_events WHERE workload_id = ${id} ORDER BY seq`)).toEqual(data)
    const sent = `SELECT payload->'data' FROM webhook_deliveries WHERE id LIKE ${id} || '/%' ORDER BY id`
    expect(await column(sent)).toEqual(data.map((each, index) => ({ ...each, seq: index + 1 })))
  }
  expect(await column('SELECT settings FROM connections')).toEqual([{ user: 'u', tagField: 'description' }])
})

it('attempt outcomes of the previous version are rejected', async () => {
  const write = client.query(
    `UPDATE workload_attempts SET outcome = 'found' WHERE workload_id = 'partial' AND number = 1`,
  )
  await expect(write).rejects.toThrow('workload_attempts_outcome')
})
