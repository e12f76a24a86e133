import { beforeEach, describe, expect, it } from 'vitest'
import { useApiBench } from '../support/api-bench.ts'
import { expectProblem } from '../support/problems.ts'

/** Without a worker: deliveries stay as the test leaves them. */
const bench = await useApiBench()
const { api } = bench
beforeEach(async () => {
  await bench.open.pool.query('DELETE FROM webhook_deliveries')
  await bench.open.pool.query('DELETE FROM webhook_endpoints')
})

const url = 'https://example.com/hooks?token=t0p'
const make = (more: object = {}) => api.ok('POST', '/webhook-endpoints', { url, ...more })
const pathOf = ({ id }: { id: string }) => `/webhook-endpoints/${id}`

describe('POST /webhook-endpoints', () => {
  it('returns 201 with the endpoint, its defaults and its secret', async () => {
    const response = await api.call('POST', '/webhook-endpoints', { body: { url } })
    expect(response.status).toBe(201)
    expect(response.headers.get('location')).toBe(`/webhook-endpoints/${response.body.id}`)
    expect(response.headers.get('etag')).toBe('"1"')
    const { secret, ...shown } = response.body
    expect(shown).toEqual({
      ...{ id: expect.stringMatching(/^whk_/), url, description: '', eventTypes: [], enabled: true, version: 1 },
      ...{ createdAt: expect.any(String), updatedAt: expect.any(String) },
    })
    expect(String(secret)).toMatch(/^whsec_/)
    expect(Buffer.from(String(secret).slice('whsec_'.length), 'base64')).toHaveLength(32)
    expect((await api.call('GET', pathOf(response.body))).body).toEqual(shown)
    expect((await api.ok('GET', '/webhook-endpoints')).data).toEqual([shown])
  })

  it('stores no plain-text secret in the database', async () => {
    const { secret } = await make()
    const { rows } = await bench.open.pool.query('SELECT to_jsonb(e)::text AS text FROM webhook_endpoints e')
    expect(rows[0].text).toContain('sealed_secret')
    for (const part of [String(secret), String(secret).slice('whsec_'.length)]) expect(rows[0].text).not.toContain(part)
  })

  it.each<[string, object, number, string]>([
    ['a missing URL', {}, 400, '/url'],
    ['an invalid URL', { url: 'example.com' }, 422, '/url'],
    ['another scheme', { url: 'ftp://example.com/hook' }, 422, '/url'],
    ['a user in the URL', { url: 'https://user@example.com/' }, 422, '/url'],
    ['a private address', { url: 'https://10.0.0.1/hook' }, 422, '/url'],
    ['a metadata service', { url: 'https://169.254.169.254/latest' }, 422, '/url'],
    ['a URL above the length limit', { url: `https://example.com/${'x'.repeat(2048)}` }, 400, '/url'],
    ['an unknown event type', { url, eventTypes: ['job.succeeded', 'job.suceeded'] }, 422, '/eventTypes/1'],
    ['an event type of an unknown kind', { url, eventTypes: ['workload.failed'] }, 400, '/eventTypes/0'],
    ['a duplicate event type', { url, eventTypes: ['job.*', 'job.*'] }, 400, '/eventTypes'],
    [
      'too many event types',
      { url, eventTypes: Array.from({ length: 65 }, (_, n) => `job.a${'b'.repeat(n)}`) },
      400,
      '/eventTypes',
    ],
    ['an unknown field', { url, secret: 'whsec_mine' }, 400, '/secret'],
    ['a long description', { url, description: 'x'.repeat(513) }, 400, '/description'],
  ])('rejects %s with a pointer and creates nothing', async (_, body, status, pointer) => {
    const response = await api.call('POST', '/webhook-endpoints', { body })
    expect(response.status).toBe(status)
    expectProblem(response, response.body)
    expect((response.body.errors as { pointer: string }[]).map(({ pointer: each }) => each)).toContain(pointer)
    expect((await api.ok('GET', '/webhook-endpoints')).data).toEqual([])
  })

  it('explains why a URL is denied', async () => {
    const { body } = await api.call('POST', '/webhook-endpoints', { body: { url: 'https://10.0.0.1/' } })
    expect(body).toMatchObject({
      code: 'unprocessable',
      errors: [{ in: 'body', pointer: '/url', code: 'egress_denied', detail: expect.stringContaining('EGRESS_ALLOW') }],
    })
  })

  it('accepts at most 50 endpoints, also from concurrent requests', async () => {
    for (let count = 0; count < 46; count += 1) await make()
    const body = { url }
    const responses = await Promise.all(
      Array.from({ length: 8 }, () => api.call('POST', '/webhook-endpoints', { body })),
    )
    expect(responses.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 201, 403, 403, 403, 403])
    const rejected = responses.find(({ status }) => status === 403)
    expect(rejected?.body).toMatchObject({ code: 'quota_exceeded', detail: expect.stringContaining('50 of 50') })
    const { data } = await api.ok('GET', '/webhook-endpoints?limit=1')
    await api.call('DELETE', pathOf((data as unknown as { id: string }[])[0] ?? { id: '' }))
    expect((await api.call('POST', '/webhook-endpoints', { body })).status).toBe(201)
  })
})

