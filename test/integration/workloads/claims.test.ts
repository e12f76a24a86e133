import { beforeAll, expect, it } from 'vitest'
import { makeAttemptsRepository } from '../../../src/workloads/engine/attempts.repository.ts'
import { makeLeasesRepository } from '../../../src/workloads/engine/leases.repository.ts'
import { makeSweepsRepository } from '../../../src/workloads/sweep/sweeps.repository.ts'
import { useDatabase, useTestDatabase } from '../../support/test-database.ts'

const test = await useTestDatabase()
const database = useDatabase({ url: test.url, poolSize: 2 })

beforeAll(async () => {
  await fill(2000)
  await database.pool.query('DELETE FROM workloads')
  await database.pool.query('DELETE FROM sweeps')
  // With statistics of empty tables, the planner may repeat the row selection for each row.
  for (const table of ['workloads', 'sweeps']) await database.pool.query(`ANALYZE ${table}`)
  await database.pool.query(
    `INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials) VALUES ('c', 'p', 'slurm', 'c', '{}', '')`,
  )
  await fill(200)
})

/** Due workloads of three projects, each with a requested action, and as many due sweeps. */
async function fill(count: number): Promise<void> {
  await database.pool.query(
    `INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, due_at, generation)
     SELECT 'job_' || n, 'prj_' || n % 3, 'job', 'slurm', 'c', 'n', '{}', '{}', 'm' || n, 'queued', now(), 1 FROM generate_series(1, $1) n`,
    [count],
  )
  await database.pool.query(
    `INSERT INTO sweeps (connection_id, kind, due_at) SELECT 'c', 'kind-' || n, now() FROM generate_series(1, $1) n`,
    [count],
  )
}

it('a claim returns no more workloads than requested', async () => {
  const leases = makeLeasesRepository(database.sql, 60_000)
  expect(await leases.claim([{ connectionId: 'c', count: 6 }])).toHaveLength(6)
  // Without a requested action.
  await database.pool.query('UPDATE workloads SET generation = 0 WHERE lease_id IS NULL')
  expect(await leases.claim([{ connectionId: 'c', count: 6 }])).toHaveLength(6)
})

it('a claim returns no more sweeps than requested', async () => {
  expect(await makeSweepsRepository(database.sql, 60_000).claimDue(3)).toHaveLength(3)
})

it.each([
  ['no attempts', [], 0],
  ['an attempt without an outcome', [null], 1],
  ['two certain failures and an unknown outcome', ['rejected', 'not_sent', 'unknown'], 1],
  ['a create that was not found and an unknown outcome', ['not_created', 'unknown'], 2],
  ['an attempt without an outcome and an unknown outcome', [null, 'unknown'], 2],
])('attempts in doubt are counted for %s', async (_, outcomes, expected) => {
  const { pool, sql } = database
  await pool.query('DELETE FROM workload_attempts')
  for (const [index, outcome] of outcomes.entries())
    await pool.query(
      `INSERT INTO workload_attempts (workload_id, number, correlation_tag, scope, pre_create_snapshot, send_by, absence_conclusive_at, outcome)
        VALUES ('job_1', $1, 'm1', '{}', 'null', now(), now(), $2)`,
      [index + 1, outcome],
    )
  const facts = await makeLeasesRepository(sql, 60_000).facts(['job_1'])
  expect(facts.get('job_1')?.attemptsInDoubt).toBe(expected)
})

it.each([
  ['provider', 'slurm'],
  ['connection_id', 'c'],
  ['project_id', 'prj_1'],
])('a creation hold of the %s set after the claim prevents the create', async (column, value) => {
  const { pool, sql } = database
  await pool.query('DELETE FROM workload_attempts')
  await pool.query(
    `UPDATE workloads SET due_at = CASE WHEN project_id = 'prj_1' THEN now() END, lease_id = NULL, lease_until = NULL`,
  )
  const [claimed] = await makeLeasesRepository(sql, 60_000).claim([{ connectionId: 'c', count: 1 }])
  if (claimed === undefined) throw new Error('no workload was claimed')
  const { workload, leaseId } = claimed
  const opening = {
    ...{ workloadId: workload.id, projectId: workload.projectId, leaseId, version: workload.version },
    ...{ from: 'queued', to: 'dispatching', correlationTag: workload.correlationTag, scope: {}, before: null },
    ...{ exclusivityKey: null, sendWithinMs: 1000, settleMs: 1000 },
    event: { id: `evt_${column}`, type: 'job.dispatching', data: { status: 'dispatching' } },
  }
  const attempts = makeAttemptsRepository(sql, 60_000)
  const page = { after: 0, limit: 10 }
  await pool.query(`INSERT INTO creation_holds (id, ${column}, note, created_by) VALUES ('hold', $1, '', '')`, [value])
  expect(await attempts.open([opening])).toEqual([null])
  expect(await attempts.ledger(workload.id, page)).toEqual([])
  await pool.query('DELETE FROM creation_holds')
  expect(await attempts.open([opening])).toMatchObject([{ number: 1 }])
  expect(await attempts.ledger(workload.id, page)).toHaveLength(1)
})
