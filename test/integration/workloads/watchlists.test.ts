import { beforeEach, expect, it } from 'vitest'
import type { Database } from '../../../src/infra/database.ts'
import { makeId } from '../../../src/vocabulary/ids.ts'
import { makeWatchlists } from '../../../src/workloads/sweep/watchlists.repository.ts'
import { openTransaction } from '../../support/open-transaction.ts'
import { settled } from '../../support/settled.ts'
import { useDatabase, useTestDatabase } from '../../support/test-database.ts'

/** Number of workloads that each statement returned. */
let rowCounts: number[]
let nowMs: number

const test = await useTestDatabase()
const database = useDatabase({ url: test.url, poolSize: 4 })
beforeEach(async () => {
  await database.prisma.$executeRaw`TRUNCATE workloads`
  rowCounts = []
  nowMs = 0
})

function makeReader({ limit = 10_000, ahead = () => 0n }: { limit?: number; ahead?: () => bigint } = {}) {
  const sql: Database['sql'] = {
    async rows<R>(statement: Parameters<Database['sql']['rows']>[0]) {
      const rows = await database.sql.rows<R>(statement)
      rowCounts.push((rows as { some: unknown[] | null }[]).reduce((sum, { some }) => sum + (some?.length ?? 0), 0))
      return (rows as { horizon: string }[]).map((row) => ({
        ...row,
        horizon: String(BigInt(row.horizon) + ahead()),
      })) as R[]
    },
  }
  const { read } = makeWatchlists(sql, () => nowMs)
  return async () => {
    const watched = await read('conn', 'job', limit)
    return watched.map(({ remoteId, version }) => `${remoteId} v${version}`).toSorted()
  }
}

async function insert(count: number, first = 0): Promise<void> {
  const ids = Array.from({ length: count }, () => makeId('job'))
  await database.prisma.$executeRaw`
    INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, active, remote_id, dispatched_at)
    SELECT id, 'p', 'job', 'modelarts', 'conn', 'n', '{}', '{}', 'tag' || n + ${first}::int, 'running', true, 'r' || n + ${first}::int, now()
    FROM unnest(${ids}::text[]) WITH ORDINALITY AS t(id, n)`
}

const run = (text: string) => database.pool.query(text)
const end = `UPDATE workloads SET active = false, status = 'succeeded' WHERE remote_id = 'r1'`
const change = `UPDATE workloads SET version = version + 1 WHERE remote_id = 'r1'`

it('a watchlist is read in full once, then only for changes', async () => {
  await insert(1200)
  const read = makeReader()
  await settled(database)
  const first = await read()
  expect(await read()).toEqual(first)
  await run(change)
  await insert(1, 5000)
  expect(await read()).toEqual([...first.filter((item) => item !== 'r1 v1'), 'r1 v2', 'r5001 v1'].toSorted())
  expect(rowCounts).toEqual([1200, 0, 2])
})

it('a watchlist includes late commits of older transactions', async () => {
  await insert(2)
  const read = makeReader()
  const older = await openTransaction(database.pool)
  await older.query(change)
  await run(`UPDATE workloads SET version = 7 WHERE remote_id = 'r2'`)
  expect(await read()).toEqual(['r1 v1', 'r2 v7'])
  await older.query('COMMIT')
  expect(await read()).toEqual(['r1 v2', 'r2 v7'])
  await settled(database)
  await read()
  await read()
  expect(rowCounts.at(-1)).toBe(0)
})

it.each([
  ['ended', end],
  ['lost its object', `UPDATE workloads SET remote_id = NULL WHERE remote_id = 'r1'`],
  ['been deleted', `DELETE FROM workloads WHERE remote_id = 'r1'`],
])('a watchlist excludes a workload that has %s', async (_, statement) => {
  await insert(3)
  const read = makeReader()
  await read()
  await run(statement)
  const remaining = await read()
  expect(remaining.join()).not.toContain('r1 ')
  expect(await makeReader()()).toEqual(remaining)
})

it('a watchlist drops an ended workload while adding a new one', async () => {
  await insert(3)
  const read = makeReader()
  await read()
  await run(end)
  await insert(1, 8)
  expect(await read()).toEqual(['r2 v1', 'r3 v1', 'r9 v1'])
})

it('a watchlist is read in full again after a minute', async () => {
  await insert(3)
  const read = makeReader()
  await read()
  nowMs = 60_001
  await read()
  expect(rowCounts).toEqual([3, 3])
})

it('a watchlist is read in full again from a server with lower transaction ids', async () => {
  await insert(3)
  let ahead = 1000n
  const read = makeReader({ ahead: () => ahead })
  await read()
  ahead = 0n
  await run(change)
  expect(await read()).toContain('r1 v2')
  expect(rowCounts).toEqual([3, 0, 3])
})

it('a watchlist over the limit is read in full each time, by remote id', async () => {
  await insert(3)
  const read = makeReader({ limit: 2 })
  expect(await read()).toEqual(['r1 v1', 'r2 v1'])
  await run(end)
  expect(await read()).toEqual(['r2 v1', 'r3 v1'])
})
