import { describe, expect, it } from 'vitest'
import { openTransaction } from '../support/open-transaction.ts'
import { parkJobs, useAttentionBench } from '../support/parked-jobs.ts'

const { bench, sql } = await useAttentionBench()

interface ResolveResult {
  dryRun: boolean
  matched: number
  resolved: number
  items: { id: string; result: string; detail?: string }[]
  nextCursor?: string
}

const resolve = async (body: object) =>
  (await bench.api.ok('POST', '/attention/resolve', body)) as unknown as ResolveResult
const all = { filter: { provider: 'slurm' } }
const notCreated = { resolution: { outcome: 'not_created' } }
const resultsOf = ({ items }: ResolveResult) => items.map(({ result }) => result)

/** All rows that a resolution could change. */
async function snapshot(): Promise<unknown> {
  const { rows } = await sql.query(
    `SELECT (SELECT json_agg(w ORDER BY id) FROM workloads w) AS workloads, (SELECT count(*) FROM workload_events) AS events,
       (SELECT count(*) FROM audit) AS audit, (SELECT json_agg(a ORDER BY workload_id) FROM workload_attempts a) AS attempts`,
  )
  return rows
}

async function resolutionsOf(ids: readonly string[]): Promise<number[]> {
  const { rows } = await sql.query(
    `SELECT (SELECT count(*)::int FROM workload_events e WHERE e.workload_id = i AND e.type = 'job.resolved') AS events,
       (SELECT count(*)::int FROM audit a WHERE a.object_id = i AND a.action = 'job.resolved') AS audit
     FROM unnest($1::text[]) i`,
    [ids],
  )
  return rows.flatMap(({ events, audit }) => [events, audit])
}

describe('POST /attention/resolve', () => {
  it('reports results and counts in a dry run and changes nothing', async () => {
    const ready = await parkJobs(bench, sql, 2)
    const early = await parkJobs(bench, sql, 1, { mayStillExecute: true })
    const broken = await parkJobs(bench, sql, 1, { reason: 'internal_error' })
    const before = await snapshot()
    const dry = await resolve({ ...all, ...notCreated, dryRun: true })
    expect(dry).toMatchObject({ dryRun: true, matched: 4, resolved: 2 })
    const resultOf = Object.fromEntries(dry.items.map(({ id, result }) => [id, result]))
    expect(ready.map((id) => resultOf[id])).toEqual(['resolvable', 'resolvable'])
    expect([...early, ...broken].map((id) => resultOf[id])).toEqual(['too_early', 'not_applicable'])
    expect(await snapshot()).toEqual(before)
  })

  it('resolves the workloads of its dry run with one event and audit entry each', async () => {
    const ids = await parkJobs(bench, sql, 5)
    const dry = await resolve({ ...all, ...notCreated, dryRun: true })
    const done = await resolve({ ...all, ...notCreated })
    expect(done).toMatchObject({ matched: 5, resolved: 5 })
    expect(done.items.map(({ id }) => id)).toEqual(dry.items.map(({ id }) => id))
    expect(await resolutionsOf(ids)).toEqual(ids.flatMap(() => [1, 1]))
    const { rows } = await sql.query('SELECT outcome FROM workload_attempts WHERE workload_id = ANY($1)', [ids])
    expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['not_created']))
  })

  it('resolves at most the limit and continues from its cursor', async () => {
    const ids = await parkJobs(bench, sql, 5, { isUnknown: true })
    const resolution = { resolution: { status: 'failed' } }
    const first = await resolve({ ...all, ...resolution, limit: 2 })
    expect(first).toMatchObject({ matched: 2, resolved: 2, nextCursor: expect.any(String) })
    const second = await resolve({ ...all, ...resolution, limit: 200, cursor: first.nextCursor })
    expect(second).toMatchObject({ matched: 3, resolved: 3 })
    expect(second.nextCursor).toBeUndefined()
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids)
    expect(
      await bench.api.call('POST', '/attention/resolve', { body: { ...all, ...resolution, limit: 201 } }),
    ).toMatchObject({ status: 400 })
  })

  it('rejects a missing filter and a resolution for a single workload', async () => {
    for (const body of [
      notCreated,
      { filter: {}, ...notCreated },
      { ...all, resolution: { remoteId: '1' } },
      { ...all, resolution: {} },
    ])
      expect(await bench.api.call('POST', '/attention/resolve', { body })).toMatchObject({ status: 400 })
  })

  it('resolves each workload once for two concurrent requests', async () => {
    const ids = await parkJobs(bench, sql, 12)
    const both = await Promise.all([resolve({ ...all, ...notCreated }), resolve({ ...all, ...notCreated })])
    const results = both.flatMap(resultsOf)
    expect(results.filter((result) => result === 'resolved')).toHaveLength(12)
    expect(new Set(results)).toEqual(new Set(results.length > 12 ? ['resolved', 'not_applicable'] : ['resolved']))
    expect(await resolutionsOf(ids)).toEqual(ids.flatMap(() => [1, 1]))
  })

  it('skips a leased workload and resolves it after the lease ends', async () => {
    const [held = '', other = ''] = await parkJobs(bench, sql, 2)
    await sql.query(
      `UPDATE workloads SET lease_id = 'worker', lease_until = now() + interval '1 minute' WHERE id = $1`,
      [held],
    )
    const { items } = await resolve({ ...all, ...notCreated })
    expect(items.map(({ id, result }) => [id, result])).toEqual([
      [held, 'not_applicable'],
      [other, 'resolved'],
    ])
    expect(items[0]?.detail).toContain('A worker may be processing it')
    await sql.query(`UPDATE workloads SET lease_until = now() - interval '1 s' WHERE id = $1`, [held])
    expect(resultsOf(await resolve({ ...all, ...notCreated }))).toEqual(['resolved'])
  })

  it('resolves the remaining workloads on repeat after a lost database connection', async () => {
    const ids = await parkJobs(bench, sql, 8)
    // Resolving the fifth waits for this lock, after the first four are resolved.
    const locker = await openTransaction(sql)
    await locker.query('SELECT 1 FROM workloads WHERE id = ANY($1) FOR UPDATE', [ids.slice(4, 8)])
    const interrupted = resolve({ ...all, ...notCreated })
    const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    await expect.poll(async () => (await sql.query(waiting)).rowCount).toBe(4)
    await sql.query(`SELECT pg_terminate_backend(pid) FROM (${waiting}) w`)
    const first = await interrupted
    await locker.query('ROLLBACK')
    expect(resultsOf(first)).toEqual([...Array(4).fill('resolved'), ...Array(4).fill('failed')])
    expect(await resolve({ ...all, ...notCreated })).toMatchObject({ matched: 4, resolved: 4 })
    expect(await resolutionsOf(ids)).toEqual(ids.flatMap(() => [1, 1]))
  })
})
