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
const [leased = '', running = '', attempted = '', recent = ''] = idsOf(
  await submitBatch(
    bench.api,
    Array.from({ length: 4 }, () => slurmJob(bench)),
  ),
) as string[]

const plan = [
  ['leases end in time', leased, 'no lease'],
  ['old attempts have an outcome', attempted, 'attempt 1 has the outcome unknown'],
  ['existing objects are scanned', running, 'a scan is due now'],
]

async function corrupt(): Promise<void> {
  await sql.query(`UPDATE workloads SET lease_id = 'x', lease_until = now() - interval '1 hour' WHERE id = $1`, [
    leased,
  ])
  await sql.query(`UPDATE workloads SET lease_id = 'x', lease_until = now() - interval '1 minute' WHERE id = $1`, [
    recent,
  ])
  await sql.query(
    `INSERT INTO workload_attempts (workload_id, number, correlation_tag, scope, pre_create_snapshot, send_by, absence_conclusive_at)
     SELECT $1, n, 'm', '{}', '{}', now(), now() - interval '2 hours' FROM generate_series(1, 2) n`,
    [attempted],
  )
  await sql.query(`UPDATE workloads SET remote_id = '7', due_at = NULL WHERE id = $1`, [running])
  await sql.query(`UPDATE sweeps SET due_at = NULL`)
}

it('a dry run lists each repair and changes nothing', async () => {
  await corrupt()
  const before = await findings()
  const planned = await fix(true)
  expect(planned.map(({ check, workloadId, after }) => [check, workloadId, after])).toEqual(plan)
  expect(await findings()).toEqual(before)
})

it('repairs are announced only for checks with repairable findings', async () => {
  const fixable = async () => [...(await examineDatabase(bench.open)).fixable]
  expect(await fixable()).toEqual(plan.map(([check]) => check))
  // The same checks also report findings without a repair: a lease that ends too late, an overdue scan.
  await sql.query(`UPDATE workloads SET lease_until = now() + interval '2 hours' WHERE id = $1`, [leased])
  await sql.query(`UPDATE sweeps SET due_at = now() - interval '2 hours'`)
  expect(await findings()).toEqual(plan.map(([check]) => check))
  expect(await fixable()).toEqual(['old attempts have an outcome'])
  await sql.query('DELETE FROM workload_attempts')
  await corrupt()
})

it('a fix applies only the listed repairs, each with an audit log entry', async () => {
  expect((await fix(false)).map(({ check, workloadId, after }) => [check, workloadId, after])).toEqual(plan)
  expect(await findings()).toEqual([])
  expect(await fix(false)).toEqual([])
  const { rows } = await sql.query(
    `SELECT object_id, data FROM audit WHERE action = 'doctor.fixed' ORDER BY data->>'check'`,
  )
  expect(rows.map((row) => [row.data.check, row.object_id]).toSorted()).toEqual(
    plan.map(([check, id]) => [check, id]).toSorted(),
  )
  const untouched = await sql.query('SELECT lease_id FROM workloads WHERE id = $1', [recent])
  expect(untouched.rows[0].lease_id).toBe('x')
})

it('concurrent fixes apply a repair once', async () => {
  await sql.query('DELETE FROM workload_attempts')
  await corrupt()
  const both = await Promise.all([fix(false), fix(false)])
  expect(both.flat().filter(({ check }) => check === 'old attempts have an outcome')).toHaveLength(1)
})
