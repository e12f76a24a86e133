import { describe, expect, it, vi } from 'vitest'
import type { FeedPosition } from '../../../src/events/feed.repository.ts'
import { type Feed, makeFeed } from '../../../src/events/feed.ts'
import { makePruneEvents } from '../../../src/events/prune.repository.ts'
import { renumberRestoredEvents } from '../../../src/events/restored.repository.ts'
import { makeDuplicatesRepository } from '../../../src/workloads/engine/attempts.repository.ts'
import { examine } from '../../../src/workloads/maintenance/doctor.repository.ts'
import { useFeed } from './use-feed.ts'

const scene = useFeed()
const { session, makeProject, makeRecord, addEvent, readNow, read } = scene

/** The cursor of a place, as a reader that was there has it. */
async function cursorAt(events: Feed, projectId: string, place: FeedPosition | undefined): Promise<string> {
  const cursor = await events.now(projectId)
  const [digest, position] = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  const { workloadId: id, xid, seq } = place ?? { workloadId: '', xid: '0', seq: 0 }
  return Buffer.from(JSON.stringify([digest, { ...position, id, xid, seq: String(seq) }])).toString('base64url')
}

/** Once somebody waits for a lock on the events as a whole. */
async function waitingForLock(): Promise<void> {
  const statement = `SELECT 1 FROM pg_locks WHERE relation = 'workload_events'::regclass AND NOT granted`
  await vi.waitUntil(async () => (await scene.open.pool.query(statement)).rowCount, { timeout: 30_000, interval: 10 })
}

describe('events that are not kept any more', () => {
  const prune = (limit = 1000) => makePruneEvents(scene.open.prisma, { retentionDays: 30 })(limit)
  const age = (projectId: string, days: number) =>
    scene.open.pool.query(`UPDATE workload_events SET at = now() - $2 * interval '1 day' WHERE project_id = $1`, [
      projectId,
      days,
    ])
  const left = async (projectId: string): Promise<string[]> => {
    const statement = 'SELECT id FROM workload_events WHERE project_id = $1'
    return (await scene.open.pool.query<{ id: string }>(statement, [projectId])).rows.map(({ id }) => id).toSorted()
  }
  /** Until nothing is left to do: what is old has to be behind the horizon first. */
  const pruneAll = async (projectId: string, limit?: number) => {
    await read(projectId)
    while ((await prune(limit)) > 0);
  }
  it('go, but the last of each record, and whoever was before them is told', async () => {
    const projectId = await makeProject()
    const [ended, goesOn] = [await makeRecord(projectId), await makeRecord(projectId)]
    const early = await read(projectId)
    for (const id of [ended, goesOn, goesOn]) await addEvent(id)
    await age(projectId, 31)
    const late = await read(projectId)
    await addEvent(goesOn)
    expect((await read(projectId, early.end)).isPruned).toBe(false)
    await pruneAll(projectId)
    expect(await left(projectId)).toEqual([`${ended}/2`, `${goesOn}/4`])
    expect((await read(projectId)).told).toEqual([`${goesOn}/4`])
    expect((await read(projectId, early.end)).isPruned).toBe(true)
    expect(await read(projectId, late.end)).toMatchObject({ isPruned: false, told: [`${goesOn}/4`] })
    expect(await examine(scene.open.prisma)).toEqual([])
  })

  it('go in parts, none is passed over, and what is newer stays', async () => {
    const projectId = await makeProject()
    const records = await Promise.all(Array.from({ length: 5 }, () => makeRecord(projectId)))
    for (let count = 0; count < 4; count += 1) for (const id of records) await addEvent(id)
    await age(projectId, 31)
    for (const id of records) await addEvent(id)
    await pruneAll(projectId, 3)
    expect(await left(projectId)).toEqual(records.map((id) => `${id}/6`).toSorted())
    // What stays because it is the last goes with the next one.
    await age(projectId, 31)
    for (const id of records) await addEvent(id)
    await pruneAll(projectId, 4)
    expect(await left(projectId)).toEqual(records.map((id) => `${id}/7`).toSorted())
    expect(await examine(scene.open.prisma)).toEqual([])
  })

  it('are no obstacle for who reads page by page, from the beginning or from now', async () => {
    const projectId = await makeProject()
    const records = await Promise.all(Array.from({ length: 5 }, () => makeRecord(projectId)))
    await age(projectId, 31)
    await pruneAll(projectId)
    const now = await scene.feed.end(projectId)
    for (const id of records) await addEvent(id)
    const events = makeFeed({ repository: scene.feed, retentionDays: 30 })
    for (const start of [null, await cursorAt(events, projectId, now?.end)]) {
      const told: string[] = []
      let cursor = start
      for (let isFull = true; isFull; ) {
        const page = await events.read(projectId, { kinds: ['job'], cursor, limit: 2 })
        told.push(...page.messages.map(({ data }) => (data as { id: string }).id))
        cursor = page.position
        isFull = page.isFull || page.isBehind
      }
      expect(told.toSorted()).toEqual(records.map((id) => `${id}/2`).toSorted())
    }
  })

  it('stay where two objects were found for a record, and that is not told again', async () => {
    const projectId = await makeProject()
    const id = await makeRecord(projectId)
    const note = makeDuplicatesRepository(scene.open.prisma)
    await note(id, 'second')
    await addEvent(id)
    await age(projectId, 31)
    await pruneAll(projectId)
    await note(id, 'second')
    expect(await left(projectId)).toHaveLength(3)
    expect(await examine(scene.open.prisma)).toEqual([])
  })

  it('go once, however many processes see to it', async () => {
    const projectId = await makeProject()
    const id = await makeRecord(projectId)
    for (let count = 0; count < 20; count += 1) await addEvent(id)
    await age(projectId, 31)
    await Promise.all(Array.from({ length: 4 }, () => pruneAll(projectId, 5)))
    expect(await left(projectId)).toEqual([`${id}/21`])
  })
})

