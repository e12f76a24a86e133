import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Database, makeDatabase } from '../../../src/infra/database.ts'
import { makeFanOut } from '../../../src/webhooks/fan-out.repository.ts'
import { openTransaction } from '../../support/open-transaction.ts'
import { scansOf, sentBy } from '../../support/statement-plans.ts'
import { record, until, useWebhookBench } from './webhook-bench.ts'

let fanOut: ReturnType<typeof makeFanOut>
const others: Database[] = []

/** No worker runs, so recorded deliveries stay unchanged. */
const bench = await useWebhookBench()

beforeAll(async () => {
  fanOut = makeFanOut(bench.open.sql)
  for (const _ of [1, 2, 3]) others.push(makeDatabase({ url: bench.database.url, poolSize: 2 }))
})

afterAll(async () => {
  await Promise.all(others.map((each) => each.close()))
})
beforeEach(() => bench.open.pool.query('UPDATE webhook_endpoints SET enabled = false, disabled_at = now()'))

/** The events recorded for an endpoint, in the order of the delivery ids. */
async function recordedFor(endpointId: string): Promise<string[]> {
  const { rows } = await bench.open.pool.query(
    'SELECT event_id FROM webhook_deliveries WHERE endpoint_id = $1 ORDER BY id',
    [endpointId],
  )
  return rows.map((row: { event_id: string }) => row.event_id)
}

/** Runs the fan-out until it has read all committed events. */
const readAll = () => until(async () => !(await fanOut()).isBehind)

describe('event fan-out', () => {
  it('records each event once per endpoint across concurrent processes', async () => {
    const endpoints = await Promise.all(['/a', '/b', '/c'].map((path) => bench.register(path)))
    const events: string[] = []
    for (let seq = 1; seq <= 250; seq += 1) events.push(await bench.record({ seq }))
    const fanOuts = [bench.open, ...others].map(({ sql }) => makeFanOut(sql))
    for (let round = 0; round < 6; round += 1) await Promise.all(fanOuts.flatMap((each) => [each(), each()]))
    await readAll()
    for (const { id } of endpoints) expect((await recordedFor(id)).toSorted()).toEqual(events.toSorted())
  })

  it('records events in commit order', async () => {
    const { id } = await bench.register('/ordered')
    const events: string[] = []
    for (let seq = 1; seq <= 30; seq += 1) events.push(await bench.record({ seq }))
    await readAll()
    expect(await recordedFor(id)).toEqual(events)
  })

  it('includes an event that an older transaction commits late', async () => {
    const { id } = await bench.register('/late')
    const late = await openTransaction(bench.open.pool)
    const lateId = await recordBy(late, 1)
    const early = await bench.record({ seq: 2 })
    // Events after the open transaction are not read, and the result reports this.
    expect(await fanOut()).toMatchObject({ isBehind: true })
    expect(await recordedFor(id)).toEqual([])
    await late.query('COMMIT')
    await readAll()
    expect((await recordedFor(id)).toSorted()).toEqual([early, lateId].toSorted())
  })

  it('excludes rolled-back events', async () => {
    const { id } = await bench.register('/undone')
    const rolledBack = await openTransaction(bench.open.pool)
    await recordBy(rolledBack, 1)
    await rolledBack.query('ROLLBACK')
    const kept = await bench.record()
    await readAll()
    expect(await recordedFor(id)).toEqual([kept])
  })

  it('excludes events of other projects', async () => {
    const { id } = await bench.register('/mine')
    await bench.record({ projectId: 'prj_other' })
    const mine = await bench.record()
    await readAll()
    expect(await recordedFor(id)).toEqual([mine])
  })

  it.each([
    [['job.succeeded'], ['job.succeeded']],
    [['job.*'], ['job.succeeded', 'job.failed']],
    [
      ['environment.*', 'job.failed'],
      ['job.failed', 'environment.running'],
    ],
    [[], ['job.succeeded', 'job.failed', 'environment.running']],
  ])('with event types %o records %o', async (eventTypes, expected) => {
    const { id } = await bench.register(`/types/${expected.length}`, { eventTypes })
    const typesById = new Map<string, string>()
    for (const type of ['job.succeeded', 'job.failed', 'environment.running'])
      typesById.set(await bench.record({ kind: type.startsWith('job') ? 'job' : 'environment', type }), type)
    await readAll()
    expect((await recordedFor(id)).map((eventId) => typesById.get(eventId))).toEqual(expected)
  })
})

describe('endpoint', () => {
  it('receives no events from before its creation', async () => {
    await bench.record()
    const { id } = await bench.register('/new')
    const after = await bench.record()
    await readAll()
    expect(await recordedFor(id)).toEqual([after])
  })

  it('receives no events while disabled and new ones once enabled again', async () => {
    const { id } = await bench.register('/pausing')
    const path = `/webhook-endpoints/${id}`
    const before = await bench.record()
    await readAll()
    await bench.api.ok('PATCH', path, { enabled: false })
    await bench.record()
    await readAll()
    await bench.settled()
    expect(await bench.api.ok('PATCH', path, { enabled: true })).toMatchObject({ enabled: true })
    const after = await bench.record()
    await readAll()
    expect(await recordedFor(id)).toEqual([before, after])
  })

  it('receives events after a restore into a server with lower transaction ids', async () => {
    const { id } = await bench.register('/restored')
    await bench.open.pool.query("UPDATE webhook_endpoints SET cursor_xid = '9000000000000' WHERE id = $1", [id])
    await readAll()
    const after = await bench.record()
    await readAll()
    expect(await recordedFor(id)).toEqual([after])
  })

  it('receives no events if created disabled', async () => {
    const { id } = await bench.register('/asleep', { enabled: false })
    await bench.record()
    await readAll()
    expect(await recordedFor(id)).toEqual([])
  })
})

it('fan-out without endpoints reads no events and reports that there are none', async () => {
  await bench.open.pool.query('DELETE FROM webhook_endpoints')
  expect(await fanOut()).toEqual({ hasEndpoints: false, isBehind: false, read: 0 })
})

it('finding the next events of each endpoint uses an index without sorting', async () => {
  const { id } = await bench.register('/cheap')
  await bench.open.pool.query(
    `INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
      SELECT 'job_' || n, 1, 'evt_bulk_' || n, $1, 'job', 'job.running', '{}' FROM generate_series(1, 5000) n`,
    [bench.projectId],
  )
  await bench.open.pool.query('ANALYZE workload_events')
  await readAll()
  expect(await recordedFor(id)).toHaveLength(5000)
  const [statement] = await sentBy(({ sql }) => makeFanOut(sql)())
  if (statement === undefined) throw new Error('no statement was sent')
  const scans = (await scansOf(bench.open, statement, 'generic plan')).filter(
    ({ table }) => table === 'workload_events',
  )
  // Of the next event of each endpoint, and of the events of a page.
  const byCursor = { index: 'workload_events_project_id_xid_workload_id_seq_idx', receiver: 'Limit' }
  expect(scans).toEqual([expect.objectContaining(byCursor), expect.objectContaining(byCursor)])
})

const recordBy = (client: { query: unknown }, seq: number) =>
  record({ pool: client as Database['pool'] }, { seq, projectId: bench.projectId })
