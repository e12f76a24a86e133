import { beforeEach, expect, it } from 'vitest'
import { examine } from '../../../src/workloads/maintenance/doctor.repository.ts'
import { makePruneWorkloads } from '../../../src/workloads/maintenance/retention.repository.ts'
import { useDatabase, useTestDatabase } from '../../support/test-database.ts'

const test = await useTestDatabase()
const database = useDatabase({ url: test.url, poolSize: 4 })

beforeEach(async () => {
  await database.pool.query(
    `TRUNCATE projects, workloads, workload_labels, workload_secrets, workload_attempts, workload_events`,
  )
  // All events count as pruned from the feed.
  await database.pool.query(`INSERT INTO projects (id, name, pruned_xid) VALUES ('p', 'p', pg_current_xact_id())`)
})

interface WorkloadInput {
  endedDaysAgo: number | null
  kind?: 'job' | 'environment'
  environmentId?: string
  eventType?: string
}

/** A workload with a row in every related table. */
async function makeWorkload(
  id: string,
  { endedDaysAgo, kind = 'job', environmentId, eventType = 'job.succeeded' }: WorkloadInput,
) {
  await database.pool.query(
    `WITH w AS (
      INSERT INTO workloads (id, project_id, kind, provider, connection_id, environment_id, name, labels, spec, correlation_tag, status, active, ended_at)
      VALUES ($1, 'p', $2, 'slurm', 'c', $3, 'n', '{"a": "b"}', '{}', $1, $4, $5, now() - $6 * interval '1 day') RETURNING *
    ), l AS (INSERT INTO workload_labels (project_id, kind, key, value, workload_id) SELECT 'p', kind, 'a', 'b', id FROM w
    ), s AS (INSERT INTO workload_secrets (workload_id, sealed) SELECT id, 'sealed' FROM w
    ), a AS (INSERT INTO workload_attempts (workload_id, number, correlation_tag, scope, pre_create_snapshot, send_by, absence_conclusive_at, outcome, ended_at, remote_id)
      SELECT id, 1, correlation_tag, '{}', 'null', now(), now(), 'created', now(), '1' FROM w
    ) INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data, xid)
    SELECT id, 1, id || '/1', 'p', kind, $7, '{}', '3' FROM w`,
    [id, kind, environmentId ?? null, statusOf(kind, endedDaysAgo), endedDaysAgo === null, endedDaysAgo, eventType],
  )
}

function statusOf(kind: 'job' | 'environment', endedDaysAgo: number | null): string {
  if (endedDaysAgo === null) return 'running'
  return kind === 'job' ? 'succeeded' : 'deleted'
}

const prune = (limit = 1000) => makePruneWorkloads(database, 30)(limit)

/** Ids of the workloads with remaining rows in any table. */
async function remainingIds(): Promise<string[]> {
  const { rows } = await database.pool.query<{ id: string }>(`
    SELECT id FROM workloads UNION SELECT workload_id FROM workload_labels UNION SELECT workload_id FROM workload_secrets
    UNION SELECT workload_id FROM workload_attempts UNION SELECT workload_id FROM workload_events ORDER BY 1`)
  return rows.map(({ id }) => id)
}

it('expired workloads are deleted with all related rows', async () => {
  await makeWorkload('job_old', { endedDaysAgo: 31 })
  await makeWorkload('job_young', { endedDaysAgo: 29 })
  await makeWorkload('job_active', { endedDaysAgo: null })
  expect(await prune()).toBe(1)
  expect(await remainingIds()).toEqual(['job_active', 'job_young'])
  expect(await prune()).toBe(0)
})

it('an environment is kept as long as any of its jobs', async () => {
  await makeWorkload('env_old', { endedDaysAgo: 40, kind: 'environment' })
  await makeWorkload('job_young', { endedDaysAgo: 29, environmentId: 'env_old' })
  expect(await prune()).toBe(0)
  await database.pool.query(`UPDATE workloads SET ended_at = now() - interval '31 days' WHERE id = 'job_young'`)
  expect([await prune(), await prune()]).toEqual([1, 1])
  expect(await remainingIds()).toEqual([])
})

it('workloads with an event in the feed or a duplicate object are kept', async () => {
  await makeWorkload('job_in_feed', { endedDaysAgo: 31 })
  await database.pool.query(`UPDATE workload_events SET xid = pg_current_xact_id() WHERE workload_id = 'job_in_feed'`)
  await makeWorkload('job_duplicate', { endedDaysAgo: 31, eventType: 'job.duplicate_detected' })
  expect(await prune()).toBe(0)
  expect(await remainingIds()).toEqual(['job_duplicate', 'job_in_feed'])
})

it('nothing is deleted without a retention period', async () => {
  await makeWorkload('job_old', { endedDaysAgo: 10_000 })
  expect(await makePruneWorkloads(database, undefined)(1000)).toBe(0)
})

it('concurrent runs delete in batches, oldest first, each workload once', async () => {
  for (let index = 0; index < 30; index += 1) await makeWorkload(`job_${100 + index}`, { endedDaysAgo: 100 - index })
  expect(await prune(10)).toBe(10)
  expect((await remainingIds())[0]).toBe('job_110')
  const counts = await Promise.all(Array.from({ length: 4 }, () => prune(10)))
  const rest = await prune()
  expect(counts.reduce((sum, count) => sum + count, rest)).toBe(20)
  expect(await remainingIds()).toEqual([])
  expect(await examine(database.prisma)).toEqual([])
})
