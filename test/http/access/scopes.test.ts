import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { startTwoInstances } from './start-two.ts'

const two = startTwoInstances()
const openapi = JSON.parse(await readFile(new URL('../../../openapi/openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, { security?: object[] }>>
}

const connections = ['connections:manage', 'jobs:read', 'jobs:write', 'environments:read', 'environments:write']
/** Which scopes let a caller in, route by route. A route that is missing here fails the first test. */
const needed: Readonly<Record<string, readonly string[] | 'any key' | 'no key'>> = {
  'GET /livez': 'no key',
  'GET /readyz': 'no key',
  'GET /providers': 'any key',
  'GET /providers/{provider}': 'any key',
  'GET /connections': connections,
  'POST /connections': ['connections:manage'],
  'GET /connections/{id}': connections,
  'PATCH /connections/{id}': ['connections:manage'],
  'DELETE /connections/{id}': ['connections:manage'],
  'POST /connections/{id}/verify': ['connections:manage'],
  'GET /connections/{id}/capabilities': connections,
  'GET /connections/{id}/catalog': connections,
  'GET /connections/{id}/orphans': ['connections:manage'],
  ...Object.fromEntries(
    ['jobs', 'environments'].flatMap((kind) => [
      [`GET /${kind}`, [`${kind}:read`]],
      [`POST /${kind}`, [`${kind}:write`]],
      [`POST /${kind}/preview`, [`${kind}:write`]],
      [`GET /${kind}/{id}`, [`${kind}:read`]],
      [`PATCH /${kind}/{id}`, [`${kind}:write`]],
      [`GET /${kind}/{id}/events`, [`${kind}:read`]],
      [`GET /${kind}/{id}/attempts`, [`${kind}:read`]],
      [`GET /${kind}/{id}/remote`, [`${kind}:read`]],
      [`POST /${kind}/{id}/resolve`, ['admin']],
    ]),
  ),
  'POST /jobs/{id}/cancel': ['jobs:write'],
  'GET /jobs/{id}/logs': ['jobs:read'],
  'GET /jobs/{id}/logs/raw': ['jobs:read'],
  'POST /environments/import': ['environments:write'],
  'POST /environments/{id}/start': ['environments:write'],
  'POST /environments/{id}/stop': ['environments:write'],
  'DELETE /environments/{id}': ['environments:write'],
  'GET /environments/{id}/access': ['environments:access'],
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

const routes = Object.entries(openapi.paths).flatMap(([path, operations]) =>
  Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
)
const scopes = [
  ...['jobs:read', 'jobs:write', 'environments:read', 'environments:write', 'environments:access'],
  ...['connections:manage', 'webhooks:manage', 'admin'],
]
const unknownId = '01h455vb4pex5vsknk084sn02q'
const prefixes: Readonly<Record<string, string>> = {
  ...{ jobs: 'job', environments: 'env', connections: 'conn', projects: 'prj' },
  'api-keys': 'key',
}

/** The path with an id that nobody has, so that nothing changes whoever is let in. */
function callOf(route: string): [string, string, object] {
  const [method, path] = route.split(' ') as [string, string]
  const id = `${prefixes[path.split('/')[1] ?? '']}_${unknownId}`
  const hasBody = method === 'POST' || method === 'PATCH'
  return [method, path.replace('{id}', id).replace('{provider}', 'nobody'), hasBody ? { body: { unheardOf: 1 } } : {}]
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

  it.each(routes.filter((route) => needed[route] !== 'no key'))('%s wants a key that is good', async (route) => {
    const [method, path, options] = callOf(route)
    for (const key of ['', 'wrong', revoked, `sy_${unknownId}_${'A'.repeat(43)}`]) {
      const answer = await two.as(key).call(method, path, options)
      expect(answer.status, `with ${key === '' ? 'no key' : 'a bad key'}`).toBe(401)
      expect(answer.body).toMatchObject({ code: 'unauthenticated', type: 'urn:switchyard:problem:unauthenticated' })
    }
  })

  it.each(routes.filter((route) => needed[route] !== 'no key'))(
    '%s lets in only whom its scopes permit',
    async (route) => {
      const [method, path, options] = callOf(route)
      const scopesOf = needed[route] as readonly string[] | 'any key'
      for (const [scope, key] of keys) {
        const mayIn = scope === 'admin' || scopesOf === 'any key' || scopesOf.includes(scope)
        const { status, body } = await two.as(key).call(method, path, options)
        if (mayIn) expect([200, 400, 404], `${scope}: ${JSON.stringify(body)}`).toContain(status)
        else expect(body, scope).toMatchObject({ status: 403, code: 'permission_denied' })
      }
    },
  )
})

describe("another project's key", () => {
  it('finds nothing of this project', async () => {
    const project = await two.admin.ok('POST', '/projects', { name: 'others' })
    const { key } = await two.admin.ok('POST', '/api-keys', {
      name: 'k',
      projectId: project.id,
      scopes: [...scopes].slice(0, -1),
    })
    const connection = await two.admin.ok('POST', '/connections', {
      name: 'mine',
      settings: { dataforest: { baseUrl: 'http://127.0.0.1:9', accountId: 'a' } },
      credentials: { dataforest: { accessKey: 'k', secretKey: 's' } },
    })
    const environment = await two.admin.ok('POST', '/environments', {
      ...{ connectionId: connection.id, name: 'mine', image: 'tensorflow:r2.3.1-py3', command: ['ls'] },
    })
    const other = two.as(key)
    expect((await other.ok('GET', '/connections')).data).toEqual([])
    expect((await other.ok('GET', '/environments')).data).toEqual([])
    const paths = [
      ...['', '/events', '/attempts', '/remote', '/access'].map((rest) => `GET /environments/${environment.id}${rest}`),
      ...['stop', 'start'].map((verb) => `POST /environments/${environment.id}/${verb}`),
      `DELETE /environments/${environment.id}`,
      ...['', '/capabilities', '/catalog', '/orphans'].map((rest) => `GET /connections/${connection.id}${rest}`),
      ...[`POST /connections/${connection.id}/verify`, `DELETE /connections/${connection.id}`],
    ]
    for (const route of paths) {
      const [method, path] = route.split(' ') as [string, string]
      expect((await other.call(method, path)).status, route).toBe(404)
    }
    const patched = await other.call('PATCH', `/environments/${environment.id}`, { body: { labels: { a: 'b' } } })
    expect(patched.status).toBe(404)
    const job = await other.call('POST', '/jobs', {
      body: { environmentId: environment.id, name: 'j', command: ['ls'] },
    })
    expect(job.status).toBe(422)
    const named = await other.call('POST', '/environments', { body: { connectionId: connection.id, name: 'e' } })
    expect([404, 422]).toContain(named.status)
  })
})
