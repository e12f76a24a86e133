import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { useApiBench } from '../support/api-bench.ts'
import { connectionRequests } from '../support/connection-requests.ts'
import { environmentRequest } from '../support/dataforest-account.ts'
import { expectProblem } from '../support/problems.ts'

const bench = await useApiBench()
const { api } = bench
const { request, make } = connectionRequests(bench)
const secrets = () =>
  Object.values(bench.sandbox.accounts.dataforest).filter((value) => typeof value === 'string' && value.length > 24)

describe('POST /connections', () => {
  it('returns 201 with the connection, its defaults and no credentials', async () => {
    const body = request()
    const response = await api.call('POST', '/connections', { body })
    expect(response.status).toBe(201)
    expect(response.headers.get('location')).toBe(`/connections/${response.body.id}`)
    expect(response.headers.get('etag')).toBe('"1"')
    expect(response.body).toMatchObject({
      ...{ provider: 'dataforest', name: body.name, held: false, version: 1 },
      settings: { dataforest: { ...body.settings.dataforest, defaultQueue: 'gpu' } },
    })
    expect(response.body).not.toHaveProperty('credentials')
    for (const credential of Object.values(body.credentials.dataforest))
      expect(JSON.stringify(response.body)).not.toContain(credential)
  })

  it('stores no plain-text credential in the database', async () => {
    const { id } = await make()
    const sql = new Client({ connectionString: bench.database.url })
    await sql.connect()
    const { rows } = await sql.query('SELECT to_jsonb(c)::text AS text FROM connections c WHERE id = $1', [id])
    await sql.end()
    expect(rows[0].text).toContain('sealed_credentials')
    for (const secret of secrets()) expect(rows[0].text).not.toContain(secret)
  })

  it('rejects a duplicate name, also from concurrent requests', async () => {
    const body = request()
    const responses = await Promise.all([0, 1, 2].map(() => api.call('POST', '/connections', { body })))
    expect(responses.map(({ status }) => status).toSorted()).toEqual([201, 409, 409])
  })

  it.each<[string, (body: ReturnType<typeof request>) => object, number, string]>([
    [
      'settings of two providers',
      (body) => ({ ...body, settings: { ...body.settings, aitems: {} } }),
      400,
      '/settings',
    ],
    ['settings of no provider', (body) => ({ ...body, settings: {} }), 400, '/settings'],
    ['an unknown provider', (body) => ({ ...body, settings: { nobody: {} } }), 400, '/settings/nobody'],
    [
      'an unknown setting',
      (body) => ({ ...body, settings: { dataforest: { ...body.settings.dataforest, x: 1 } } }),
      400,
      '/settings/dataforest/x',
    ],
    ['a missing setting', (body) => ({ ...body, settings: { dataforest: {} } }), 400, '/settings/dataforest/accountId'],
    [
      'an invalid URL',
      (body) => ({ ...body, settings: { dataforest: { ...body.settings.dataforest, baseUrl: 'http://[' } } }),
      422,
      '/settings/dataforest/baseUrl',
    ],
    [
      'credentials of another provider',
      (body) => ({ ...body, credentials: { aitems: { accessKey: 'a', secretKey: 'b' } } }),
      422,
      '/credentials',
    ],
    [
      'an unknown credential',
      (body) => ({ ...body, credentials: { dataforest: { ...body.credentials.dataforest, x: 1 } } }),
      400,
      '/credentials/dataforest/x',
    ],
    ['a missing name', ({ name: _, ...body }) => body, 400, '/name'],
  ])('rejects %s with a pointer and creates nothing', async (_, invalidate, status, pointer) => {
    const before = (await api.ok('GET', '/connections?limit=200')).data
    const response = await api.call('POST', '/connections', { body: invalidate(request()) })
    expect(response.status).toBe(status)
    expectProblem(response, response.body)
    expect((response.body.errors as { pointer: string }[]).map(({ pointer: each }) => each)).toContain(pointer)
    for (const secret of secrets()) expect(JSON.stringify(response.body)).not.toContain(secret)
    expect((await api.ok('GET', '/connections?limit=200')).data).toEqual(before)
  })
})

