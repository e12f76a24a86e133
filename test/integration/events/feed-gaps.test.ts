import { describe, expect, it, vi } from 'vitest'
import type { FeedPosition } from '../../../src/events/feed.repository.ts'
import { type Feed, makeFeed } from '../../../src/events/feed.ts'
import { makePruneEvents } from '../../../src/events/prune.repository.ts'
import { renumberRestoredEvents } from '../../../src/events/restored.repository.ts'
import { makeDuplicatesRepository } from '../../../src/workloads/engine/attempts.repository.ts'
import { examine } from '../../../src/workloads/maintenance/doctor.repository.ts'
import { useFeed } from './use-feed.ts'

const fixture = useFeed()
const { session, makeProject, makeRecord, addEvent, readNow, read } = fixture

/** The cursor of a reader at a feed position. */
async function cursorAt(events: Feed, projectId: string, feedPosition: FeedPosition | undefined): Promise<string> {
  const cursor = await events.now(projectId)
  const [digest, position] = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  const { workloadId: id, xid, seq } = feedPosition ?? { workloadId: '', xid: '0', seq: 0 }
  return Buffer.from(JSON.stringify([digest, { ...position, id, xid, seq: String(seq) }])).toString('base64url')
}

/** Resolves once a session waits for a lock on the events table. */
async function waitingForLock(): Promise<void> {
  const statement = `SELECT 1 FROM pg_locks WHERE relation = 'workload_events'::regclass AND NOT granted`
  await vi.waitUntil(async () => (await fixture.open.pool.query(statement)).rowCount, { timeout: 30_000, interval: 10 })
}

describe('event pruning', () => {
  const prune = (limit = 1000) => makePruneEvents(fixture.open.prisma, { retentionDays: 30 })(limit)
  const age = (projectId: string, days: number) =>
    fixture.open.pool.query(`UPDATE workload_events SET at = now() - $2 * interval '1 day' WHERE project_id = $1`, [
      projectId,
      days,
    ])
  const remainingIds = async (projectId: string): Promise<string[]> => {
    const statement = 'SELECT id FROM workload_events WHERE project_id = $1'
    return (await fixture.open.pool.query<{ id: string }>(statement, [projectId])).rows.map(({ id }) => id).toSorted()
  }
  /** Prunes until nothing is left. Old events have to be behind the transaction horizon first. */
  const pruneAll = async (projectId: string, limit?: number) => {
    await read(projectId)
    while ((await prune(limit)) > 0);
  }
  it('keeps the last event of each record and reports pruned positions', async () => {
    const projectId = await makeProject()
    const [ended, active] = [await makeRecord(projectId), await makeRecord(projectId)]
    const early = await read(projectId)
    for (const id of [ended, active, active]) await addEvent(id)
    await age(projectId, 31)
    const late = await read(projectId)
    await addEvent(active)
    expect((await read(projectId, early.end)).isPruned).toBe(false)
    await pruneAll(projectId)
    expect(await remainingIds(projectId)).toEqual([`${ended}/2`, `${active}/4`])
    expect((await read(projectId)).eventIds).toEqual([`${active}/4`])
    expect((await read(projectId, early.end)).isPruned).toBe(true)
    expect(await read(projectId, late.end)).toMatchObject({ isPruned: false, eventIds: [`${active}/4`] })
    expect(await examine(fixture.open.prisma)).toEqual([])
  })

  it('deletes all expired events in batches and keeps newer ones', async () => {
    const projectId = await makeProject()
    const records = await Promise.all(Array.from({ length: 5 }, () => makeRecord(projectId)))
    for (let count = 0; count < 4; count += 1) for (const id of records) await addEvent(id)
    await age(projectId, 31)
    for (const id of records) await addEvent(id)
    await pruneAll(projectId, 3)
    expect(await remainingIds(projectId)).toEqual(records.map((id) => `${id}/6`).toSorted())
    // The last event of a record is deleted once a newer one exists.
    await age(projectId, 31)
    for (const id of records) await addEvent(id)
    await pruneAll(projectId, 4)
    expect(await remainingIds(projectId)).toEqual(records.map((id) => `${id}/7`).toSorted())
    expect(await examine(fixture.open.prisma)).toEqual([])
  })

  it('does not affect paging from the start or from the current position', async () => {
    const projectId = await makeProject()
    const records = await Promise.all(Array.from({ length: 5 }, () => makeRecord(projectId)))
    await age(projectId, 31)
    await pruneAll(projectId)
    const now = await fixture.feed.end(projectId)
    for (const id of records) await addEvent(id)
    const events = makeFeed({ repository: fixture.feed, retentionDays: 30 })
    for (const start of [null, await cursorAt(events, projectId, now?.end)]) {
      const eventIds: string[] = []
      let cursor = start
      for (let isFull = true; isFull; ) {
        const page = await events.read(projectId, { kinds: ['job'], cursor, limit: 2 })
        eventIds.push(...page.messages.map(({ data }) => (data as { id: string }).id))
        cursor = page.position
        isFull = page.isFull || page.isBehind
      }
      expect(eventIds.toSorted()).toEqual(records.map((id) => `${id}/2`).toSorted())
    }
  })

  it('keeps events of a record with a duplicate object and does not repeat them', async () => {
    const projectId = await makeProject()
    const id = await makeRecord(projectId)
    const recordDuplicate = makeDuplicatesRepository(fixture.open.prisma)
    await recordDuplicate(id, 'second')
    await addEvent(id)
    await age(projectId, 31)
    await pruneAll(projectId)
    await recordDuplicate(id, 'second')
    expect(await remainingIds(projectId)).toHaveLength(3)
    expect(await examine(fixture.open.prisma)).toEqual([])
  })

  it('keeps only the last event under concurrent runs', async () => {
    const projectId = await makeProject()
    const id = await makeRecord(projectId)
    for (let count = 0; count < 20; count += 1) await addEvent(id)
    await age(projectId, 31)
    await Promise.all(Array.from({ length: 4 }, () => pruneAll(projectId, 5)))
    expect(await remainingIds(projectId)).toEqual([`${id}/21`])
  })
})

