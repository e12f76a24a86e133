import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { startTwoInstances } from './two-instances.ts'

const two = startTwoInstances({ waiting: { maxSeconds: 60, perCaller: 1000 } })
const unique = (prefix: string) => `${prefix}-${Math.random().toString(36).slice(2, 10)}`
const makeKey = (more: object = {}) =>
  two.admin.ok('POST', '/api-keys', { name: unique('key'), scopes: ['jobs:read'], ...more })
const until = async (isMet: () => Promise<boolean>): Promise<void> => {
  const limit = performance.now() + 8000
  while (!(await isMet())) {
    if (performance.now() > limit) throw new Error('condition not met in time')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

describe('an API key', () => {
  it('is shown once and accepted at every instance', async () => {
    const created = await makeKey()
    expect(created.key).toMatch(/^sy_[0-7][0-9a-hjkmnp-tv-z]{25}_[A-Za-z0-9_-]{43}$/)
    expect((await two.as(created.key, 'second').call('GET', '/jobs')).status).toBe(200)
    const read = await two.admin.ok('GET', `/api-keys/${created.id}`)
    expect(read).toMatchObject({ id: created.id, scopes: ['jobs:read'] })
    expect(JSON.stringify(read)).not.toContain(created.key.slice(-43))
  })

  it('is stored only as a hash', async () => {
    const created = await makeKey()
    const sql = new Client({ connectionString: two.databaseUrl })
    await sql.connect()
    const { rows } = await sql.query(
      'SELECT to_jsonb(k)::text AS row FROM api_keys k UNION ALL SELECT to_jsonb(a)::text FROM audit a',
    )
    await sql.end()
    expect(rows.length).toBeGreaterThan(1)
    for (const { row } of rows) expect(row).not.toContain(created.key.slice(-43))
  })

  it('is rejected if one character of its secret differs', async () => {
    const { key } = await makeKey()
    const last = key.endsWith('A') ? 'E' : 'A'
    expect((await two.as(key.slice(0, -1) + last).call('GET', '/jobs')).status).toBe(401)
  })

  it.concurrent('is rejected at every instance within seconds after revocation', async () => {
    const created = await makeKey()
    for (const instance of ['first', 'second'] as const)
      expect((await two.as(created.key, instance).call('GET', '/jobs')).status).toBe(200)
    expect(await two.admin.ok('DELETE', `/api-keys/${created.id}`)).toHaveProperty('revokedAt')
    await until(async () => (await two.as(created.key, 'second').call('GET', '/jobs')).status === 401)
    await until(async () => (await two.as(created.key, 'first').call('GET', '/jobs')).status === 401)
  })

  it.concurrent('ends long polls with 401 after revocation', async () => {
    const connection = await two.admin.ok('POST', '/connections', {
      name: unique('connection'),
      settings: { dataforest: { baseUrl: 'http://127.0.0.1:9', accountId: 'a' } },
      credentials: { dataforest: { accessKey: 'k', secretKey: 's' } },
    })
    const body = { connectionId: connection.id, name: 'ws', image: 'tensorflow:r2.3.1-py3', command: ['ls'] }
    const { id } = await two.admin.ok('POST', '/environments', body)
    const created = await makeKey({ scopes: ['environments:read'] })
    // Much longer than a revocation takes to propagate.
    const headers = { prefer: 'wait=60' }
    const waiting = (['first', 'second'] as const).map((instance) =>
      two.as(created.key, instance).call('GET', `/environments/${id}`, { headers }),
    )
    await until(async () => 'lastUsedAt' in (await two.admin.ok('GET', `/api-keys/${created.id}`)))
    await two.admin.ok('DELETE', `/api-keys/${created.id}`)
    const startMs = performance.now()
    for (const { status, body: problem } of await Promise.all(waiting))
      expect({ status, code: problem.code }).toEqual({ status: 401, code: 'unauthenticated' })
    expect(performance.now() - startMs).toBeLessThan(30_000)
  }, 90_000)

  it('is rejected after it expires', async () => {
    const created = await makeKey({ expiresAt: new Date(Date.now() + 1500).toISOString() })
    expect((await two.as(created.key).call('GET', '/jobs')).status).toBe(200)
    await until(async () => (await two.as(created.key).call('GET', '/jobs')).status === 401)
  })

  it.each([
    ['a past expiry', '2020-01-01T00:00:00Z'],
    ['a leap second as its expiry', '2030-12-31T23:59:60Z'],
    ['an expiry outside the supported years', '9999-12-31T23:59:59-12:00'],
  ])('cannot be created with %s', async (_, expiresAt) => {
    const body = { name: 'late', scopes: ['jobs:read'], expiresAt }
    const { status, body: problem } = await two.admin.call('POST', '/api-keys', { body })
    expect(status).toBe(400)
    expect(problem.errors).toMatchObject([{ pointer: '/expiresAt' }])
  })

  it('is valid until the end of the overlap after a rotation', async () => {
    const old = await makeKey({ scopes: ['environments:read'] })
    const next = await two.admin.ok('POST', `/api-keys/${old.id}/rotate`, { overlapSeconds: 2 })
    expect(next).toMatchObject({ name: old.name, scopes: ['environments:read'], projectId: old.projectId })
    expect((await two.as(next.key).call('GET', '/environments')).status).toBe(200)
    expect((await two.as(old.key).call('GET', '/environments')).status).toBe(200)
    await until(async () => (await two.as(old.key).call('GET', '/environments')).status === 401)
    const again = await two.admin.call('POST', `/api-keys/${old.id}/rotate`, { body: {} })
    expect(again.status).toBe(409)
  })

  it('inherits the lifetime of the key it replaces, unless expiresAt is set', async () => {
    const day = 86_400_000
    const lifetime = ({ createdAt, expiresAt }: Record<string, string>) =>
      Math.round((Date.parse(expiresAt ?? '') - Date.parse(createdAt ?? '')) / day)
    const rotate = (id: string, body: object = {}) => two.admin.ok('POST', `/api-keys/${id}/rotate`, body)
    const month = await makeKey({ expiresAt: new Date(Date.now() + 30 * day).toISOString() })
    const next = await rotate(month.id)
    expect(lifetime(next)).toBe(30)
    expect(lifetime(await two.admin.ok('GET', `/api-keys/${month.id}`))).toBe(1)
    expect(lifetime(await rotate(next.id, { expiresAt: new Date(Date.now() + 7 * day).toISOString() }))).toBe(7)
    expect(await rotate((await makeKey()).id)).not.toHaveProperty('expiresAt')
  })

  it('records its last use', async () => {
    const created = await makeKey()
    expect(await two.admin.ok('GET', `/api-keys/${created.id}`)).not.toHaveProperty('lastUsedAt')
    await two.as(created.key).ok('GET', '/jobs')
    await until(async () => 'lastUsedAt' in (await two.admin.ok('GET', `/api-keys/${created.id}`)))
  })

  it('is listed by project and in pages', async () => {
    const project = await two.admin.ok('POST', '/projects', { name: unique('team') })
    const created = []
    for (const name of ['a', 'b', 'c']) created.push((await makeKey({ name, projectId: project.id })).id)
    const first = await two.admin.ok('GET', `/api-keys?projectId=${project.id}&limit=2`)
    const rest = await two.admin.ok('GET', `/api-keys?projectId=${project.id}&limit=2&cursor=${first.nextCursor}`)
    expect([...first.data, ...rest.data].map(({ id }: { id: string }) => id)).toEqual(created)
    expect(rest).not.toHaveProperty('nextCursor')
  })
})

describe('a flood of unknown keys', () => {
  // Last, because all tests in this file share one client address.
  it('is rate limited without a database query and without blocking a known key', async () => {
    const sql = new Client({ connectionString: two.databaseUrl })
    await sql.connect()
    await two.admin.ok('GET', '/jobs')
    const send = (count: number) =>
      Promise.all(Array.from({ length: count }, () => two.as(unique('sy')).call('GET', '/jobs')))
    await send(150)
    await send(150)
    // A database query for a key would now fail.
    await sql.query('ALTER TABLE api_keys RENAME TO moved')
    const [rejected] = await send(1)
    await sql.query('ALTER TABLE moved RENAME TO api_keys')
    await sql.end()
    expect(rejected).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
    expect(Number(rejected?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await two.admin.call('GET', '/jobs')).status).toBe(200)
  })
})
