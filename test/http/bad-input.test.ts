import { beforeAll, describe, expect, it } from 'vitest'
import { useApiBench } from '../support/api-bench.ts'
import type { ApiResponse } from '../support/api-caller.ts'
import { type Operation, operations } from '../support/contract.ts'
import { environmentRequest, jobRequest } from '../support/dataforest-account.ts'
import { expectProblem } from '../support/problems.ts'
import { testApiKey } from '../support/switchyard.ts'

let environmentId: string
/** A record of each kind, for routes about one. */
const ids: Record<string, string> = {}

const bench = await useApiBench({
  settings: { requestRate: null, bodyLimitBytes: 200_000, batchLimitBytes: 200_000 },
})

beforeAll(async () => {
  const { api, connections } = bench
  const environment = environmentRequest({ connectionId: connections.dataforest })
  environmentId = (await api.ok('POST', '/environments', environment)).id
  ids.environments = environmentId
  ids.jobs = (await api.ok('POST', '/jobs', jobRequest({ environmentId }))).id
  ids.attention = ids.jobs
  ids.connections = connections.dataforest ?? ''
  ids.projects = (await api.ok('POST', '/projects', { name: 'table' })).id
  const key = { projectId: ids.projects, name: 'table', scopes: ['jobs:read'] }
  ids['api-keys'] = (await api.ok('POST', '/api-keys', key)).id
  ids['webhook-endpoints'] = (await api.ok('POST', '/webhook-endpoints', { url: 'http://127.0.0.1:9/hook' })).id
})

const pathOf = ({ path }: Operation) => path.replace(/\{\w+\}/, ids[path.split('/')[1] ?? ''] ?? '')

interface Raw {
  method?: string
  body?: string | Uint8Array<ArrayBuffer>
  headers?: Readonly<Record<string, string>>
}

