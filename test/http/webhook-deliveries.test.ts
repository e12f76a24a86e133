import { beforeEach, describe, expect, it } from 'vitest'
import { eventTypes } from '../../src/vocabulary/event-types.ts'
import { useApiBench } from '../support/api-bench.ts'
import { environmentRequest } from '../support/dataforest-account.ts'

/** Without a worker: deliveries stay as the test leaves them. */
const bench = await useApiBench()
const { api } = bench
beforeEach(async () => {
  await bench.open.pool.query('DELETE FROM webhook_deliveries')
  await bench.open.pool.query('DELETE FROM webhook_endpoints')
})

const url = 'https://example.com/hooks?token=t0p'
const unknown = 'whk_01h455vb4pex5vsknk084sn02q'
const unknownDelivery = 'whd_01h455vb4pex5vsknk084sn02q'
const make = (more: object = {}) => api.ok('POST', '/webhook-endpoints', { url, ...more })
const pathOf = ({ id }: { id: string }) => `/webhook-endpoints/${id}`

describe('webhook deliveries', () => {
  it('include a pending test event at the Location of the response', async () => {
    const endpoint = await make({ eventTypes: ['job.failed'] })
    const response = await api.call('POST', `${pathOf(endpoint)}/test`)
    expect(response.status).toBe(202)
    expect(response.body).toEqual({
      ...{ id: expect.stringMatching(/^whd_/), eventId: expect.stringMatching(/^evt_/), type: 'webhook.test' },
      ...{ status: 'pending', attempts: 0, createdAt: expect.any(String), nextAttemptAt: expect.any(String) },
    })
    expect(await api.ok('GET', response.headers.get('location') ?? '')).toEqual(response.body)
    expect((await api.ok('GET', `${pathOf(endpoint)}/deliveries`)).data).toEqual([response.body])
  })

  it('are listed newest first, by status, and in pages', async () => {
    const endpoint = await make()
    const path = `${pathOf(endpoint)}/deliveries`
    const ids: string[] = []
    for (const _ of [0, 1, 2, 3, 4]) ids.unshift((await api.ok('POST', `${pathOf(endpoint)}/test`)).id)
    await settle(ids[1] ?? '', 'failed', { last_http_status: 500 })
    await settle(ids[3] ?? '', 'delivered', { last_http_status: 204 })
    const idsOf = async (query: string) =>
      ((await api.ok('GET', path + query)).data as unknown as { id: string }[]).map(({ id }) => id)
    expect(await idsOf('')).toEqual(ids)
    expect(await idsOf('?status=failed')).toEqual([ids[1]])
    expect(await idsOf('?status=delivered')).toEqual([ids[3]])
    expect(await idsOf('?status=pending')).toEqual([ids[0], ids[2], ids[4]])
    const first = await api.ok('GET', `${path}?limit=2`)
    expect(await idsOf(`?limit=3&cursor=${first.nextCursor}`)).toEqual(ids.slice(2))
    expect((await api.call('GET', `${path}?status=failed&cursor=${first.nextCursor}`)).status).toBe(400)
    expect((await api.call('GET', `${path}?status=lost`)).status).toBe(400)
    expect(await api.ok('GET', `${path}/${ids[3]}`)).toMatchObject({
      ...{ status: 'delivered', deliveredAt: expect.any(String), lastAttempt: { httpStatus: 204 } },
    })
  })

  it('are redelivered with the same event id unless pending', async () => {
    const endpoint = await make()
    const { id, eventId } = await api.ok('POST', `${pathOf(endpoint)}/test`)
    const path = `${pathOf(endpoint)}/deliveries/${id}/redeliver`
    expect(await api.call('POST', path)).toMatchObject({ status: 409, body: { code: 'conflict' } })
    for (const status of ['failed', 'delivered']) {
      await settle(id, status, { attempts: 10, retry_step: 10 })
      const again = await api.call('POST', path)
      expect(again).toMatchObject({ status: 202, body: { id, eventId, status: 'pending', attempts: 10 } })
      expect(again.headers.get('location')).toBe(`${pathOf(endpoint)}/deliveries/${id}`)
      expect(again.body).not.toHaveProperty('deliveredAt')
    }
  })

  it('are replayed if they failed after the given time', async () => {
    const endpoint = await make()
    const count = 2500
    await bench.open.pool.query(
      `INSERT INTO webhook_deliveries (id, endpoint_id, project_id, event_id, type, payload, status, due_at, settled_at)
        SELECT 'whd_' || CASE WHEN n <= 10 THEN '00' ELSE '7z' END || lpad(n::text, 24, '0'), e.id, e.project_id, 'evt_' || n, 'job.failed', '{}',
          CASE WHEN n <= 20 THEN 'delivered' ELSE 'failed' END, NULL, now()
        FROM webhook_endpoints e, generate_series(1, $1::int) n`,
      [count],
    )
    await bench.open.pool.query("UPDATE webhook_deliveries SET status = 'failed' WHERE id < 'whd_1'")
    const body = { since: new Date(Date.now() - 60_000).toISOString() }
    const response = await api.call('POST', `${pathOf(endpoint)}/replay`, { body })
    // Without the ten older and the ten delivered ones.
    expect(response).toMatchObject({ status: 202, body: { count: count - 20, isComplete: true } })
    expect(response.headers.get('location')).toBe(`${pathOf(endpoint)}/deliveries?status=pending`)
    const again = await api.call('POST', `${pathOf(endpoint)}/replay`, { body })
    expect(again.body).toEqual({ count: 0, isComplete: true })
    for (const since of ['yesterday', 7, undefined])
      expect((await api.call('POST', `${pathOf(endpoint)}/replay`, { body: { since } })).status).toBe(400)
  })

  it('return 409 for tests, redeliveries and replays of a disabled endpoint', async () => {
    const endpoint = await make()
    const { id } = await api.ok('POST', `${pathOf(endpoint)}/test`)
    await settle(id, 'failed', {})
    await api.ok('PATCH', pathOf(endpoint), { enabled: false })
    const since = '2024-01-01T00:00:00Z'
    for (const [end, body] of [['/test'], [`/deliveries/${id}/redeliver`], ['/replay', { since }]] as [
      string,
      object?,
    ][])
      expect(await api.call('POST', pathOf(endpoint) + end, body && { body }), end).toMatchObject({
        ...{ status: 409, body: { code: 'conflict', detail: expect.stringContaining('Enable it first') } },
      })
  })

  it('return 404 through another or an unknown endpoint', async () => {
    const [endpoint, other] = [await make(), await make()]
    const { id } = await api.ok('POST', `${pathOf(endpoint)}/test`)
    await settle(id, 'failed', {})
    const paths = [
      `${pathOf(other)}/deliveries/${id}`,
      `${pathOf({ id: unknown })}/deliveries/${id}`,
      `${pathOf(endpoint)}/deliveries/${unknownDelivery}`,
    ]
    for (const path of paths) {
      expect((await api.call('GET', path)).status, path).toBe(404)
      expect((await api.call('POST', `${path}/redeliver`)).status, path).toBe(404)
    }
    expect((await api.call('GET', `${pathOf({ id: unknown })}/deliveries`)).status).toBe(404)
  })
})

