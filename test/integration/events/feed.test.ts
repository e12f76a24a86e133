import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { type FeedPosition, feedStatement } from '../../../src/events/feed.repository.ts'
import { explain } from '../../support/rows-read.ts'
import { useFeed } from './use-feed.ts'

const fixture = useFeed()
const { session, makeProject, makeRecord, addEvent, readNow, read } = fixture

describe('events of an open transaction', () => {
  it('hold back later events until it commits', async () => {
    const projectId = await makeProject()
    const [slow, quick] = [await makeRecord(projectId), await makeRecord(projectId)]
    const { end } = await read(projectId)
    const sql = await session()
    await sql.query('BEGIN')
    await addEvent(slow, sql)
    await addEvent(quick)
    const meanwhile = await readNow(projectId, end)
    expect(meanwhile).toMatchObject({ eventIds: [], isBehind: true })
    await sql.query('COMMIT')
    expect(await read(projectId, meanwhile.end)).toMatchObject({ eventIds: [`${slow}/2`, `${quick}/2`] })
  })

  it('follow concurrent events of the same record in seq order', async () => {
    const projectId = await makeProject()
    const [separate, shared] = [await makeRecord(projectId), await makeRecord(projectId)]
    const { end } = await read(projectId)
    const sql = await session()
    await sql.query('BEGIN')
    // Assigns the transaction id; a later transaction writes to the shared record first.
    await addEvent(separate, sql)
    await addEvent(shared)
    await addEvent(shared, sql)
    await sql.query('COMMIT')
    const page = await read(projectId, end)
    expect(page.eventIds.filter((id) => id.startsWith(shared))).toEqual([`${shared}/2`, `${shared}/3`])
    expect(page.eventIds).toHaveLength(3)
  })

  it('keep seq order if their statement waited for the record lock', async () => {
    const projectId = await makeProject()
    const [separate, shared] = [await makeRecord(projectId), await makeRecord(projectId)]
    const { end } = await read(projectId)
    const [first, second] = [await session(), await session()]
    await first.query('BEGIN')
    await addEvent(separate, first)
    await second.query('BEGIN')
    await addEvent(shared, second)
    const waiting = addEvent(shared, first)
    const pid = (first as Client & { processID: number }).processID
    for (let isBlocked = false; !isBlocked; ) {
      const { rows } = await fixture.open.pool.query<{ count: number }>(
        'SELECT cardinality(pg_blocking_pids($1)) AS count',
        [pid],
      )
      isBlocked = rows[0]?.count !== 0
    }
    await second.query('COMMIT')
    await waiting
    await first.query('COMMIT')
    const page = await read(projectId, end)
    expect(page.eventIds.filter((id) => id.startsWith(shared))).toEqual([`${shared}/2`, `${shared}/3`])
  })

  it('are read once and in record order for any commit order', async () => {
    const projectId = await makeProject()
    const records = await Promise.all(Array.from({ length: 6 }, () => makeRecord(projectId)))
    const writers = await Promise.all(Array.from({ length: 6 }, session))
    let isDone = false
    const writing = Promise.all(
      writers.map(async (sql, writer) => {
        for (let round = 0; round < 40; round += 1) {
          await sql.query('BEGIN')
          // Lock rows in a fixed order to avoid deadlocks.
          const some = records.filter((_, index) => (round * 7 + writer * 3 + index * 5) % 3 === 0)
          for (const id of some.toSorted()) {
            await addEvent(id, sql)
            await sleep((round * writer) % 4)
          }
          await sql.query(round % 9 === 8 ? 'ROLLBACK' : 'COMMIT')
        }
      }),
    ).finally(() => {
      isDone = true
    })
    const eventIds: string[] = []
    let position: FeedPosition | null = null
    for (let isLast = false; !isLast; ) {
      isLast = isDone
      const page = await readNow(projectId, position, 7)
      eventIds.push(...page.eventIds)
      position = page.end
      isLast &&= !page.isFull && !page.isBehind
    }
    await writing
    const { rows } = await fixture.open.pool.query<{ id: string }>(
      'SELECT id FROM workload_events WHERE project_id = $1',
      [projectId],
    )
    expect(eventIds.toSorted()).toEqual(rows.map(({ id }) => id).toSorted())
    for (const id of records) {
      const seqs = eventIds.filter((event) => event.startsWith(id)).map((event) => Number(event.split('/')[1]))
      expect(seqs).toEqual(seqs.map((_, index) => index + 1))
    }
  })
})

describe('reader position', () => {
  it('does not advance past rolled-back transactions', async () => {
    const projectId = await makeProject()
    await makeRecord(projectId)
    const { end } = await read(projectId)
    const sql = await session()
    for (let count = 0; count < 5; count += 1) {
      await sql.query('BEGIN')
      await makeRecord(projectId, sql)
      await sql.query('ROLLBACK')
    }
    expect((await read(projectId, end)).end).toEqual(end)
    expect((await read(projectId)).end).toEqual(end)
    expect((await fixture.feed.end(projectId))?.end).toEqual(end)
  })
})

describe('feed page', () => {
  it('reads a bounded number of rows from any position', async () => {
    const projectId = await makeProject()
    const id = await makeRecord(projectId)
    await fixture.open.pool.query(
      `WITH w AS (UPDATE workloads SET seq = 20001 WHERE id = $1 RETURNING *)
      INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
      SELECT id, n, id || '/' || n, project_id, kind, 'job.running', '{}' FROM w, generate_series(2, 20001) n ORDER BY n`,
      [id],
    )
    await fixture.open.pool.query('ANALYZE workload_events')
    const { xid } = (await read(projectId, null, 2)).end
    for (const after of [null, { xid, workloadId: id, seq: 10_000 }, (await read(projectId)).end]) {
      const { read: count, plan } = await explain(fixture.open, feedStatement(projectId, { after, limit: 50 }))
      expect(count, plan).toBeLessThanOrEqual(60)
    }
  })
})
