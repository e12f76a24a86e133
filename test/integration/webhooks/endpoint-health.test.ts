import { afterEach, describe, expect, it } from 'vitest'
import { makeSecretBox } from '../../../src/secrets/secret-box.ts'
import { makeClaimsRepository } from '../../../src/webhooks/claims.repository.ts'
import { makeDeliveriesRepository } from '../../../src/webhooks/deliveries.repository.ts'
import { makePruning } from '../../../src/webhooks/maintenance.repository.ts'
import { makeOutcomesRepository } from '../../../src/webhooks/outcomes.repository.ts'
import type { Planning } from '../../support/rows-read.ts'
import { scansOf, sentBy } from '../../support/statement-plans.ts'
import { idle, until, useWebhookBench, verified } from './webhook-bench.ts'

const bench = await useWebhookBench()
afterEach(async () => {
  await bench.open.pool.query('DELETE FROM webhook_deliveries')
  await bench.open.pool.query('DELETE FROM webhook_endpoints')
})

const day = 86_400_000
const read = (id: string) => bench.api.ok('GET', `/webhook-endpoints/${id}`)
const claims = () => makeClaimsRepository(bench.open.sql, 60_000)
const steady = () => claims().claimSteady(10, idle)
const outcomes = () => makeOutcomesRepository(bench.open.sql, { disableAfterMs: 5 * day })
const failure = { retryMs: 0, pauseMs: 0, requestedMs: 0, disables: null }
const response = { httpStatus: 500, retryAfter: null }
const setEndpoint = (id: string, assignments: string) =>
  bench.open.pool.query(`UPDATE webhook_endpoints SET ${assignments} WHERE id = $1`, [id])

async function makeFailingEndpoint(): Promise<{ id: string; secret: string }> {
  const created = await bench.register('/hook')
  for (const _ of [1, 2, 3, 4]) await bench.test(created.id)
  const [first, ...others] = await steady()
  for (const claim of others) await claims().release(claim, 0)
  if (first === undefined) throw new Error('no delivery was due')
  await outcomes().failed(first, response, failure)
  return created
}

describe('failing endpoint', () => {
  it('is probed by one delivery at a time across processes', async () => {
    await makeFailingEndpoint()
    expect(await steady()).toEqual([])
    const probes = await Promise.all([1, 2, 3].map(() => claims().claimProbes(10)))
    expect(probes.flat()).toHaveLength(1)
    expect(await claims().claimProbes(10)).toEqual([])
  })

  it('is not called during its pause, which an attempt started earlier does not extend', async () => {
    const created = await bench.register('/hook')
    for (const _ of [1, 2]) await bench.test(created.id)
    const [first, second] = await steady()
    if (first === undefined || second === undefined) throw new Error('no delivery was due')
    await outcomes().failed(first, response, { ...failure, pauseMs: 60_000 })
    await outcomes().failed(second, response, { ...failure, pauseMs: 600_000 })
    expect(await claims().claimProbes(10)).toEqual([])
    const { rows } = await bench.open.pool.query(
      `SELECT failures, not_before < now() + interval '61 s' AS "isShort" FROM webhook_endpoints WHERE id = $1`,
      [created.id],
    )
    expect(rows).toEqual([{ failures: 1, isShort: true }])
  })

  it('receives all pending deliveries after a successful probe', async () => {
    const { id } = await makeFailingEndpoint()
    expect(await read(id)).toHaveProperty('failingSince')
    const [probe] = await claims().claimProbes(10)
    if (probe === undefined) throw new Error('no probe was claimed')
    await outcomes().delivered([{ ...probe, httpStatus: 204 }])
    expect(await read(id)).not.toHaveProperty('failingSince')
    expect(await steady()).toHaveLength(3)
  })

  it('is called at a limited rate and receives every event in the end', async () => {
    const { id, secret } = await bench.register('/down')
    bench.receiver.on('POST /down', { status: 500 })
    const worker = await bench.startWorkers({ scheduleMs: Array(50).fill(10), backoff: { firstMs: 100, maxMs: 200 } })
    const sent = await Promise.all(Array.from({ length: 20 }, () => bench.test(id)))
    await until(() => bench.at('/down').length >= 10)
    // Without the limit, all twenty would be sent at a time.
    expect(bench.at('/down').length).toBeLessThan(40)
    bench.receiver.on('POST /down', { status: 200 })
    await until(async () => {
      const { data } = await bench.api.ok('GET', `/webhook-endpoints/${id}/deliveries?status=delivered`)
      return (data as object[]).length === sent.length
    })
    const deliveredIds = new Set(bench.at('/down').map((request) => verified(request, secret).id))
    expect([...deliveredIds].toSorted()).toEqual(sent.map(({ eventId }) => eventId).toSorted())
    await worker.stop()
  })

  it('is disabled by the system only after five days', async () => {
    const { id } = await makeFailingEndpoint()
    await setEndpoint(id, "failing_since = now() - interval '119 hours'")
    const fail = async () => {
      await setEndpoint(id, 'not_before = now()')
      const [probe] = await claims().claimProbes(1)
      if (probe === undefined) throw new Error('no probe was claimed')
      return outcomes().failed(probe, response, failure)
    }
    expect(await fail()).toBe(null)
    await setEndpoint(id, "failing_since = now() - interval '121 hours'")
    expect(await fail()).toBe('failing')
    expect(await read(id)).toMatchObject({ enabled: false, disabledReason: 'failing', version: 2 })
    const { data } = await bench.api.ok('GET', `/audit?objectId=${id}&action=webhook_endpoint.disabled`)
    expect(data).toMatchObject([{ subject: 'system', data: { reason: 'failing' } }])
    // Pending deliveries wait until the endpoint is enabled again.
    expect([...(await steady()), ...(await claims().claimProbes(10))]).toEqual([])
    await bench.api.ok('PATCH', `/webhook-endpoints/${id}`, { enabled: true })
    expect(await read(id)).not.toHaveProperty('disabledReason')
    expect(await steady()).toHaveLength(4)
  })

  it('is reset by a new URL', async () => {
    const { id } = await makeFailingEndpoint()
    await bench.api.ok('PATCH', `/webhook-endpoints/${id}`, { description: 'same place' })
    expect(await read(id)).toHaveProperty('failingSince')
    await bench.api.ok('PATCH', `/webhook-endpoints/${id}`, { url: `${bench.receiver.url}/elsewhere` })
    expect(await read(id)).not.toHaveProperty('failingSince')
    expect(await steady()).toHaveLength(4)
  })
})

