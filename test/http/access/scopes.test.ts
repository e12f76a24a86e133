import { beforeAll, describe, expect, it } from 'vitest'
import { servedRoutes } from '../../support/unconnected-app.ts'
import { startTwoInstances } from './start-two.ts'

const two = startTwoInstances()

const connections = ['connections:manage', 'jobs:read', 'jobs:write', 'environments:read', 'environments:write']
/** Which scopes let a caller in, route by route. A route that is missing here fails the first test. */
const needed: Readonly<Record<string, readonly string[] | 'any key' | 'no key'>> = {
  'GET /livez': 'no key',
  'GET /readyz': 'no key',
  'GET /metrics': 'no key',
  'GET /openapi.json': 'no key',
  'GET /openapi-3.0.json': 'no key',
  'GET /problems': 'no key',
  'GET /problems/{code}': 'no key',
  'GET /': 'no key',
  'GET /docs': 'no key',
  'GET /providers': 'any key',
  'GET /providers/{provider}': 'any key',
  'GET /providers/health': connections,
  'GET /connections': connections,
  'POST /connections': ['connections:manage'],
  'GET /connections/{id}': connections,
  'PATCH /connections/{id}': ['connections:manage'],
  'DELETE /connections/{id}': ['connections:manage'],
  'POST /connections/{id}/verify': ['connections:manage'],
  'GET /connections/{id}/capabilities': connections,
  'GET /connections/{id}/catalog': connections,
  'GET /connections/{id}/orphans': ['connections:manage'],
  'GET /connections/{id}/health': connections,
  ...Object.fromEntries(
    ['jobs', 'environments'].flatMap((kind) => [
      [`GET /${kind}`, [`${kind}:read`]],
      [`POST /${kind}`, [`${kind}:write`]],
      [`POST /${kind}/preview`, [`${kind}:write`]],
      [`GET /${kind}/{id}`, [`${kind}:read`]],
      [`PATCH /${kind}/{id}`, [`${kind}:write`]],
      [`GET /${kind}/{id}/events`, [`${kind}:read`]],
      [`GET /${kind}/{id}/events/stream`, [`${kind}:read`]],
      [`GET /${kind}/{id}/attempts`, [`${kind}:read`]],
      [`GET /${kind}/{id}/remote`, [`${kind}:read`]],
      [`POST /${kind}/{id}/resolve`, ['admin']],
    ]),
  ),
  'POST /jobs/batch': ['jobs:write'],
  'POST /jobs/batch-cancel': ['jobs:write'],
  'POST /jobs/{id}/cancel': ['jobs:write'],
  'GET /jobs/{id}/logs': ['jobs:read'],
  'GET /jobs/{id}/logs/raw': ['jobs:read'],
  'POST /environments/import': ['environments:write'],
  'POST /environments/{id}/start': ['environments:write'],
  'POST /environments/{id}/stop': ['environments:write'],
  'DELETE /environments/{id}': ['environments:write'],
  'GET /environments/{id}/access': ['environments:access'],
  'GET /events': ['jobs:read', 'environments:read'],
  'GET /events/stream': ['jobs:read', 'environments:read'],
  ...Object.fromEntries(
    [
      ...['GET /webhook-endpoints', 'POST /webhook-endpoints'],
      ...['GET', 'PATCH', 'DELETE'].map((method) => `${method} /webhook-endpoints/{id}`),
      ...['rotate-secret', 'test', 'replay'].map((verb) => `POST /webhook-endpoints/{id}/${verb}`),
      'GET /webhook-endpoints/{id}/deliveries',
      'GET /webhook-endpoints/{id}/deliveries/{deliveryId}',
      'POST /webhook-endpoints/{id}/deliveries/{deliveryId}/redeliver',
    ].map((route) => [route, ['webhooks:manage']]),
  ),
  'GET /creation-holds': ['admin'],
  'POST /creation-holds': ['admin'],
  'GET /creation-holds/{id}': ['admin'],
  'DELETE /creation-holds/{id}': ['admin'],
  'GET /audit/export': ['admin'],
  'GET /attention': ['admin'],
  'GET /attention/{id}/candidates': ['admin'],
  'POST /attention/{id}/resolve': ['admin'],
  'POST /attention/resolve': ['admin'],
  'GET /projects': ['admin'],
  'POST /projects': ['admin'],
  'GET /projects/{id}': ['admin'],
  'PATCH /projects/{id}': ['admin'],
  'GET /api-keys': ['admin'],
  'POST /api-keys': ['admin'],
  'GET /api-keys/{id}': ['admin'],
  'DELETE /api-keys/{id}': ['admin'],
  'POST /api-keys/{id}/rotate': ['admin'],
  'GET /audit': ['admin'],
}