describe('restored database', () => {
  const query = { kinds: ['job'], limit: 100 } as const

  it('rejects cursors issued before the restore', async () => {
    const projectId = await makeProject()
    await makeRecord(projectId)
    await read(projectId)
    const events = makeFeed({ repository: fixture.feed, retentionDays: 30 })
    const cursor = await events.now(projectId)
    expect((await events.read(projectId, { ...query, cursor })).messages).toEqual([])
    await fixture.open.prisma.$executeRaw`UPDATE installation SET timeline = timeline + 1`
    await expect(events.read(projectId, { ...query, cursor })).rejects.toMatchObject({ code: 'cursor_expired' })
    expect((await events.read(projectId, { ...query, cursor: null })).messages).toHaveLength(1)
  })

  it('pages through events of another cluster before new ones', async () => {
    const projectId = await makeProject()
    const ids = [await makeRecord(projectId), await makeRecord(projectId)]
    for (const id of ids) await addEvent(id)
    await fixture.open.pool.query(`UPDATE workload_events SET xid = '1000000000000' WHERE project_id = $1`, [projectId])
    await fixture.open.pool.query(
      `UPDATE projects SET pruned_xid = '999999999999', pruned_workload_id = 'job_z', pruned_seq = 7 WHERE id = $1`,
      [projectId],
    )
    expect(await readNow(projectId)).toMatchObject({ eventIds: [], isBehind: true })
    // A concurrent transaction writes after an event with a future transaction id.
    const sql = await session()
    await sql.query('BEGIN')
    await addEvent(ids[0] ?? '', sql)
    const renumbering = renumberRestoredEvents(fixture.open.prisma)
    await waitingForLock()
    await sql.query('COMMIT')
    await renumbering
    await addEvent(ids[1] ?? '')
    const eventIds: string[] = []
    let position: FeedPosition | null = null
    for (let isLast = false; !isLast; ) {
      const page: Awaited<ReturnType<typeof read>> = await read(projectId, position, 2)
      expect(page.isPruned).toBe(false)
      eventIds.push(...page.eventIds)
      position = page.end
      isLast = !page.isFull
    }
    for (const id of ids)
      expect(eventIds.filter((event) => event.startsWith(id))).toEqual([1, 2, 3].map((seq) => `${id}/${seq}`))
    expect(eventIds.at(-1)).toBe(`${ids[1]}/3`)
  })
})
