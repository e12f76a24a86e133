import { afterEach, describe, expect, it } from 'vitest'
import { makeId } from '../../../src/vocabulary/ids.ts'
import { makeClaimsRepository, type Shares } from '../../../src/webhooks/claims.repository.ts'
import { makeFanOut } from '../../../src/webhooks/fan-out.repository.ts'
import { makeOutcomesRepository } from '../../../src/webhooks/outcomes.repository.ts'
import { openTransaction } from '../../support/open-transaction.ts'
import { idle, useWebhookBench } from './webhook-bench.ts'

const bench = await useWebhookBench()
afterEach(async () => {
  await bench.open.pool.query('DELETE FROM webhook_deliveries')
  await bench.open.pool.query('DELETE FROM webhook_endpoints')
})

const sql = (statement: string, values: unknown[] = []) => bench.open.pool.query(statement, values)
const claims = () => makeClaimsRepository(bench.open.sql, 60_000)
const outcomes = () => makeOutcomesRepository(bench.open.sql, { disableAfterMs: 86_400_000 })
const shares: Shares = { ...idle, maxEach: 8, maxOfProject: 16 }
const failed = { httpStatus: 429, retryAfter: '3600' }
const failure = { retryMs: 0, pauseMs: 0, requestedMs: 3_600_000, disables: null }

/** Endpoints of a new project, with this number of due deliveries each. */
async function makeEndpoints(count: number, due: number): Promise<string> {
  const projectId = makeId('project')
  for (let index = 0; index < count; index += 1)
    await sql(
      `INSERT INTO webhook_endpoints (id, project_id, url, description, event_types, enabled, sealed_secret)
       VALUES ($1, $2, 'https://example.com', '', '{}', true, 'x')`,
      [makeId('webhookEndpoint'), projectId],
    )
  await makeDue(projectId, due)
  return projectId
}

const makeDue = (projectId: string, due: number) =>
  sql(
    `INSERT INTO webhook_deliveries (id, endpoint_id, project_id, event_id, type, payload)
     SELECT 'whd_' || e.id || n, e.id, e.project_id, 'evt_' || n, 'job.failed', '{}' FROM webhook_endpoints e, generate_series(1, $2) n
     WHERE e.project_id = $1`,
    [projectId, due],
  )

function maxCount(values: readonly string[]): number {
  return Math.max(...[...Map.groupBy(values, (value) => value).values()].map((same) => same.length))
}

async function claimAll(id: string, count: number) {
  for (let index = 0; index < count; index += 1) await bench.test(id)
  return claims().claimSteady(count, idle)
}

describe('claims', () => {
  it('stay within their limits despite outdated planner statistics', async () => {
    // Statistics of tables that have shrunk since once led to a plan that repeated the selection for each row.
    const old = await makeEndpoints(300, 0)
    await sql(
      `INSERT INTO webhook_deliveries (id, endpoint_id, project_id, event_id, type, payload, status, due_at, settled_at)
       SELECT 'whd_' || n, 'whk', $1, 'evt_' || n, 'job.failed', '{}', 'delivered', NULL, now() FROM generate_series(1, 2000) n`,
      [old],
    )
    await sql('DELETE FROM webhook_deliveries')
    await sql('DELETE FROM webhook_endpoints')
    const projectId = await makeEndpoints(3, 0)
    await sql('ANALYZE webhook_endpoints')
    await sql('ANALYZE webhook_deliveries')
    await makeDue(projectId, 400)
    const claimed = await claims().claimSteady(64, { ...shares, maxOfProject: 100 })
    expect(claimed).toHaveLength(24)
    expect(maxCount(claimed.map(({ endpointId }) => endpointId))).toBe(8)
    expect(await claims().claimSteady(1, idle)).toHaveLength(1)
    await sql('UPDATE webhook_endpoints SET failures = 1, not_before = now()')
    expect(await claims().claimProbes(64)).toHaveLength(3)
  })

  it('leave slots to other projects regardless of endpoint count', async () => {
    const large = await makeEndpoints(40, 10)
    const small = await makeEndpoints(1, 10)
    const claimed = await claims().claimSteady(64, shares)
    const of = (projectId: string) => claimed.filter((claim) => claim.projectId === projectId).length
    expect([of(large), of(small)]).toEqual([16, 8])
    const busy = { byEndpoint: new Map(), byProject: new Map([[large, 16]]) }
    expect((await claims().claimSteady(64, { ...shares, busy })).map(({ projectId }) => projectId)).toEqual([
      small,
      small,
    ])
  })

  it('cover all endpoints of a project', async () => {
    await makeEndpoints(12, 3)
    const claimed = await claims().claimSteady(64, shares)
    expect(new Set(claimed.map(({ endpointId }) => endpointId)).size).toBe(12)
  })
})

