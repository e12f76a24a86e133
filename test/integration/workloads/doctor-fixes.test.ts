import { expect, it } from 'vitest'
import { examineDatabase, fixDatabase } from '../../../src/container/container.ts'
import { useApiBench } from '../../support/api-bench.ts'
import { idsOf, slurmJob, submitBatch } from '../../support/job-batches.ts'
import { useSqlClient } from '../../support/test-database.ts'

const bench = await useApiBench()
const sql = await useSqlClient(bench.database)
const by = { subject: 'shell:operator', address: 'here', requestId: '' }
const fix = (isDryRun: boolean) => fixDatabase(bench.open, { by, isDryRun })
const findings = async () => (await examineDatabase(bench.open)).findings.map(({ check }) => check)
const [leased = '', running = '', tried = '', recent = ''] = idsOf(
  await submitBatch(
    bench.api,
    Array.from({ length: 4 }, () => slurmJob(bench)),
  ),
) as string[]

const plan = [
  ['no lease outlives its time', leased, 'no lease'],
  ['an old attempt has an outcome', tried, 'attempt 1 has the outcome unknown'],
  ['what exists is watched', running, 'a scan is due now'],
]

async function spoil(): Promise<void> {
  await sql.query(`UPDATE workloads SET lease_id = 'x', lease_until = now() - interval '1 hour' WHERE id = $1`, [
    leased,
  ])
  await sql.query(`UPDATE workloads SET lease_id = 'x', lease_until = now() - interval '1 minute' WHERE id = $1`, [
    recent,
  ])
  await sql.query(
    `INSERT INTO workload_attempts (workload_id, number, correlation_tag, scope, pre_create_snapshot, send_by, absence_conclusive_at)
     SELECT $1, n, 'm', '{}', '{}', now(), now() - interval '2 hours' FROM generate_series(1, 2) n`,
    [tried],
  )
  await sql.query(`UPDATE workloads SET remote_id = '7', due_at = NULL WHERE id = $1`, [running])
  await sql.query(`UPDATE sweeps SET due_at = NULL`)
}

it('names each repair before and after, and as a dry run changes nothing', async () => {
  await spoil()
  const before = await findings()
  const planned = await fix(true)
  expect(planned.map(({ check, workloadId, after }) => [check, workloadId, after])).toEqual(plan)
  expect(await findings()).toEqual(before)
})

it('are announced only for checks of whose findings some can be repaired', async () => {
  const fixable = async () => [...(await examineDatabase(bench.open)).fixable]
  expect(await fixable()).toEqual(plan.map(([check]) => check))
  // What is found may also be a lease that ends too late, or a scan that is overdue.
  await sql.query(`UPDATE workloads SET lease_until = now() + interval '2 hours' WHERE id = $1`, [leased])
  await sql.query(`UPDATE sweeps SET due_at = now() - interval '2 hours'`)
  expect(await findings()).toEqual(plan.map(([check]) => check))
  expect(await fixable()).toEqual(['an old attempt has an outcome'])
  await sql.query('DELETE FROM workload_attempts')
  await spoil()
})

it('repairs what it named, with an audit log entry for each, and nothing else', async () => {
  expect((await fix(false)).map(({ check, workloadId, after }) => [check, workloadId, after])).toEqual(plan)
  expect(await findings()).toEqual([])
  expect(await fix(false)).toEqual([])
  const { rows } = await sql.query(
    `SELECT object_id, data FROM audit WHERE action = 'doctor.fixed' ORDER BY data->>'check'`,
  )
  expect(rows.map((row) => [row.data.check, row.object_id]).toSorted()).toEqual(
    plan.map(([check, id]) => [check, id]).toSorted(),
  )
  const left = await sql.query('SELECT lease_id FROM workloads WHERE id = $1', [recent])
  expect(left.rows[0].lease_id).toBe('x')
})

it('run twice at once repairs each once', async () => {
  await sql.query('DELETE FROM workload_attempts')
  await spoil()
  const both = await Promise.all([fix(false), fix(false)])
  expect(both.flat().filter(({ check }) => check === 'an old attempt has an outcome')).toHaveLength(1)
})
