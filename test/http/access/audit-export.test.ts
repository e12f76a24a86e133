import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeAuditExportRepository } from '../../../src/access/audit-export.repository.ts'
import { makeAuditExport } from '../../../src/access/audit-export.ts'
import { makePruneAudit } from '../../../src/access/prune-audit.repository.ts'
import { idAt } from '../../../src/vocabulary/ids.ts'
import { type ApiBench, startApiBench } from '../../support/api-bench.ts'
import { testApiKey } from '../../support/switchyard.ts'

let bench: ApiBench
let sql: Client
const count = 1700

beforeAll(async () => {
  bench = await startApiBench({ settings: { requestRate: null } })
  sql = new Client({ connectionString: bench.database.url })
  await sql.connect()
  // One entry per day, the newest from yesterday.
  await sql.query(
    `INSERT INTO audit (id, at, project_id, subject, address, request_id, action, object_id, outcome, data)
     SELECT i.id, now() - ($1 - n) * interval '1 day' - interval '1 day', 'prj_old', CASE WHEN n % 100 = 0 THEN 'rare' ELSE 'often' END, '', '',
       'thing.done', NULL, 'done', jsonb_build_object('n', n)
     FROM unnest($2::text[]) WITH ORDINALITY AS i(id, n)`,
    [count, Array.from({ length: count }, (_, n) => idOf(n + 1))],
  )
})

afterAll(async () => {
  await sql?.end()
  await bench?.stop()
})

/** `n` counts from the oldest. */
function idOf(n: number): string {
  return idAt('audit', Date.now() - (count - n + 1) * 86_400_000) + '0'.repeat(16)
}

async function lines(query = ''): Promise<{ id: string; at: string; subject: string; data: { n: number } }[]> {
  const response = await fetch(`${bench.url}/audit/export${query}`, {
    headers: { authorization: `Bearer ${testApiKey}` },
  })
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson'])
  const text = await response.text()
  expect(text === '' || text.endsWith('\n')).toBe(true)
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

describe('audit log export', () => {
  it('returns every entry once, oldest first, in the form of the list', async () => {
    const exported = await lines()
    expect(exported.map(({ data }) => data.n)).toEqual(Array.from({ length: count }, (_, n) => n + 1))
    const { data } = await bench.api.ok('GET', '/audit?subject=rare&limit=1')
    expect(exported.findLast(({ subject }) => subject === 'rare')).toEqual((data as unknown as object[])[0])
  })

  it('resumes after the last received entry', async () => {
    const all = await lines()
    expect(await lines(`?after=${all[699]?.id}`)).toEqual(all.slice(700))
    expect(await lines(`?after=${all.at(-1)?.id}`)).toEqual([])
  })

  it('filters entries, even if matches are sparse', async () => {
    expect((await lines('?subject=rare')).map(({ data }) => data.n)).toEqual(
      Array.from({ length: 17 }, (_, n) => (n + 1) * 100),
    )
    expect(await lines('?subject=rare&action=none')).toEqual([])
  })

  it('yields after a statement without matches, so that it can be aborted', async () => {
    const matches = makeAuditExport(makeAuditExportRepository(bench.open.sql))({ action: 'none' }, null)
    expect(await matches.next()).toEqual({ value: '', done: false })
    expect(await matches.return('')).toMatchObject({ done: true })
  })

  it('excludes the last minute', async () => {
    await bench.api.ok('POST', '/projects', { name: 'recent' })
    expect((await lines()).at(-1)?.data.n).toBe(count)
  })

  it('rejects an id of another kind', async () => {
    expect(await bench.api.call('GET', '/audit/export?after=job_1')).toMatchObject({ status: 400 })
  })
})

describe('audit log retention', () => {
  const remaining = async () =>
    (
      await sql.query(
        `SELECT min((data->>'n')::int) AS oldest, count(*)::int AS n FROM audit WHERE project_id = 'prj_old'`,
      )
    ).rows[0]

  it('keeps all entries if it is not set', async () => {
    expect(await makePruneAudit(bench.open.prisma, undefined)(1000)).toBe(0)
    expect(await remaining()).toEqual({ oldest: 1, n: count })
  })

  it('deletes older entries in batches, oldest first', async () => {
    const prune = makePruneAudit(bench.open.prisma, 100)
    expect(await prune(1000)).toBe(1000)
    expect(await remaining()).toEqual({ oldest: 1001, n: 700 })
    expect(await prune(1000)).toBe(601)
    expect(await prune(1000)).toBe(0)
    expect(await remaining()).toMatchObject({ n: 99 })
  })

  it('cannot be used to delete recent entries or to change any', async () => {
    await sql.query(`SELECT set_config('switchyard.audit_retention_days', '50', false)`)
    for (const statement of ['DELETE FROM audit', "UPDATE audit SET subject = 'nobody'", 'TRUNCATE audit'])
      await expect(sql.query(statement)).rejects.toThrow('append-only')
    await sql.query(`SELECT set_config('switchyard.audit_retention_days', '0', false)`)
    await expect(sql.query('DELETE FROM audit')).rejects.toThrow('append-only')
    await sql.query('RESET switchyard.audit_retention_days')
    expect(await remaining()).toMatchObject({ n: 99 })
  })
})
