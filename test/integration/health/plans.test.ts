import { beforeAll, expect, it } from 'vitest'
import { makeCallStatisticsRepository } from '../../../src/health/call-statistics.repository.ts'
import { makeHealthRepository } from '../../../src/health/health.repository.ts'
import { type Prisma, servingSettings } from '../../../src/infra/database.ts'
import type { Statements } from '../../../src/infra/statements.ts'
import { explainAs, type Planning } from '../../support/rows-read.ts'
import { useSqlClient, useTestDatabase } from '../../support/test-database.ts'

const test = await useTestDatabase()
const client = await useSqlClient(test)

/** Connections per project; there are ten projects. */
const perProject = 20

beforeAll(async () => {
  for (const [name, value] of Object.entries(servingSettings)) await client.query(`SET ${name} = '${value}'`)
  await client.query(`
    INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials)
    SELECT 'conn_' || p || '_' || n, 'p' || p, 'slurm', 'c' || n, '{}', '' FROM generate_series(1, 10) p, generate_series(1, ${perProject}) n;
    INSERT INTO sweeps (connection_id, kind, due_at) SELECT id, 'job', now() FROM connections;
    INSERT INTO connection_results SELECT id, now(), now(), '{"operation": "list", "code": "timeout"}' FROM connections;
    INSERT INTO connection_calls (connection_id, minute, operation, code, calls, duration_ms, buckets)
    SELECT c.id, date_trunc('minute', now()) - n * interval '1 minute', o, 'ok', 1, 40, '{0,0,0,1,0,0,0,0,0,0,0,0,0,0,0}'
    FROM connections c, generate_series(0, 179) n, unnest('{list,get}'::text[]) o;
    INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, due_at)
    SELECT 'job_' || c.id || n, c.project_id, 'job', 'slurm', c.id, 'n', '{}', '{}', 'm' || c.id || n, 'queued', now()
    FROM connections c, generate_series(1, 4) n;
    ANALYZE`)
})

async function statementOf(run: (sql: Statements) => Promise<unknown>): Promise<Prisma.Sql> {
  const sent: Prisma.Sql[] = []
  await run({
    async rows(statement) {
      sent.push(statement)
      return []
    },
  })
  expect(sent).toHaveLength(1)
  return sent[0] as Prisma.Sql
}

const plannings: readonly Planning[] = ['custom plan', 'generic plan']

it.each(plannings)('connection health reads only its rows of the last hour (%s)', async (planning) => {
  const target = { projectId: 'p3', connectionId: 'conn_3_7' }
  const statement = await statementOf((sql) => makeHealthRepository(sql)(target))
  const { read, plan } = await explainAs(client, planning, statement)
  // 120 counts, and the active workloads and connections of the project.
  expect(read, plan).toBeLessThan(120 + 4 * perProject + perProject + 20)
})

it.each(plannings)('provider health reads only the rows of one project (%s)', async (planning) => {
  const statement = await statementOf((sql) => makeHealthRepository(sql)({ projectId: 'p3', connectionId: null }))
  const { read, plan } = await explainAs(client, planning, statement)
  expect(read, plan).toBeLessThan(perProject * (120 + 20))
})

it.each(plannings)('storing counts reads only the called connections (%s)', async (planning) => {
  const count = { connectionId: 'conn_3_7', operation: 'list', code: 'ok', calls: 1, durationMs: 40, buckets: [1] }
  const result = { connectionId: 'conn_3_7', succeededAtMs: 0, failedAtMs: null, failure: null }
  const statement = await statementOf((sql) =>
    makeCallStatisticsRepository(sql).add({ counts: [count], results: [result] }, 0),
  )
  const { read, plan } = await explainAs(client, planning, statement)
  expect(read, plan).toBeLessThan(5)
})

it('pruning reads a bounded multiple of the deleted rows', async () => {
  await client.query('BEGIN')
  const statement = await statementOf((sql) => makeCallStatisticsRepository(sql).prune(500))
  await client.query(
    "UPDATE connection_calls SET minute = minute - interval '4 hours' WHERE connection_id LIKE 'conn_1_%'",
  )
  const { read, plan } = await explainAs(client, 'generic plan', statement)
  await client.query('ROLLBACK')
  // Old rows by the index, their deletion, and the connections with results.
  expect(read, plan).toBeLessThan(3 * 500 + 2 * 500 + 50)
})