it('GET /webhook-endpoints lists endpoints in pages without secrets', async () => {
  for (const _ of [0, 1, 2, 3, 4]) await make()
  const { data: all } = await api.ok('GET', '/webhook-endpoints')
  const first = await api.ok('GET', '/webhook-endpoints?limit=3')
  const rest = await api.ok('GET', `/webhook-endpoints?limit=3&cursor=${first.nextCursor}`)
  expect([...(first.data as object[]), ...(rest.data as object[])]).toEqual(all)
  expect(rest).not.toHaveProperty('nextCursor')
  expect(JSON.stringify(all)).not.toContain('whsec_')
})

describe('PATCH /webhook-endpoints/{id}', () => {
  it('updates each field separately without returning the secret', async () => {
    const endpoint = await make()
    const path = pathOf(endpoint)
    const changes = [
      { description: 'pager' },
      { eventTypes: ['job.failed', 'environment.*'] },
      { url: 'https://example.org/other' },
      { eventTypes: [] },
    ]
    for (const [index, change] of changes.entries()) {
      const changed = await api.ok('PATCH', path, change)
      expect(changed).toMatchObject({ ...change, version: index + 2 })
      expect(changed).not.toHaveProperty('secret')
      expect((await api.call('GET', path)).body).toEqual(changed)
    }
  })

  it('resets event types to all with null and keeps them if absent', async () => {
    const path = pathOf(await make())
    await api.ok('PATCH', path, { eventTypes: ['job.failed'] })
    expect(await api.ok('PATCH', path, { description: 'still' })).toMatchObject({ eventTypes: ['job.failed'] })
    expect(await api.ok('PATCH', path, { eventTypes: null })).toMatchObject({ eventTypes: [] })
  })

  it('disables and enables the endpoint', async () => {
    const path = pathOf(await make())
    const disabled = await api.ok('PATCH', path, { enabled: false })
    expect(disabled).toMatchObject({ enabled: false, disabledAt: expect.any(String) })
    expect(disabled).not.toHaveProperty('disabledReason')
    expect(await api.ok('PATCH', path, { description: 'still' })).toMatchObject({ disabledAt: disabled.disabledAt })
    expect(await api.ok('PATCH', path, { enabled: true })).not.toHaveProperty('disabledAt')
  })

  it.each<[string, object, number]>([
    ['an empty body', {}, 400],
    ['a denied URL', { url: 'https://127.0.0.2/' }, 422],
    ['an unknown event type', { eventTypes: ['job.lost'] }, 422],
    ['a null description', { description: null }, 400],
  ])('rejects %s', async (_, body, status) => {
    const { secret: __, ...before } = await make()
    const response = await api.call('PATCH', pathOf(before as { id: string }), { body })
    expect(response.status).toBe(status)
    expectProblem(response, response.body)
    expect((await api.call('GET', pathOf(before as { id: string }))).body).toEqual(before)
  })
})

describe('If-Match and If-None-Match', () => {
  it('apply to updates, rotations and deletions', async () => {
    const path = pathOf(await make())
    const headers = { 'if-match': '"7"' }
    const changes: [string, string, object?][] = [
      ['PATCH', path, { description: 'x' }],
      ['POST', `${path}/rotate-secret`, {}],
      ['DELETE', path],
    ]
    for (const [method, target, body] of changes) {
      const stale = await api.call(method, target, { headers, ...(body && { body }) })
      expect(stale, target).toMatchObject({ status: 412, body: { code: 'version_mismatch' } })
    }
    expect(await api.call('GET', path, { headers: { 'if-none-match': '"1"' } })).toMatchObject({ status: 304 })
    for (const [index, [method, target, body]] of changes.entries()) {
      const current = { headers: { 'if-match': `"999", W/"${index + 1}"` }, ...(body && { body }) }
      expect((await api.call(method, target, current)).status, target).toBeLessThan(300)
    }
  })
})

it('a rotation returns a new secret that is not shown again', async () => {
  const endpoint = await make()
  const rotated = await api.ok('POST', `${pathOf(endpoint)}/rotate-secret`, { overlapSeconds: 60 })
  expect(String(rotated.secret)).toMatch(/^whsec_/)
  expect(rotated.secret).not.toBe(endpoint.secret)
  expect(await api.ok('GET', pathOf(endpoint))).not.toHaveProperty('secret')
  for (const overlapSeconds of [-1, 604_801, 1.5])
    expect((await api.call('POST', `${pathOf(endpoint)}/rotate-secret`, { body: { overlapSeconds } })).status).toBe(400)
})

it('a deleted endpoint returns 404 and its URL is erased from the database', async () => {
  const endpoint = await make()
  await api.ok('POST', `${pathOf(endpoint)}/test`)
  expect(await api.call('DELETE', pathOf(endpoint))).toMatchObject({ status: 204, body: null })
  for (const [method, end] of [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/deliveries'],
    ['POST', '/test'],
  ])
    expect((await api.call(method ?? '', pathOf(endpoint) + end)).status, end).toBe(404)
  const { rows } = await bench.open.pool.query('SELECT to_jsonb(e)::text AS text FROM webhook_endpoints e')
  expect(rows.map(({ text }) => text).join()).not.toContain('t0p')
})