it('failed deliveries are sent again by redeliver and replay', async () => {
  const { id, secret } = await bench.register('/recovered')
  bench.receiver.on('POST /recovered', { status: 400 })
  const worker = await bench.startWorkers({ scheduleMs: [] })
  const since = new Date(Date.now() - 1000).toISOString()
  const sent = [await bench.test(id), await bench.test(id), await bench.test(id)]
  for (const { id: each } of sent)
    await bench.untilDelivery(id, (delivery) => delivery.id === each && delivery.status === 'failed')
  bench.receiver.on('POST /recovered', { status: 200 })
  await bench.api.ok('POST', `/webhook-endpoints/${id}/deliveries/${sent[0]?.id}/redeliver`)
  await bench.untilDelivery(id, (delivery) => delivery.id === sent[0]?.id && delivery.status === 'delivered')
  expect(await bench.api.ok('POST', `/webhook-endpoints/${id}/replay`, { since })).toEqual({
    count: 2,
    isComplete: true,
  })
  for (const { id: each } of sent)
    await bench.untilDelivery(id, (delivery) => delivery.id === each && delivery.status === 'delivered')
  for (const { eventId } of sent)
    expect(bench.at('/recovered', eventId).map((request) => verified(request, secret).id)).toEqual([eventId, eventId])
  await worker.stop()
})

it('an endpoint with an undecryptable secret receives nothing and uses no attempts', async () => {
  const { id } = await bench.register('/sealed')
  const sealed = makeSecretBox('77'.repeat(32)).seal(id, { secret: 'whsec_AAAA' })
  await setEndpoint(id, `sealed_secret = '${sealed}'`)
  await bench.test(id)
  const worker = await bench.startWorkers()
  await until(
    async () => (await bench.untilDelivery(id, ({ nextAttemptAt }) => nextAttemptAt !== undefined)) !== undefined,
  )
  const waiting = await bench.untilDelivery(
    id,
    ({ nextAttemptAt }) => Date.parse(nextAttemptAt ?? '') > Date.now() + 30_000,
  )
  expect(waiting).toMatchObject({ status: 'pending', attempts: 0 })
  expect(bench.at('/sealed')).toEqual([])
  // Rotating the secret resolves this: it does not need the old one.
  expect(await bench.api.ok('POST', `/webhook-endpoints/${id}/rotate-secret`, {})).toHaveProperty('secret')
  await worker.stop()
})

