import { beforeAll, describe, expect, it } from 'vitest'
import { servedRoutes } from '../../support/unconnected-app.ts'
import { startTwoInstances } from './two-instances.ts'

const two = startTwoInstances()

const connections = ['connections:manage', 'jobs:read', 'jobs:write', 'environments:read', 'environments:write']
/** Sufficient scopes by route. A missing route fails the first test. */
const requiredScopes: Readonly<Record<string, readonly string[] | 'any key' | 'no key'>> = {
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
  'POST /jobs/import': ['jobs:write'],
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
      ...['rotate-secret', 'test', 'replay'].map((action) => `POST /webhook-endpoints/{id}/${action}`),
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

/** Without HEAD routes, which Fastify derives from GET, and the pages below `/docs`. */
const routes = (await servedRoutes()).filter((route) => !/^HEAD |\/docs\//.test(route))
const guarded = routes.filter((route) => requiredScopes[route] !== 'no key')
const scopes = [
  ...['jobs:read', 'jobs:write', 'environments:read', 'environments:write', 'environments:access'],
  ...['connections:manage', 'webhooks:manage', 'admin'],
]
const unknownId = '01h455vb4pex5vsknk084sn02q'
const prefixes: Readonly<Record<string, string>> = {
  ...{ jobs: 'job', environments: 'env', connections: 'conn', projects: 'prj' },
  ...{ 'api-keys': 'key', 'webhook-endpoints': 'whk' },
}

/** A request with an unknown id, which changes nothing even if it is authorized. */
function callOf(route: string): [string, string, object] {
  const [method, path] = route.split(' ') as [string, string]
  const id = `${prefixes[path.split('/')[1] ?? '']}_${unknownId}`
  const hasBody = method === 'POST' || method === 'PATCH'
  const target = path.replace('{id}', id).replace('{deliveryId}', `whd_${unknownId}`).replace('{provider}', 'unknown')
  return [method, target, hasBody ? { body: { unknownField: 1 } } : {}]
}

const keys = new Map<string, string>()
let revoked: string

beforeAll(async () => {
  for (const scope of scopes) {
    const { key } = await two.admin.ok('POST', '/api-keys', { name: scope.replace(':', '-'), scopes: [scope] })
    keys.set(scope, key)
  }
  const deleted = await two.admin.ok('POST', '/api-keys', { name: 'deleted', scopes: ['admin'] })
  await two.admin.ok('DELETE', `/api-keys/${deleted.id}`)
  revoked = deleted.key
})

describe('every route', () => {
  it('is in the table of scopes', () => {
    expect(Object.keys(requiredScopes).toSorted()).toEqual(routes.toSorted())
  })

  it.each(guarded)('%s requires a valid key', async (route) => {
    const [method, path, options] = callOf(route)
    for (const key of ['', 'wrong', revoked, `sy_${unknownId}_${'A'.repeat(43)}`]) {
      const response = await two.as(key).call(method, path, options)
      expect(response.status, `with ${key === '' ? 'no key' : 'a bad key'}`).toBe(401)
      expect(response.body).toMatchObject({ code: 'unauthenticated', type: 'urn:switchyard:problem:unauthenticated' })
    }
  })

  it.each(guarded)('%s accepts only keys with a sufficient scope', async (route) => {
    const [method, path, options] = callOf(route)
    const scopesOf = requiredScopes[route] as readonly string[] | 'any key'
    for (const [scope, key] of keys) {
      const isAllowed = scope === 'admin' || scopesOf === 'any key' || scopesOf.includes(scope)
      const { status, body } = await two.as(key).call(method, path, options)
      if (isAllowed) expect([200, 400, 404], `${scope}: ${JSON.stringify(body)}`).toContain(status)
      else expect(body, scope).toMatchObject({ status: 403, code: 'permission_denied' })
    }
  })

  it('returns 200 without a key if none is required', async () => {
    for (const route of routes.filter((each) => requiredScopes[each] === 'no key'))
      expect((await fetch(two.url + route.replace('GET ', '').replace('{code}', 'internal'))).status, route).toBe(200)
  })
})

describe("another project's key", () => {
  const team = { name: 'mine', settings: { dataforest: { baseUrl: 'http://127.0.0.1:9', accountId: 'a' } } }
  const image = 'tensorflow:r2.3.1-py3'
  /** A record of each kind in the first project. */
  const mine: Record<string, string> = {}
  /** Valid bodies for the routes that reject `{}`. */
  const bodies: Readonly<Record<string, object>> = {
    'PATCH /connections/{id}': { name: 'changed' },
    'PATCH /jobs/{id}': { labels: { changed: 'yes' } },
    'PATCH /environments/{id}': { labels: { changed: 'yes' } },
    'POST /jobs/{id}/resolve': { outcome: 'not_created' },
    'POST /environments/{id}/resolve': { outcome: 'not_created' },
    'POST /attention/{id}/resolve': { outcome: 'not_created' },
    'PATCH /projects/{id}': { name: 'changed' },
    'PATCH /webhook-endpoints/{id}': { description: 'changed' },
    'POST /webhook-endpoints/{id}/replay': { since: '2024-01-01T00:00:00Z' },
  }
  /** Resources shared by all administrators of the installation and forbidden to others. */
  const shared = new Set(['projects', 'api-keys', 'attention', 'creation-holds'])
  /** Resource to read the record from, if it differs from that of the route. */
  const readFrom: Record<string, string> = { attention: 'jobs' }
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
    const keyOf = async (name: string, keyScopes: readonly string[]) =>
      (await two.admin.ok('POST', '/api-keys', { name, projectId, scopes: keyScopes })).key
    teamKey = await keyOf(
      'all-but-admin',
      scopes.filter((scope) => scope !== 'admin'),
    )
    administratorKey = await keyOf('administrator', ['admin'])
  })

  it.each(routes.filter((route) => route.includes('{id}')))('has no access to %s', async (route) => {
    const [method, path] = route.split(' ') as [string, string]
    const kind = path.split('/')[1] ?? ''
    const target = path.replace('{id}', mine[kind] ?? 'unknown').replace('{deliveryId}', mine.delivery ?? 'unknown')
    const read = () => two.admin.ok('GET', `/${readFrom[kind] ?? kind}/${mine[kind]}`)
    const before = await read()
    const options = method === 'POST' || method === 'PATCH' ? { body: bodies[route] ?? {} } : {}
    // The admin scope includes all others, but not the workloads of other projects.
    const key = shared.has(kind) ? teamKey : administratorKey
    const response = await two.as(key).call(method, target, options)
    expect(response.body).toMatchObject(
      shared.has(kind) ? { status: 403, code: 'permission_denied' } : { status: 404, code: 'not_found' },
    )
    expect(await read()).toEqual(before)
  })

  it('reads empty lists and cannot reference records of another project', async () => {
    const other = two.as(teamKey)
    for (const kind of ['connections', 'environments', 'jobs', 'webhook-endpoints'])
      expect((await other.ok('GET', `/${kind}`)).data, kind).toEqual([])
    const { connections: connectionId, environments: environmentId } = mine
    const references: readonly [string, object][] = [
      ['/jobs', { environmentId, name: 'j', image, script: 'true' }],
      ['/jobs/preview', { environmentId, name: 'j', image, script: 'true' }],
      ['/environments', { connectionId, name: 'e', image, command: ['ls'] }],
      ['/environments/preview', { connectionId, name: 'e', image, command: ['ls'] }],
      ['/jobs/import', { connectionId, remoteId: '1' }],
      ['/environments/import', { connectionId, remoteId: '1' }],
    ]
    for (const [path, body] of references) expect((await other.call('POST', path, { body })).status, path).toBe(422)
  })
})