/** A HEAD is what Fastify makes of a GET, with its hooks; the pages of `/docs` are one. */
const routes = (await servedRoutes()).filter((route) => !/^HEAD |\/docs\//.test(route))
const guarded = routes.filter((route) => needed[route] !== 'no key')
const scopes = [
  ...['jobs:read', 'jobs:write', 'environments:read', 'environments:write', 'environments:access'],
  ...['connections:manage', 'webhooks:manage', 'admin'],
]
const unknownId = '01h455vb4pex5vsknk084sn02q'
const prefixes: Readonly<Record<string, string>> = {
  ...{ jobs: 'job', environments: 'env', connections: 'conn', projects: 'prj' },
  ...{ 'api-keys': 'key', 'webhook-endpoints': 'whk' },
}

/** The path with an id that nobody has, so that nothing changes whoever is let in. */
function callOf(route: string): [string, string, object] {
  const [method, path] = route.split(' ') as [string, string]
  const id = `${prefixes[path.split('/')[1] ?? '']}_${unknownId}`
  const hasBody = method === 'POST' || method === 'PATCH'
  const target = path.replace('{id}', id).replace('{deliveryId}', `whd_${unknownId}`).replace('{provider}', 'nobody')
  return [method, target, hasBody ? { body: { unheardOf: 1 } } : {}]
}

const keys = new Map<string, string>()
let revoked: string

beforeAll(async () => {
  for (const scope of scopes) {
    const { key } = await two.admin.ok('POST', '/api-keys', { name: scope.replace(':', '-'), scopes: [scope] })
    keys.set(scope, key)
  }
  const gone = await two.admin.ok('POST', '/api-keys', { name: 'gone', scopes: ['admin'] })
  await two.admin.ok('DELETE', `/api-keys/${gone.id}`)
  revoked = gone.key
})

describe('every route', () => {
  it('is in this table', () => {
    expect(Object.keys(needed).toSorted()).toEqual(routes.toSorted())
  })

  it.each(guarded)('%s wants a key that is good', async (route) => {
    const [method, path, options] = callOf(route)
    for (const key of ['', 'wrong', revoked, `sy_${unknownId}_${'A'.repeat(43)}`]) {
      const answer = await two.as(key).call(method, path, options)
      expect(answer.status, `with ${key === '' ? 'no key' : 'a bad key'}`).toBe(401)
      expect(answer.body).toMatchObject({ code: 'unauthenticated', type: 'urn:switchyard:problem:unauthenticated' })
    }
  })

  it.each(guarded)('%s lets in only whom its scopes permit', async (route) => {
    const [method, path, options] = callOf(route)
    const scopesOf = needed[route] as readonly string[] | 'any key'
    for (const [scope, key] of keys) {
      const mayIn = scope === 'admin' || scopesOf === 'any key' || scopesOf.includes(scope)
      const { status, body } = await two.as(key).call(method, path, options)
      if (mayIn) expect([200, 400, 404], `${scope}: ${JSON.stringify(body)}`).toContain(status)
      else expect(body, scope).toMatchObject({ status: 403, code: 'permission_denied' })
    }
  })

  it('that wants no key answers without one', async () => {
    for (const route of routes.filter((each) => needed[each] === 'no key'))
      expect((await fetch(two.url + route.replace('GET ', '').replace('{code}', 'internal'))).status, route).toBe(200)
  })
})

describe("another project's key", () => {
  const team = { name: 'mine', settings: { dataforest: { baseUrl: 'http://127.0.0.1:9', accountId: 'a' } } }
  const image = 'tensorflow:r2.3.1-py3'
  /** A record of each kind, none of them the other project's. */
  const mine: Record<string, string> = {}
  /** Bodies that would change one, for the routes that do not take `{}`. */
  const bodies: Readonly<Record<string, object>> = {
    'PATCH /connections/{id}': { name: 'taken' },
    'PATCH /jobs/{id}': { labels: { taken: 'yes' } },
    'PATCH /environments/{id}': { labels: { taken: 'yes' } },
    'POST /jobs/{id}/resolve': { outcome: 'not_created' },
    'POST /environments/{id}/resolve': { outcome: 'not_created' },
    'POST /attention/{id}/resolve': { outcome: 'not_created' },
    'PATCH /projects/{id}': { name: 'taken' },
    'PATCH /webhook-endpoints/{id}': { description: 'taken' },
    'POST /webhook-endpoints/{id}/replay': { since: '2024-01-01T00:00:00Z' },
  }
  /** What all administrators of the installation share: who is none is not let in at all. */
  const shared = new Set(['projects', 'api-keys', 'attention', 'creation-holds'])
  /** Where a record is read, if not below the route's own path. */
  const readBelow: Record<string, string> = { attention: 'jobs' }
  let teamKey: string
  let administratorKey: string

  beforeAll(async () => {
    const make = async (kind: string, body: object) => {
      mine[kind] = (await two.admin.ok('POST', `/${kind}`, body)).id
      return mine[kind]
    }
    const credentials = { dataforest: { accessKey: 'k', secretKey: 's' } }
    const connectionId = await make('connections', { ...team, credentials })
    const environmentId = await make('environments', { connectionId, name: 'mine', image, command: ['ls'] })
    mine.attention = (await make('jobs', { environmentId, name: 'mine', image, script: 'true' })) ?? ''
    await make('projects', { name: 'mine' })
    await make('creation-holds', { provider: 'aitems' })
    await make('api-keys', { name: 'mine', scopes: ['jobs:read'] })
    const endpointId = await make('webhook-endpoints', { url: 'http://127.0.0.1:9/hook' })
    mine.delivery = (await two.admin.ok('POST', `/webhook-endpoints/${endpointId}/test`)).id
    const { id: projectId } = await two.admin.ok('POST', '/projects', { name: 'others' })
    const keyOf = async (name: string, held: readonly string[]) =>
      (await two.admin.ok('POST', '/api-keys', { name, projectId, scopes: held })).key
    teamKey = await keyOf(
      'all-but-admin',
      scopes.filter((scope) => scope !== 'admin'),
    )
    administratorKey = await keyOf('administrator', ['admin'])
  })

  it.each(routes.filter((route) => route.includes('{id}')))('does not reach %s', async (route) => {
    const [method, path] = route.split(' ') as [string, string]
    const kind = path.split('/')[1] ?? ''
    const target = path.replace('{id}', mine[kind] ?? 'nobody').replace('{deliveryId}', mine.delivery ?? 'nobody')
    const read = () => two.admin.ok('GET', `/${readBelow[kind] ?? kind}/${mine[kind]}`)
    const before = await read()
    const options = method === 'POST' || method === 'PATCH' ? { body: bodies[route] ?? {} } : {}
    // Every scope is an administrator's, and yet what other projects run is not.
    const key = shared.has(kind) ? teamKey : administratorKey
    const answer = await two.as(key).call(method, target, options)
    expect(answer.body).toMatchObject(
      shared.has(kind) ? { status: 403, code: 'permission_denied' } : { status: 404, code: 'not_found' },
    )
    expect(await read()).toEqual(before)
  })

  it('sees empty lists, and cannot name what it does not see', async () => {
    const other = two.as(teamKey)
    for (const kind of ['connections', 'environments', 'jobs', 'webhook-endpoints'])
      expect((await other.ok('GET', `/${kind}`)).data, kind).toEqual([])
    const { connections: connectionId, environments: environmentId } = mine
    const naming: readonly [string, object][] = [
      ['/jobs', { environmentId, name: 'j', image, script: 'true' }],
      ['/jobs/preview', { environmentId, name: 'j', image, script: 'true' }],
      ['/environments', { connectionId, name: 'e', image, command: ['ls'] }],
      ['/environments/preview', { connectionId, name: 'e', image, command: ['ls'] }],
      ['/environments/import', { connectionId, remoteId: '1' }],
    ]
    for (const [path, body] of naming) expect((await other.call('POST', path, { body })).status, path).toBe(422)
  })
})