describe('delivery retention', () => {
  const prune = () => makePruning(bench.open.prisma, { retentionMs: 30 * day })()
  const idsOf = async (id: string) => {
    const { rows } = await bench.open.pool.query('SELECT id FROM webhook_deliveries WHERE endpoint_id = $1', [id])
    return rows.map((row: { id: string }) => row.id).toSorted()
  }

  it('removes deliveries settled over thirty days ago and keeps pending ones', async () => {
    const { id } = await bench.register('/hook')
    const created = await Promise.all([1, 2, 3, 4].map(() => bench.test(id)))
    const [delivered, failed, recent] = created.map((delivery) => delivery.id)
    const set = (which: string | undefined, status: string, days: number) =>
      bench.open.pool.query(
        `UPDATE webhook_deliveries SET status = $2, due_at = NULL, settled_at = now() - $3 * interval '1 day' WHERE id = $1`,
        [which, status, days],
      )
    await set(delivered, 'delivered', 31)
    await set(failed, 'failed', 31)
    await set(recent, 'delivered', 29)
    await bench.open.pool.query("UPDATE webhook_deliveries SET created_at = now() - interval '90 days'")
    expect(await prune()).toBe(2)
    expect(await idsOf(id)).toEqual([recent, created[3]?.id].toSorted())
  })

  it('removes deliveries of deleted endpoints and of endpoints disabled for thirty days', async () => {
    const [deleted, disabled, kept] = await Promise.all(['/1', '/2', '/3'].map((path) => bench.register(path)))
    for (const each of [deleted, disabled, kept]) await bench.test(each?.id ?? '')
    await bench.api.call('DELETE', `/webhook-endpoints/${deleted?.id}`)
    for (const each of [disabled, kept])
      await bench.api.ok('PATCH', `/webhook-endpoints/${each?.id}`, { enabled: false })
    await setEndpoint(disabled?.id ?? '', "disabled_at = now() - interval '31 days'")
    expect(await prune()).toBe(2)
    expect(await idsOf(kept?.id ?? '')).toHaveLength(1)
    const { rows } = await bench.open.pool.query('SELECT id FROM webhook_endpoints')
    expect(rows.map((row: { id: string }) => row.id).toSorted()).toEqual([disabled?.id, kept?.id].toSorted())
  })

  it('uses an index, as do claims and lists of failed deliveries', async () => {
    const { id } = await bench.register('/many')
    await bench.open.pool.query(
      `INSERT INTO webhook_deliveries (id, endpoint_id, project_id, event_id, type, payload, status, due_at, settled_at)
        SELECT 'whd_' || n, e.id, e.project_id, 'evt_' || n, 'job.failed', '{}', CASE WHEN n <= 20000 THEN 'delivered' ELSE 'pending' END,
          CASE WHEN n > 20000 THEN now() END, CASE WHEN n <= 20000 THEN now() END
        FROM webhook_endpoints e, generate_series(1, 20100) n WHERE e.id = $1`,
      [id],
    )
    await bench.open.pool.query('ANALYZE webhook_deliveries')
    const firstScans = async (planning: Planning, run: Parameters<typeof sentBy>[0]) => {
      const scans = await Promise.all(
        (await sentBy(run)).slice(0, 1).map((each) => scansOf(bench.open, each, planning)),
      )
      return scans.flat().filter(({ table }) => table === 'webhook_deliveries')
    }
    const page = { status: 'failed', before: null, limit: 50 } as const
    const [expired, claimed, listed] = await Promise.all([
      firstScans('custom plan', ({ prisma }) => makePruning(prisma, { retentionMs: 30 * day })()),
      firstScans('generic plan', ({ sql }) => makeClaimsRepository(sql, 60_000).claimSteady(500, idle)),
      firstScans('custom plan', ({ prisma }) => makeDeliveriesRepository(prisma).list(id, page)),
    ])
    const indexes = (scans: typeof expired) => scans.map(({ index }) => index)
    expect(indexes(expired)).toEqual(['webhook_deliveries_settled_at', 'webhook_deliveries_pkey'])
    expect(indexes(claimed)).toContain('webhook_deliveries_pending')
    expect(indexes(listed)).toEqual(['webhook_deliveries_endpoint_id_status_id_idx'])
    expect([...expired, ...claimed].filter(({ isFull }) => isFull)).toEqual([])
    expect(
      await claims().claimSteady(500, { ...idle, maxEach: 8, busy: { ...idle.busy, byEndpoint: new Map([[id, 3]]) } }),
    ).toHaveLength(5)
  })
})