describe('fan-out', () => {
  it('serves every project in its first run despite the backlog of another', async () => {
    await bench.register('/small')
    const large = await makeEndpoints(60, 0)
    await sql(`UPDATE webhook_endpoints SET cursor_xid = '0' WHERE project_id = $1`, [large])
    for (let count = 0; count < 120; count += 1) await bench.record({ projectId: large, seq: count + 1 })
    await bench.record()
    await bench.settled()
    await makeFanOut(bench.open.sql)()
    const { rows } = await sql('SELECT project_id AS id, count(*)::int FROM webhook_deliveries GROUP BY 1')
    expect(rows).toContainEqual({ id: bench.projectId, count: 1 })
    expect(rows).toContainEqual({ id: large, count: 4900 })
  })
})

describe('endpoint with Retry-After', () => {
  it.each(['before', 'after'])('stays paused if another delivery succeeds %s the response', async (when) => {
    const { id } = await bench.register('/busy')
    const [first, second] = await claimAll(id, 3)
    if (first === undefined || second === undefined) throw new Error('no delivery was due')
    const succeed = () => outcomes().delivered([{ ...second, httpStatus: 204 }])
    if (when === 'before') await succeed()
    await outcomes().failed(first, failed, failure)
    if (when === 'after') await succeed()
    await bench.test(id)
    expect([...(await claims().claimSteady(10, idle)), ...(await claims().claimProbes(10))]).toEqual([])
  })

  it('stays paused if another attempt failed before without Retry-After', async () => {
    const { id } = await bench.register('/busy')
    const [first, second] = await claimAll(id, 2)
    if (first === undefined || second === undefined) throw new Error('no delivery was due')
    await outcomes().failed(first, { httpStatus: 500, retryAfter: null }, { ...failure, pauseMs: 1000, requestedMs: 0 })
    await outcomes().failed(second, failed, failure)
    await sql('UPDATE webhook_endpoints SET not_before = now()')
    expect(await claims().claimProbes(10)).toEqual([])
  })
})

describe('endpoint with a changed URL', () => {
  it('ignores a response of the old URL and retries at the new one', async () => {
    const { id } = await bench.register('/old')
    const [claim] = await claimAll(id, 1)
    if (claim === undefined) throw new Error('no delivery was due')
    await bench.api.ok('PATCH', `/webhook-endpoints/${id}`, { url: `${bench.receiver.url}/new` })
    const gone = { retryMs: null, pauseMs: 0, requestedMs: 0, disables: 'gone' } as const
    expect(await outcomes().failed(claim, { httpStatus: 410, retryAfter: null }, gone)).toBe(null)
    expect(await bench.api.ok('GET', `/webhook-endpoints/${id}`)).toMatchObject({ enabled: true })
    const [retried] = await claims().claimSteady(10, idle)
    expect(retried).toMatchObject({ id: claim.id, retryStep: 0, url: `${bench.receiver.url}/new` })
  })
})

describe('endpoint with an undecryptable secret', () => {
  it('is probed by one delivery after its pause', async () => {
    const { id } = await bench.register('/sealed')
    const claimed = await claimAll(id, 3)
    for (const claim of claimed) await claims().release(claim, 60_000)
    expect([...(await claims().claimSteady(10, idle)), ...(await claims().claimProbes(10))]).toEqual([])
    await sql('UPDATE webhook_endpoints SET not_before = now()')
    expect(await claims().claimProbes(10)).toHaveLength(1)
  })
})

describe('open transaction', () => {
  it('does not delay recorded deliveries', async () => {
    const { id } = await bench.register('/steady')
    const holder = await openTransaction(bench.open.pool)
    await holder.query('SELECT pg_current_xact_id()')
    await bench.record()
    for (let count = 0; count < 40; count += 1) await bench.test(id)
    // Longer than the test waits: no delivery may depend on the next poll.
    const worker = await bench.startWorkers({}, { settings: { pollIntervalMs: 120_000 } })
    await bench.untilDelivery(id, () => bench.at('/steady').length >= 40)
    await worker.stop()
  })
})