it('every stored event has a type that an endpoint can subscribe to', async () => {
  const environment = await api.ok(
    'POST',
    '/environments',
    environmentRequest({ connectionId: bench.connections.dataforest }),
  )
  await api.ok('PATCH', `/environments/${environment.id}`, { labels: { a: 'b' } })
  await api.ok('DELETE', `/environments/${environment.id}`)
  const job = await api.ok('POST', '/jobs', {
    provider: 'slurm',
    name: 'a',
    script: '#!/bin/sh\n',
    workingDirectory: '/tmp',
  })
  await api.ok('PATCH', `/jobs/${job.id}`, { labels: { a: 'b' } })
  await api.ok('POST', `/jobs/${job.id}/cancel`)
  const { rows } = await bench.open.pool.query('SELECT DISTINCT type FROM workload_events')
  expect(rows.length).toBeGreaterThan(4)
  expect(rows.map(({ type }) => type).filter((type) => !eventTypes.has(type))).toEqual([])
})

it('GET /metrics reports pending, failed and overdue deliveries and failing endpoints', async () => {
  const [endpoint, broken] = [await make(), await make()]
  const overdue = await api.ok('POST', `${pathOf(endpoint)}/test`)
  const failed = await api.ok('POST', `${pathOf(endpoint)}/test`)
  const waiting = await api.ok('POST', `${pathOf(broken)}/test`)
  await settle(failed.id, 'failed', {})
  const { pool } = bench.open
  const dueSince = (id: string, ago: string) =>
    pool.query('UPDATE webhook_deliveries SET due_at = now() - $2::interval WHERE id = $1', [id, ago])
  await dueSince(overdue.id, '90 s')
  await dueSince(waiting.id, '1 day')
  await pool.query('UPDATE webhook_endpoints SET failures = 1, not_before = now() WHERE id = $1', [broken.id])
  const text = await (await fetch(`${bench.url}/metrics`)).text()
  const metric = (name: string) => Number(new RegExp(`^switchyard_${name} (.*)$`, 'm').exec(text)?.[1])
  expect(metric('webhook_deliveries_pending')).toBe(2)
  expect(metric('webhook_deliveries_failed')).toBe(1)
  expect(metric('failing_webhook_endpoints')).toBe(1)
  expect(metric('webhook_overdue_seconds')).toBeGreaterThanOrEqual(90)
  expect(metric('webhook_overdue_seconds')).toBeLessThan(3600)
})

function settle(id: string, status: string, more: Readonly<Record<string, number>>): Promise<unknown> {
  const columns = Object.entries(more).map(([name, value]) => `, ${name} = ${value}`)
  return bench.open.pool.query(
    `UPDATE webhook_deliveries SET status = $2, due_at = NULL, settled_at = now(), last_attempt_at = now() ${columns.join('')} WHERE id = $1`,
    [id, status],
  )
}
