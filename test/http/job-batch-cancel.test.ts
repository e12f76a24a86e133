import { describe, expect, it } from 'vitest'
import { idAt } from '../../src/vocabulary/ids.ts'
import { useApiBench } from '../support/api-bench.ts'
import { idsOf, slurmJob, statementsDuring, submitBatch } from '../support/job-batches.ts'
import { useSqlClient } from '../support/test-database.ts'

const bench = await useApiBench({ settings: { requestRate: null } })
const { api } = bench
const sql = await useSqlClient(bench.database)

interface CancelResult {
  dryRun: boolean
  matched: number
  requested: number
  unchanged: number
  unsupported: number
  requestedIds: string[]
  unsupportedIds: string[]
  nextCursor?: string
}

const cancel = async (body: object) => (await api.ok('POST', '/jobs/batch-cancel', body)) as unknown as CancelResult
/** Ids of new jobs with the label, newest first. */
async function jobsOf(sweep: string, count: number): Promise<string[]> {
  const jobs = Array.from({ length: count }, () => slurmJob(bench, { labels: { sweep } }))
  return (idsOf(await submitBatch(api, jobs)) as string[]).toSorted().toReversed()
}
const labeled = (sweep: string) => ({ filter: { label: [`sweep:${sweep}`] } })
const count = async (query: string, ids: readonly string[]) =>
  (await sql.query(`SELECT count(*)::int AS n FROM ${query}`, [ids])).rows[0].n as number
const canceledAmong = (ids: readonly string[]) => count(`workloads WHERE id = ANY($1) AND desired = 'cancel'`, ids)

/** Moves jobs to a connection that can no longer be opened: it has no driver, so no action is supported. */
async function moveToClosed(ids: readonly string[]): Promise<void> {
  await sql.query(
    `INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials)
     SELECT 'conn_gone', project_id, 'slurm', 'gone', '{}', 'unreadable' FROM connections WHERE id = $1
     ON CONFLICT DO NOTHING`,
    [bench.connections.slurm],
  )
  await sql.query(`UPDATE workloads SET connection_id = 'conn_gone' WHERE id = ANY($1)`, [ids])
}

