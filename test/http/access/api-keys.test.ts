import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { startTwoInstances } from './start-two.ts'

const two = startTwoInstances({ waiting: { maxSeconds: 60, perCaller: 1000 } })
const unique = (prefix: string) => `${prefix}-${Math.random().toString(36).slice(2, 10)}`
const makeKey = (more: object = {}) =>
  two.admin.ok('POST', '/api-keys', { name: unique('key'), scopes: ['jobs:read'], ...more })
const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  const limit = performance.now() + 8000
  while (!(await isSo())) {
    if (performance.now() > limit) throw new Error('it never became so')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

describe('an API key', () => {
  it('is shown once, and opens its project at every instance', async () => {
    const made = await makeKey()
    expect(made.key).toMatch(/^sy_[0-7][0-9a-hjkmnp-tv-z]{25}_[A-Za-z0-9_-]{43}$/)
    expect((await two.as(made.key, 'second').call('GET', '/jobs')).status).toBe(200)
    const read = await two.admin.ok('GET', `/api-keys/${made.id}`)
    expect(read).toMatchObject({ id: made.id, scopes: ['jobs:read'] })
    expect(JSON.stringify(read)).not.toContain(made.key.slice(-43))
  })

  it('is stored as a hash alone', async () => {
    const made = await makeKey()
    const sql = new Client({ connectionString: two.databaseUrl })
    await sql.connect()
    const { rows } = await sql.query(
      'SELECT to_jsonb(k)::text AS row FROM api_keys k UNION ALL SELECT to_jsonb(a)::text FROM audit a',
    )
    await sql.end()
    expect(rows.length).toBeGreaterThan(1)
    for (const { row } of rows) expect(row).not.toContain(made.key.slice(-43))
  })

  it('opens nothing when one character of its secret is another', async () => {
    const { key } = await makeKey()
    const last = key.endsWith('A') ? 'E' : 'A'
    expect((await two.as(key.slice(0, -1) + last).call('GET', '/jobs')).status).toBe(401)
  })

  it.concurrent('opens nothing once it is revoked, at every instance, within seconds', async () => {
    const made = await makeKey()
    for (const instance of ['first', 'second'] as const)
      expect((await two.as(made.key, instance).call('GET', '/jobs')).status).toBe(200)
    expect(await two.admin.ok('DELETE', `/api-keys/${made.id}`)).toHaveProperty('revokedAt')
    await until(async () => (await two.as(made.key, 'second').call('GET', '/jobs')).status === 401)
    await until(async () => (await two.as(made.key, 'first').call('GET', '/jobs')).status === 401)
  })

  it.concurrent('opens nothing to a request that was waiting when it was revoked', async () => {
    const connection = await two.admin.ok('POST', '/connections', {
      name: unique('connection'),
      settings: { dataforest: { baseUrl: 'http://127.0.0.1:9', accountId: 'a' } },
      credentials: { dataforest: { accessKey: 'k', secretKey: 's' } },
    })
    const body = { connectionId: connection.id, name: 'ws', image: 'tensorflow:r2.3.1-py3', command: ['ls'] }
    const { id } = await two.admin.ok('POST', '/environments', body)
    const made = await makeKey({ scopes: ['environments:read'] })
    // Much longer than it takes to hear of it.
    const headers = { prefer: 'wait=60' }
    const waiting = (['first', 'second'] as const).map((instance) =>
      two.as(made.key, instance).call('GET', `/environments/${id}`, { headers }),
    )
    await until(async () => 'lastUsedAt' in (await two.admin.ok('GET', `/api-keys/${made.id}`)))
    await two.admin.ok('DELETE', `/api-keys/${made.id}`)
    const beginMs = performance.now()
    for (const { status, body: problem } of await Promise.all(waiting))
      expect({ status, code: problem.code }).toEqual({ status: 401, code: 'unauthenticated' })
    expect(performance.now() - beginMs).toBeLessThan(30_000)
  }, 90_000)

  it('opens nothing once its time is over', async () => {
    const made = await makeKey({ expiresAt: new Date(Date.now() + 1500).toISOString() })
    expect((await two.as(made.key).call('GET', '/jobs')).status).toBe(200)
    await until(async () => (await two.as(made.key).call('GET', '/jobs')).status === 401)
  })

  it.each([
    ['a time that has passed', '2020-01-01T00:00:00Z'],
    ['a leap second', '2030-12-31T23:59:60Z'],
    ['a year that is none', '9999-12-31T23:59:59-12:00'],
  ])('cannot be made with %s', async (_, expiresAt) => {
    const body = { name: 'late', scopes: ['jobs:read'], expiresAt }
    const { status, body: problem } = await two.admin.call('POST', '/api-keys', { body })
    expect(status).toBe(400)
    expect(problem.errors).toMatchObject([{ pointer: '/expiresAt' }])
  })

  it('is rotated: the new one works at once, the old one as long as it may', async () => {
    const old = await makeKey({ scopes: ['environments:read'] })
    const next = await two.admin.ok('POST', `/api-keys/${old.id}/rotate`, { overlapSeconds: 2 })
    expect(next).toMatchObject({ name: old.name, scopes: ['environments:read'], projectId: old.projectId })
    expect((await two.as(next.key).call('GET', '/environments')).status).toBe(200)
    expect((await two.as(old.key).call('GET', '/environments')).status).toBe(200)
    await until(async () => (await two.as(old.key).call('GET', '/environments')).status === 401)
    const again = await two.admin.call('POST', `/api-keys/${old.id}/rotate`, { body: {} })
    expect(again.status).toBe(409)
  })

  it('lasts as long as the one that it is put in the place of, unless its end is given', async () => {
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

  it('tells when it was used', async () => {
    const made = await makeKey()
    expect(await two.admin.ok('GET', `/api-keys/${made.id}`)).not.toHaveProperty('lastUsedAt')
    await two.as(made.key).ok('GET', '/jobs')
    await until(async () => 'lastUsedAt' in (await two.admin.ok('GET', `/api-keys/${made.id}`)))
  })

  it('is listed by project, page by page', async () => {
    const project = await two.admin.ok('POST', '/projects', { name: unique('team') })
    const made = []
    for (const name of ['a', 'b', 'c']) made.push((await makeKey({ name, projectId: project.id })).id)
    const first = await two.admin.ok('GET', `/api-keys?projectId=${project.id}&limit=2`)
    const rest = await two.admin.ok('GET', `/api-keys?projectId=${project.id}&limit=2&cursor=${first.nextCursor}`)
    expect([...first.data, ...rest.data].map(({ id }: { id: string }) => id)).toEqual(made)
    expect(rest).not.toHaveProperty('nextCursor')
  })
})

describe('a flood of keys that nobody has', () => {
  // Last, because all tests here have one address.
  it('is refused without a look into the database, and does not shut out who was in before', async () => {
    const sql = new Client({ connectionString: two.databaseUrl })
    await sql.connect()
    await two.admin.ok('GET', '/jobs')
    const send = (count: number) =>
      Promise.all(Array.from({ length: count }, () => two.as(unique('sy')).call('GET', '/jobs')))
    await send(150)
    await send(150)
    // From here on, asking for a key would fail: the table is elsewhere.
    await sql.query('ALTER TABLE api_keys RENAME TO moved')
    const [refused] = await send(1)
    await sql.query('ALTER TABLE moved RENAME TO api_keys')
    await sql.end()
    expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await two.admin.call('GET', '/jobs')).status).toBe(200)
  })
})