describe('a database that was restored', () => {
  const query = { kinds: ['job'], limit: 100 } as const

  it('takes no cursor of the time before', async () => {
    const projectId = await makeProject()
    await makeRecord(projectId)
    await read(projectId)
    const events = makeFeed({ repository: scene.feed, retentionDays: 30 })
    const cursor = await events.now(projectId)
    expect((await events.read(projectId, { ...query, cursor })).messages).toEqual([])
    await scene.open.prisma.$executeRaw`UPDATE installation SET timeline = timeline + 1`
    await expect(events.read(projectId, { ...query, cursor })).rejects.toMatchObject({ code: 'cursor_expired' })
    expect((await events.read(projectId, { ...query, cursor: null })).messages).toHaveLength(1)
  })

  it('shows what a dump of another cluster brought, page by page, before what happens now', async () => {
    const projectId = await makeProject()
    const ids = [await makeRecord(projectId), await makeRecord(projectId)]
    for (const id of ids) await addEvent(id)
    await scene.open.pool.query(`UPDATE workload_events SET xid = '1000000000000' WHERE project_id = $1`, [projectId])
    await scene.open.pool.query(
      `UPDATE projects SET pruned_xid = '999999999999', pruned_workload_id = 'job_z', pruned_seq = 7 WHERE id = $1`,
      [projectId],
    )
    expect(await readNow(projectId)).toMatchObject({ told: [], isBehind: true })
    // Somebody is writing meanwhile, after an event that has such a number.
    const sql = await session()
    await sql.query('BEGIN')
    await addEvent(ids[0] ?? '', sql)
    const renumbering = renumberRestoredEvents(scene.open.prisma)
    await waitingForLock()
    await sql.query('COMMIT')
    await renumbering
    await addEvent(ids[1] ?? '')
    const told: string[] = []
    let position: FeedPosition | null = null
    for (let isLast = false; !isLast; ) {
      const page: Awaited<ReturnType<typeof read>> = await read(projectId, position, 2)
      expect(page.isPruned).toBe(false)
      told.push(...page.told)
      position = page.end
      isLast = !page.isFull
    }
    for (const id of ids)
      expect(told.filter((event) => event.startsWith(id))).toEqual([1, 2, 3].map((seq) => `${id}/${seq}`))
    expect(told.at(-1)).toBe(`${ids[1]}/3`)
  })
})