describe('GET /connections', () => {
  it('lists connections by provider and in pages, without credentials', async () => {
    for (const _ of [0, 1, 2]) await make()
    const all = (await api.ok('GET', '/connections?limit=200')).data as { id: string; provider: string }[]
    const paged: object[] = []
    for (let cursor: unknown = ''; cursor !== undefined; ) {
      const page = await api.ok('GET', `/connections?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
      paged.push(...(page.data as object[]))
      cursor = page.nextCursor
    }
    expect(paged).toEqual(all)
    const { data } = await api.ok('GET', '/connections?provider=modelarts')
    expect(data).toEqual(all.filter(({ provider }) => provider === 'modelarts'))
    for (const secret of secrets()) expect(JSON.stringify(all)).not.toContain(secret)
    const { nextCursor } = await api.ok('GET', '/connections?limit=1')
    expect((await api.call('GET', `/connections?provider=scnet&cursor=${nextCursor}`)).status).toBe(400)
  })

  it('returns 304 for the current version', async () => {
    const { id } = await make()
    const readIfNoneMatch = (tag: string) =>
      api.call('GET', `/connections/${id}`, { headers: { 'if-none-match': tag } })
    expect(await readIfNoneMatch('"1"')).toMatchObject({ status: 304, body: null })
    expect((await readIfNoneMatch('"2"')).status).toBe(200)
  })
})

describe('PATCH /connections/{id}', () => {
  it('accepts a renamed SCNet portal user but not another region', async () => {
    const { user, accessKey, secretKey, clusterId } = bench.sandbox.accounts.scnet
    const url = bench.sandbox.urls.scnet
    const settings = { user: 'before', clusterId, loginUrl: url, platformUrl: url }
    const body = { name: 'scnet', settings: { scnet: settings }, credentials: { scnet: { accessKey, secretKey } } }
    const path = `/connections/${(await api.ok('POST', '/connections', body)).id}`
    const verify = async () => (await api.call('POST', `${path}/verify`)).body
    expect(await verify()).toMatchObject({ ok: false })
    await api.ok('PATCH', path, { settings: { scnet: { user } } })
    expect(await verify()).toMatchObject({ ok: true })
    const otherRegion = await api.call('PATCH', path, { body: { settings: { scnet: { clusterId: '11276' } } } })
    expect(otherRegion.status).toBe(422)
  })

  it('updates the name, the hold and a mutable setting separately', async () => {
    const { id, settings } = await make()
    const path = `/connections/${id}`
    const name = 'renamed alone'
    expect(await api.ok('PATCH', path, { name })).toMatchObject({ name, version: 2, settings })
    expect(await api.ok('PATCH', path, { held: true })).toMatchObject({ name, held: true, version: 3 })
    const changed = await api.ok('PATCH', path, { settings: { dataforest: { defaultQueue: 'cpu' } } })
    expect(changed).toMatchObject({
      held: true,
      settings: { dataforest: { ...(settings as { dataforest: object }).dataforest, defaultQueue: 'cpu' } },
    })
    expect((await api.call('GET', path)).body).toEqual(changed)
  })

  it.each<[string, object, number, string]>([
    ['an immutable setting', { settings: { dataforest: { accountId: 'x' } } }, 422, '/settings/dataforest/accountId'],
    ['settings of another provider', { settings: { aitems: {} } }, 422, '/settings'],
    [
      'credentials of another provider',
      { credentials: { aitems: { accessKey: 'a', secretKey: 'b' } } },
      422,
      '/credentials',
    ],
    [
      'incomplete credentials',
      { credentials: { dataforest: { accessKey: 'a' } } },
      400,
      '/credentials/dataforest/secretKey',
    ],
    ['an unknown setting', { settings: { dataforest: { nonsense: 1 } } }, 400, '/settings/dataforest/nonsense'],
    [
      'a setting of the wrong type',
      { settings: { dataforest: { defaultQueue: 7 } } },
      400,
      '/settings/dataforest/defaultQueue',
    ],
    ['another provider', { provider: 'aitems' }, 400, '/provider'],
    ['an empty body', {}, 400, ''],
  ])('rejects %s with a pointer and changes nothing', async (_, body, status, pointer) => {
    const { id, ...before } = await make()
    const response = await api.call('PATCH', `/connections/${id}`, { body })
    expect(response.status).toBe(status)
    expect(response.body.code).toBe(status === 400 ? 'invalid_request' : 'unprocessable')
    expect((response.body.errors as { pointer: string }[]).map(({ pointer: each }) => each)).toContain(pointer)
    expect((await api.call('GET', `/connections/${id}`)).body).toEqual({ id, ...before })
  })

  it('returns 409 for a duplicate name and 412 for a stale If-Match', async () => {
    const [one, other] = [await make(), await make()]
    expect((await api.call('PATCH', `/connections/${one.id}`, { body: { name: other.name } })).status).toBe(409)
    const stale = { body: { held: true }, headers: { 'if-match': '"7"' } }
    expect((await api.call('PATCH', `/connections/${one.id}`, stale)).status).toBe(412)
    expect(
      (await api.call('PATCH', `/connections/${one.id}`, { ...stale, headers: { 'if-match': '"999", W/"1"' } })).status,
    ).toBe(200)
  })
})

describe('DELETE /connections/{id}', () => {
  it('returns 204, removes the connection and releases its name', async () => {
    const body = request()
    const { id } = await api.ok('POST', '/connections', body)
    expect(await api.call('DELETE', `/connections/${id}`)).toMatchObject({ status: 204, body: null })
    for (const method of ['GET', 'DELETE']) expect((await api.call(method, `/connections/${id}`)).status).toBe(404)
    expect((await api.call('POST', '/connections', { body })).status).toBe(201)
  })

  it('returns 409 while an environment uses it and 412 for a stale If-Match', async () => {
    const { id } = await make()
    const stale = await api.call('DELETE', `/connections/${id}`, { headers: { 'if-match': '"7"' } })
    expect(stale).toMatchObject({ status: 412, body: { code: 'version_mismatch' } })
    await api.ok('POST', '/environments', environmentRequest({ connectionId: id }))
    const used = await api.call('DELETE', `/connections/${id}`, { headers: { 'if-match': 'W/"1", "999"' } })
    expect(used).toMatchObject({ status: 409, body: { code: 'connection_in_use' } })
  })
})