async function send(path: string, { method = 'POST', body, headers = {} }: Raw): Promise<ApiResponse> {
  const response = await fetch(bench.url + path, {
    method,
    headers: { authorization: `Bearer ${testApiKey}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
}

/** All records that a client request could have changed. */
async function storedRecords(): Promise<unknown> {
  const lists = ['/jobs', '/environments', '/connections', '/projects', '/api-keys', '/webhook-endpoints']
  return Promise.all(lists.map(async (list) => (await bench.api.ok('GET', `${list}?limit=200`)).data))
}

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))

/** Bodies that every route rejects. */
const malformed: readonly [string, string | Uint8Array<ArrayBuffer>][] = [
  ['is not JSON', '{"name":'],
  ['is two JSON values', '{} {}'],
  ['has a comment', '{"name":"a" /* b */}'],
  ['is empty', ''],
  ['is null', 'null'],
  ['is a list', '[]'],
  ['is a string', '"name"'],
  ['is a number', '7'],
  ['has an unknown field', '{"name":"a","nonsense":1}'],
  ['has a __proto__ key', '{"name":"a","__proto__":{"admin":true}}'],
  ['has a constructor key', '{"name":"a","constructor":{"prototype":{"admin":true}}}'],
  ['is in Latin-1', bytes('{"name":"é"}')],
  ['has an incomplete UTF-8 sequence', bytes('{"name":"\xe2\x82"}')],
  ['has an overlong encoding of a slash', bytes('{"name":"\xc0\xaf"}')],
  ['has a surrogate in UTF-8', bytes('{"name":"\xed\xa0\x80"}')],
  ['has a NUL byte', '{"name":"a\\u0000b"}'],
  ['has a NUL byte in a key', '{"a\\u0000b":1}'],
  ['has an unpaired surrogate', '{"name":"\\ud800"}'],
  ['has a number above the double range', '{"name":1e400}'],
  ['has an integer above the safe range', '{"name":9007199254740993}'],
  ['is nested a thousand levels deep', `{"name":${deep(1000)}}`],
  ['is nested as deeply as the body limit permits', `{"name":${deep(90_000)}}`],
  ['has a field of the wrong type', '{"name":{"toString":1}}'],
]

const withBody = operations.filter(({ body }) => body !== null)

describe.each(withBody)('$method $path', (operation: Operation) => {
  const { method } = operation

  it('returns 400 for a malformed body and stores nothing', async () => {
    const before = await storedRecords()
    for (const [name, body] of malformed) {
      const response = await send(pathOf(operation), { method, body })
      expect(response.status, name).toBe(400)
      expectProblem(response, response.body)
      expect(response.body, name).toMatchObject({ code: 'invalid_request', instance: pathOf(operation) })
    }
    expect(await storedRecords()).toEqual(before)
  })

  it('returns 413 for a body above the size limit', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(200_000) })
    const response = await send(pathOf(operation), { method, body })
    expect(response).toMatchObject({ status: 413, body: { code: 'payload_too_large' } })
    expectProblem(response, response.body)
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/json; charset=iso-8859-1',
    'application/json; charset="utf-16"',
    'nonsense',
  ])('returns 415 for a body of type %s', async (type) => {
    const response = await send(pathOf(operation), { method, body: '{"name":"a"}', headers: { 'content-type': type } })
    expect(response).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } })
    expectProblem(response, response.body)
  })

  it('declares 400, 401, 413 and 415 in the contract', () => {
    expect(operation.statuses).toEqual(expect.arrayContaining([400, 401, 413, 415]))
  })
})

it('text in another encoding is rejected instead of stored with replacement characters', async () => {
  const before = await storedRecords()
  for (const value of ['\xe9', 'a\xe2\x82', '\xff\xfe'])
    expect(
      await send(`/jobs/${ids.jobs}`, { method: 'PATCH', body: bytes(`{"labels":{"a":"${value}"}}`) }),
    ).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('UTF-8') },
    })
  expect(await storedRecords()).toEqual(before)
})

const guarded = operations.filter(({ statuses }) => statuses.includes(401))

describe.each(guarded)('$method $path', (operation: Operation) => {
  const { method } = operation

  it.each<[string, Record<string, string>]>([
    ['no key', { authorization: '' }],
    ['an unknown key', { authorization: 'Bearer sy_unknown-key-of-nobody-at-all-0000' }],
    ['another authentication scheme', { authorization: `Basic ${btoa(`a:${testApiKey}`)}` }],
    ['an oversized key', { authorization: `Bearer ${'x'.repeat(10_000)}` }],
  ])('returns 401 for %s before other validation', async (_, headers) => {
    const response = await send(pathOf(operation), { method, headers, ...(operation.body && { body: '{"name":' }) })
    expect(response).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expectProblem(response, response.body)
  })
})

const withId = operations.filter(({ path }) => path.includes('{id}'))

describe.each(withId)('$method $path', (operation: Operation) => {
  const prefix = {
    ...{ jobs: 'job', environments: 'env', connections: 'conn', projects: 'prj' },
    ...{ 'api-keys': 'key', 'webhook-endpoints': 'whk' },
  }
  const [, resource = ''] = operation.path.split('/')
  const validBodies: Record<string, object> = {
    updateConnection: { name: 'x' },
    resolveJob: { outcome: 'not_created' },
    resolveEnvironment: { outcome: 'not_created' },
    updateWebhookEndpoint: { description: 'x' },
    replayWebhookEndpoint: { since: '2024-01-01T00:00:00Z' },
  }

  it.each([
    ['of no record', `${prefix[resource as keyof typeof prefix]}_01h455vb4pex5vsknk084sn02q`],
    ['of another kind', 'whd_01h455vb4pex5vsknk084sn02q'],
    ['that is invalid', 'nonsense'],
    ['with a NUL byte', 'job%00'],
    ['with a slash', '..%2f..%2fetc'],
  ])('returns 404 for an id %s', async (_, id) => {
    const { method, path, body } = operation
    const valid = validBodies[operation.id] ?? (method === 'PATCH' ? { labels: {} } : {})
    const payload = resource === 'projects' ? { name: 'x' } : valid
    const response = await send(path.replace('{id}', id).replace('{deliveryId}', 'whd_01h455vb4pex5vsknk084sn02q'), {
      method,
      ...(body !== null && { body: JSON.stringify(payload) }),
    })
    expect(response).toMatchObject({ status: 404, body: { code: 'not_found' } })
    expectProblem(response, response.body)
  })
})

describe('references of a submit', () => {
  const submit = (body: object) => bench.api.call('POST', '/jobs', { body })
  const pointers = ({ body }: ApiResponse) => (body.errors as { pointer: string }[]).map(({ pointer }) => pointer)
  const missingId = '_01h455vb4pex5vsknk084sn02q'
  const modelarts = () => ({ name: 'a', image: 'i/j:1', script: 's', connectionId: bench.connections.modelarts })

  it.each<[string, () => object, string, string]>([
    ['an unknown provider', () => ({ name: 'a', provider: 'nobody' }), 'connection_not_found', '/provider'],
    [
      'an unknown connection',
      () => ({ name: 'a', connectionId: `conn${missingId}` }),
      'connection_not_found',
      '/connectionId',
    ],
    ['no provider or connection', () => ({ name: 'a' }), 'connection_not_found', '/provider'],
    [
      'an unknown environment',
      () => jobRequest({ environmentId: `env${missingId}` }),
      'unprocessable',
      '/environmentId',
    ],
    [
      'an environment of another connection',
      () => ({ ...modelarts(), environmentId }),
      'unprocessable',
      '/environmentId',
    ],
    [
      'an environment of a provider without environments for jobs',
      () => ({ name: 'a', script: 's', provider: 'slurm', environmentId }),
      'unsupported',
      '/environmentId',
    ],
    ['a missing required environment', () => jobRequest({ provider: 'dataforest' }), 'unprocessable', '/environmentId'],
    [
      'a provider other than that of the connection',
      () => ({ ...modelarts(), provider: 'scnet' }),
      'unprocessable',
      '/provider',
    ],
  ])('returns 422 with a pointer for %s', async (_, body, code, pointer) => {
    const before = await storedRecords()
    const response = await submit(body())
    expect(response).toMatchObject({ status: 422, body: { code } })
    expectProblem(response, response.body)
    expect(pointers(response)).toContain(pointer)
    expect(await storedRecords()).toEqual(before)
  })

  it('returns a pointer to each field that the provider does not support', async () => {
    const response = await submit({
      ...jobRequest({ environmentId, mounts: [{ source: '/a', path: '/b' }], stdoutPath: '/out' }),
      resources: { nodes: 2 },
      outputs: [{ destination: '/a', path: 'b', name: 'c' }],
      providerOptions: { scnet: { processes: 2 } },
    })
    expect(response).toMatchObject({ status: 422, body: { code: 'unsupported' } })
    expect(pointers(response)).toEqual(
      expect.arrayContaining([
        '/mounts',
        '/stdoutPath',
        '/resources/nodes',
        '/outputs/0/name',
        '/providerOptions/scnet',
      ]),
    )
  })

  it('lists the candidates for an ambiguous connection and resolves it from the environment', async () => {
    const { api, connections, sandbox } = bench
    const { accessKey, secretKey } = sandbox.accounts.aitems
    const second = await api.ok('POST', '/connections', {
      name: 'second',
      settings: { aitems: { baseUrl: sandbox.urls.aitems } },
      credentials: { aitems: { accessKey, secretKey } },
    })
    const response = await api.call('POST', '/environments', { body: { name: 'svc', provider: 'aitems' } })
    expect(response).toMatchObject({ status: 422, body: { code: 'connection_ambiguous' } })
    for (const id of [second.id, connections.aitems]) expect(response.body.detail).toContain(id)

    const service = { name: 'service', providerOptions: { aitems: { serviceType: 'batch' } } }
    const { id: serviceId } = await api.ok('POST', '/environments', { ...service, connectionId: connections.aitems })
    const training = { name: 'train', providerOptions: { aitems: { types: ['pop'] } } }
    const job = await api.call('POST', '/jobs', {
      body: { ...training, provider: 'aitems', environmentId: serviceId },
    })
    expect(job).toMatchObject({ status: 202, body: { connectionId: connections.aitems } })
  })
})
