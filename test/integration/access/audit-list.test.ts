import { beforeAll, expect, it } from 'vitest'
import { type AuditFilter, auditListStatement, makeAuditRepository } from '../../../src/access/audit.repository.ts'
import { idAt, makeId } from '../../../src/vocabulary/ids.ts'
import { explainAs, type Planning } from '../../support/rows-read.ts'
import { useDatabase, useSqlClient, useTestDatabase } from '../../support/test-database.ts'

const count = 20_000
const limit = 20
const projectId = makeId('project')
const filters: readonly AuditFilter[] = [
  {},
  { action: 'job.submitted' },
  { action: 'none' },
  { subject: 'rare' },
  { projectId },
  { projectId: makeId('project') },
  { objectId: 'o7' },
  { projectId, action: 'job.submitted' },
  { projectId, action: 'key.revoked' },
  { projectId, subject: 'rare' },
  // Each condition matches many rows, but no row matches both.
  { subject: 'even', action: 'job.cancel_requested' },
  { projectId, subject: 'even', action: 'job.cancel_requested' },
]

const test = await useTestDatabase()
const client = await useSqlClient(test)
const database = useDatabase({ url: test.url, poolSize: 1 })

beforeAll(async () => {
  await client.query(
    `INSERT INTO audit (id, project_id, subject, address, request_id, action, object_id, outcome, data)
     SELECT $1 || lpad(n::text, 16, '0'), $2, CASE WHEN n <= 20 THEN 'rare' WHEN n % 2 = 0 THEN 'even' ELSE 'odd' END, '', '',
       CASE WHEN n <= 5 THEN 'key.revoked' WHEN n % 2 = 0 THEN 'job.submitted' ELSE 'job.cancel_requested' END, 'o' || n, 'done', '{}'
     FROM generate_series(1, ${count}) n`,
    [idAt('audit', Date.parse('2026-01-01T00:00:00Z')), projectId],
  )
})

it.each<[string, Planning]>([
  ['without', 'custom plan'],
  ['without', 'generic plan'],
  ['with', 'custom plan'],
  ['with', 'generic plan'],
])('an audit log page reads a bounded number of rows %s statistics (%s)', async (statistics, planning) => {
  if (statistics === 'with') await client.query('ANALYZE audit')
  for (const filter of filters) {
    const { read, plan } = await explainAs(client, planning, auditListStatement(filter, { after: null, limit }))
    expect(read, JSON.stringify(filter) + plan).toBeLessThanOrEqual(20 * limit)
  }
})

it.each(filters)('audit log pages for %o match a full table scan, newest first', async (filter) => {
  const audit = makeAuditRepository(database.prisma)
  const ids: string[] = []
  let after: string | null = null
  for (let pages = 0; pages < 5; pages += 1) {
    const { found, next }: Awaited<ReturnType<typeof audit.list>> = await audit.list(filter, { after, limit: 200 })
    ids.push(...found.map(({ id }) => id))
    after = next
    if (next === null) break
  }
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM audit WHERE ($1::text IS NULL OR project_id = $1) AND ($2::text IS NULL OR subject = $2)
       AND ($3::text IS NULL OR object_id = $3) AND ($4::text IS NULL OR action = $4) ORDER BY id DESC`,
    [filter.projectId, filter.subject, filter.objectId, filter.action],
  )
  const expected = rows.map(({ id }) => id)
  expect(ids).toEqual(after === null ? expected : expected.slice(0, ids.length))
})