describe('a batch cancel', () => {
  it('cancels only matching jobs and with the same effects as a single cancel', async () => {
    const [ids, others] = [await jobsOf('mine', 5), await jobsOf('others', 2)]
    const result = await cancel(labeled('mine'))
    expect(result).toEqual({
      ...{ dryRun: false, matched: 5, requested: 5, unchanged: 0, unsupported: 0 },
      ...{ requestedIds: expect.any(Array), unsupportedIds: [] },
    })
    expect(result.requestedIds.toSorted()).toEqual(ids.toSorted())
    expect(await canceledAmong(others)).toBe(0)
    const [id = '', other = ''] = [ids[0], others[0]]
    await api.ok('POST', `/jobs/${other}/cancel`)
    const effectsOf = async (job: string) => {
      const { rows } = await sql.query(
        `SELECT generation, version, seq, desired, cancel_requested_at = updated_at AS "isNow", due_at = updated_at AS "isDue" FROM workloads WHERE id = $1`,
        [job],
      )
      const { data } = await api.ok('GET', `/jobs/${job}/events`)
      const audit = await api.ok('GET', `/audit?objectId=${job}`)
      const summaryOf = ({ type, seq, data: details }: Record<string, unknown>) => ({ type, seq, details })
      const entries = (audit.data as unknown as Record<string, unknown>[]).map(
        ({ action, subject, data: details }) => ({
          ...{ action, subject, details },
        }),
      )
      return { row: rows[0], events: (data as unknown as Record<string, unknown>[]).map(summaryOf), entries }
    }
    expect(await effectsOf(id)).toEqual(await effectsOf(other))
  })

  it('returns the same jobs in a dry run and changes nothing', async () => {
    const ids = await jobsOf('dry', 4)
    const dry = await cancel({ ...labeled('dry'), dryRun: true })
    expect(dry).toMatchObject({ dryRun: true, matched: 4, requested: 4, requestedIds: ids })
    expect(await canceledAmong(ids)).toBe(0)
    expect(await count('workload_events WHERE workload_id = ANY($1)', ids)).toBe(4)
    const { requestedIds } = await cancel(labeled('dry'))
    expect(requestedIds.toSorted()).toEqual(ids.toSorted())
  })

  it('cancels up to its limit, newest first, and continues from its cursor', async () => {
    const ids = await jobsOf('paged', 7)
    const seen: string[][] = []
    let cursor: string | undefined
    do {
      const page = await cancel({ ...labeled('paged'), limit: 3, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(page.requestedIds.toSorted().toReversed())
      cursor = page.nextCursor
    } while (cursor !== undefined && seen.length < 9)
    expect(seen.map((page) => page.length)).toEqual([3, 3, 1])
    expect(seen.flat()).toEqual(ids)
  })

  it('does not cancel jobs that are submitted after its first request', async () => {
    await jobsOf('racing', 3)
    const { nextCursor: cursor = '' } = await cancel({ ...labeled('racing'), limit: 2 })
    const late = await jobsOf('racing', 2)
    expect((await cancel({ ...labeled('racing'), cursor })).requested).toBe(1)
    expect(await canceledAmong(late)).toBe(0)
  })

  it('does not cancel later jobs of a process whose clock is behind', async () => {
    const ids = await jobsOf('skewed', 3)
    const { nextCursor: cursor = '' } = await cancel({ ...labeled('skewed'), limit: 1 })
    const [late = ''] = await jobsOf('skewed', 1)
    // Its id follows the cursor, as if it were older than the others.
    const id = `${idAt('job', Date.now() - 60_000)}${late.slice(-16)}`
    await sql.query('DELETE FROM workload_labels WHERE workload_id = $1', [late])
    await sql.query('UPDATE workloads SET id = $2 WHERE id = $1', [late, id])
    await sql.query(
      `INSERT INTO workload_labels SELECT project_id, kind, 'sweep', 'skewed', id FROM workloads WHERE id = $1`,
      [id],
    )
    expect(await cancel({ ...labeled('skewed'), cursor })).toMatchObject({ matched: 2, requested: 2 })
    expect([await canceledAmong(ids), await canceledAmong([id])]).toEqual([3, 0])
  })

  it('does not cancel later jobs that precede the next page of a namePrefix filter', async () => {
    const jobNamed = (name: string) => slurmJob(bench, { name })
    await submitBatch(api, ['n-5', 'n-6', 'n-7'].map(jobNamed))
    const filter = { namePrefix: 'n-', createdBefore: '2999-01-01T00:00:00Z' }
    const { nextCursor: cursor = '' } = await cancel({ filter, limit: 1 })
    const late = idsOf(await submitBatch(api, ['n-1', 'n-2'].map(jobNamed))) as string[]
    const { nextCursor: next = '', ...second } = await cancel({ filter, limit: 1, cursor })
    expect(second.requested).toBe(1)
    expect(await cancel({ filter, cursor: next })).toMatchObject({ matched: 1, requested: 1 })
    expect(await canceledAmong(late)).toBe(0)
  })

  it('does not read the large fields of jobs', async () => {
    await jobsOf('slim', 2)
    const [read = ''] = (await statementsDuring(() => cancel(labeled('slim')))).filter((text) =>
      text.includes('p.is_last'),
    )
    expect(read).toContain('w.status')
    expect(read).not.toMatch(/w\.(spec|remote_payload|result|labels)\b/)
  })

  it('requests each cancellation once when repeated concurrently', async () => {
    const ids = await jobsOf('repeated', 50)
    const responses = await Promise.all(Array.from({ length: 6 }, () => cancel(labeled('repeated'))))
    expect(responses.flatMap(({ requestedIds }) => requestedIds).toSorted()).toEqual(ids.toSorted())
    expect(await cancel(labeled('repeated'))).toMatchObject({ matched: 50, requested: 0, unchanged: 50 })
    expect(await count(`workload_events WHERE type = 'job.cancel_requested' AND workload_id = ANY($1)`, ids)).toBe(50)
    expect(await count(`audit WHERE action = 'job.cancel_requested' AND object_id = ANY($1)`, ids)).toBe(50)
  })

  it('does not match finished jobs', async () => {
    const ids = await jobsOf('finished', 3)
    await sql.query(`UPDATE workloads SET status = 'succeeded', active = false, ended_at = now() WHERE id = $1`, [
      ids[0],
    ])
    expect(await cancel(labeled('finished'))).toMatchObject({ matched: 2, requested: 2 })
    expect(await cancel({ filter: { ids: [ids[0] ?? ''] } })).toMatchObject({ matched: 0, requested: 0 })
    expect(await cancel({ filter: { ids, active: false } })).toMatchObject({ matched: 0, requested: 0 })
  })

  it('reports dispatched jobs that the provider cannot cancel', async () => {
    const [waiting = '', sent = ''] = await jobsOf('dispatched', 2)
    await moveToClosed([waiting, sent])
    await sql.query(`UPDATE workloads SET status = 'running', remote_id = '7' WHERE id = $1`, [sent])
    const expected = { requested: 1, unsupported: 1, requestedIds: [waiting], unsupportedIds: [sent] }
    expect(await cancel({ ...labeled('dispatched'), dryRun: true })).toMatchObject(expected)
    expect(await cancel(labeled('dispatched'))).toMatchObject(expected)
  })

  it('reports jobs that are dispatched between its read and its write', async () => {
    const [waiting = '', sent = '', ended = ''] = await jobsOf('sending', 3)
    await moveToClosed([waiting, sent, ended])
    // The locks delay the write of the cancellations, not the read.
    await sql.query('BEGIN')
    await sql.query(`UPDATE workloads SET status = 'running', remote_id = '8' WHERE id = $1`, [sent])
    await sql.query(`UPDATE workloads SET status = 'failed', active = false, ended_at = now() WHERE id = $1`, [ended])
    const canceled = cancel(labeled('sending'))
    const isWaiting = `pg_stat_activity WHERE datname = current_database() AND wait_event_type = ANY($1)`
    await expect.poll(() => count(isWaiting, ['Lock'])).toBeGreaterThan(0)
    await sql.query('COMMIT')
    expect(await canceled).toMatchObject({
      ...{ matched: 3, requested: 1, unchanged: 1, unsupported: 1 },
      ...{ requestedIds: [waiting], unsupportedIds: [sent] },
    })
  })

  it('uses one write and few statements for 1,000 jobs', async () => {
    const ids = await jobsOf('large', 1000)
    const sent = await statementsDuring(async () => {
      expect(await cancel(labeled('large'))).toMatchObject({ matched: 1000, requested: 1000 })
    })
    expect(sent.filter((text) => text.includes('UPDATE workloads'))).toHaveLength(1)
    expect(sent.length).toBeLessThan(12)
    expect(await canceledAmong(ids)).toBe(1000)
  })
})

describe('a batch cancel request', () => {
  it.each([
    ['no filter', {}, '/filter'],
    ['an empty filter', { filter: {} }, '/filter'],
    ['only filters that are null', { filter: { ids: null, status: null } }, '/filter'],
    ['an empty list of labels', { filter: { label: [] } }, '/filter/label'],
    ['an empty list of statuses', { filter: { status: [] } }, '/filter/status'],
    ['an unknown filter', { filter: { active: true, view: 'full' } }, '/filter/view'],
    ['an invalid time', { filter: { createdAfter: '0000-01-01T00:00:00Z' } }, '/filter/createdAfter'],
    ['a limit of zero', { filter: { active: true }, limit: 0 }, '/limit'],
    ['a limit that is too large', { filter: { active: true }, limit: 1001 }, '/limit'],
    ['an invalid cursor', { filter: { active: true }, cursor: 'x' }, '/cursor'],
  ])('is rejected with %s', async (_name, body, pointer) => {
    const response = await api.call('POST', '/jobs/batch-cancel', { body })
    expect(response.body).toMatchObject({ status: 400, errors: [{ in: 'body', pointer }] })
  })

  it('ignores null filters, also in the comparison of a cursor', async () => {
    const [ids, others] = [await jobsOf('nulls', 2), await jobsOf('not-nulls', 1)]
    const { filter } = labeled('nulls')
    const first = await cancel({ filter: { ...filter, ids: null, status: null }, limit: 1 })
    const second = await cancel({ filter, limit: 1, cursor: first.nextCursor })
    expect([...first.requestedIds, ...second.requestedIds]).toEqual(ids)
    expect(await canceledAmong(others)).toBe(0)
  })

  it('is rejected with dryRun in the query', async () => {
    const ids = await jobsOf('query', 1)
    const response = await api.call('POST', '/jobs/batch-cancel?dryRun=true', { body: labeled('query') })
    expect(response.body).toMatchObject({ status: 400, errors: [{ in: 'query', pointer: 'dryRun' }] })
    expect(await canceledAmong(ids)).toBe(0)
  })

  it('is rejected with the cursor of another filter', async () => {
    await jobsOf('cursor', 2)
    const { nextCursor } = await cancel({ ...labeled('cursor'), limit: 1 })
    const body = { filter: { active: true }, cursor: nextCursor }
    const response = await api.call('POST', '/jobs/batch-cancel', { body })
    expect(response.body).toMatchObject({ status: 400, errors: [{ in: 'body', pointer: '/cursor' }] })
  })

  it.each([
    ['namePrefix', (id: string) => ({ namePrefix: `by-${id.slice(-6)}` })],
    ['connectionId and status', () => ({ connectionId: bench.connections.slurm, status: ['queued'], label: ['f:2'] })],
    ['provider and creation time', () => ({ provider: 'slurm', label: ['f:2'], createdAfter: '2024-01-01T00:00:00Z' })],
    ['ids', (id: string) => ({ ids: [id] })],
  ])('supports filtering by %s', async (_name, filterOf) => {
    const [id = ''] = idsOf(await submitBatch(api, [slurmJob(bench, { labels: { f: '2' } })])) as string[]
    await sql.query('UPDATE workloads SET name = $2 WHERE id = $1', [id, `by-${id.slice(-6)}-x`])
    expect(await cancel({ filter: filterOf(id) })).toMatchObject({ requested: 1, requestedIds: [id] })
  })
})
