import { beforeAll, describe, expect, it } from 'vitest'
import { useApiBench } from '../support/api-bench.ts'
import type { Answer } from '../support/api-caller.ts'
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

async function send(path: string, { method = 'POST', body, headers = {} }: Raw): Promise<Answer> {
  const response = await fetch(bench.url + path, {
    method,
    headers: { authorization: `Bearer ${testApiKey}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
}

/** Everything that a client's request could have changed. */
async function recorded(): Promise<unknown> {
  const lists = ['/jobs', '/environments', '/connections', '/projects', '/api-keys', '/webhook-endpoints']
  return Promise.all(lists.map(async (list) => (await bench.api.ok('GET', `${list}?limit=200`)).data))
}

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'))

/** Bodies that no route takes, as bytes. */
const malformed: readonly [string, string | Uint8Array<ArrayBuffer>][] = [
  ['is no JSON', '{"name":'],
  ['is two JSON values', '{} {}'],
  ['has a comment', '{"name":"a" /* b */}'],
  ['is empty', ''],
  ['is null', 'null'],
  ['is a list', '[]'],
  ['is a text', '"name"'],
  ['is a number', '7'],
  ['has a field that nobody knows', '{"name":"a","nonsense":1}'],
  ['has a __proto__ key', '{"name":"a","__proto__":{"admin":true}}'],
  ['has a constructor key', '{"name":"a","constructor":{"prototype":{"admin":true}}}'],
  ['is in Latin-1', bytes('{"name":"é"}')],
  ['has half of a character', bytes('{"name":"\xe2\x82"}')],
  ['has a slash in two bytes', bytes('{"name":"\xc0\xaf"}')],
  ['has a surrogate in UTF-8', bytes('{"name":"\xed\xa0\x80"}')],
  ['has a NUL byte', '{"name":"a\\u0000b"}'],
  ['has a NUL byte in a key', '{"a\\u0000b":1}'],
  ['has half of a surrogate pair', '{"name":"\\ud800"}'],
  ['has a number that no double holds', '{"name":1e400}'],
  ['has an integer beyond the safe ones', '{"name":9007199254740993}'],
  ['is nested a thousand levels deep', `{"name":${deep(1000)}}`],
  ['is nested as deep as fits', `{"name":${deep(90_000)}}`],
  ['has a field of the wrong type', '{"name":{"toString":1}}'],
]

const takesBody = operations.filter(({ body }) => body !== null)

describe.each(takesBody)('$method $path', (operation: Operation) => {
  const { method } = operation

  it('refuses with 400 what no client should send, and records nothing', async () => {
    const before = await recorded()
    for (const [what, body] of malformed) {
      const answer = await send(pathOf(operation), { method, body })
      expect(answer.status, what).toBe(400)
      expectProblem(answer, answer.body)
      expect(answer.body, what).toMatchObject({ code: 'invalid_request', instance: pathOf(operation) })
    }
    expect(await recorded()).toEqual(before)
  })

  it('refuses a body that is too large with 413, whether or not it says so before', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(200_000) })
    const answer = await send(pathOf(operation), { method, body })
    expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } })
    expectProblem(answer, answer.body)
  })

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/json; charset=iso-8859-1',
    'application/json; charset="utf-16"',
    'nonsense',
  ])('refuses a body that is %s with 415', async (type) => {
    const answer = await send(pathOf(operation), { method, body: '{"name":"a"}', headers: { 'content-type': type } })
    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } })
    expectProblem(answer, answer.body)
  })

  it('declares in the contract what it refused with', () => {
    expect(operation.statuses).toEqual(expect.arrayContaining([400, 401, 413, 415]))
  })
})

it('refuses text in another encoding, instead of storing replacement characters', async () => {
  const before = await recorded()
  for (const value of ['\xe9', 'a\xe2\x82', '\xff\xfe'])
    expect(
      await send(`/jobs/${ids.jobs}`, { method: 'PATCH', body: bytes(`{"labels":{"a":"${value}"}}`) }),
    ).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('UTF-8') },
    })
  expect(await recorded()).toEqual(before)
})

const guarded = operations.filter(({ statuses }) => statuses.includes(401))

describe.each(guarded)('$method $path', (operation: Operation) => {
  const { method } = operation

  it.each<[string, Record<string, string>]>([
    ['no key', { authorization: '' }],
    ['an unknown key', { authorization: 'Bearer sy_unknown-key-of-nobody-at-all-0000' }],
    ['another scheme', { authorization: `Basic ${btoa(`a:${testApiKey}`)}` }],
    ['a key that is too long', { authorization: `Bearer ${'x'.repeat(10_000)}` }],
  ])('answers 401 to %s, whatever else is wrong', async (_, headers) => {
    const answer = await send(pathOf(operation), { method, headers, ...(operation.body && { body: '{"name":' }) })
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expectProblem(answer, answer.body)
  })
})

const aboutOne = operations.filter(({ path }) => path.includes('{id}'))

describe.each(aboutOne)('$method $path', (operation: Operation) => {
  const prefix = {
    ...{ jobs: 'job', environments: 'env', connections: 'conn', projects: 'prj' },
    ...{ 'api-keys': 'key', 'webhook-endpoints': 'whk' },
  }
  const [, resource = ''] = operation.path.split('/')
  const good: Record<string, object> = {
    updateConnection: { name: 'x' },
    resolveJob: { outcome: 'not_created' },
    resolveEnvironment: { outcome: 'not_created' },
    updateWebhookEndpoint: { description: 'x' },
    replayWebhookEndpoint: { since: '2024-01-01T00:00:00Z' },
  }

  it.each([
    ['of nobody', `${prefix[resource as keyof typeof prefix]}_01h455vb4pex5vsknk084sn02q`],
    ['of another kind', 'whd_01h455vb4pex5vsknk084sn02q'],
    ['that is none', 'nonsense'],
    ['with a NUL byte', 'job%00'],
    ['with a slash', '..%2f..%2fetc'],
  ])('answers 404 to an id %s', async (_, id) => {
    const { method, path, body } = operation
    const wanted = good[operation.id] ?? (method === 'PATCH' ? { labels: {} } : {})
    const named = resource === 'projects' ? { name: 'x' } : wanted
    const answer = await send(path.replace('{id}', id).replace('{deliveryId}', 'whd_01h455vb4pex5vsknk084sn02q'), {
      method,
      ...(body !== null && { body: JSON.stringify(named) }),
    })
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } })
    expectProblem(answer, answer.body)
  })
})

describe('what a submit names', () => {
  const submit = (body: object) => bench.api.call('POST', '/jobs', { body })
  const pointers = ({ body }: Answer) => (body.errors as { pointer: string }[]).map(({ pointer }) => pointer)
  const nobody = '_01h455vb4pex5vsknk084sn02q'
  const modelarts = () => ({ name: 'a', image: 'i/j:1', script: 's', connectionId: bench.connections.modelarts })

  it.each<[string, () => object, string, string]>([
    ['an unknown provider', () => ({ name: 'a', provider: 'nobody' }), 'connection_not_found', '/provider'],
    [
      'an unknown connection',
      () => ({ name: 'a', connectionId: `conn${nobody}` }),
      'connection_not_found',
      '/connectionId',
    ],
    ['nothing', () => ({ name: 'a' }), 'connection_not_found', '/provider'],
    ['an unknown environment', () => jobRequest({ environmentId: `env${nobody}` }), 'unprocessable', '/environmentId'],
    [
      'an environment of another connection',
      () => ({ ...modelarts(), environmentId }),
      'unprocessable',
      '/environmentId',
    ],
    [
      'an environment to a provider whose jobs have none',
      () => ({ name: 'a', script: 's', provider: 'slurm', environmentId }),
      'unsupported',
      '/environmentId',
    ],
    [
      'no environment where one is needed',
      () => jobRequest({ provider: 'dataforest' }),
      'unprocessable',
      '/environmentId',
    ],
    [
      'a provider that is not the connection’s',
      () => ({ ...modelarts(), provider: 'scnet' }),
      'unprocessable',
      '/provider',
    ],
  ])('refuses %s with 422, and points at it', async (_, body, code, pointer) => {
    const before = await recorded()
    const answer = await submit(body())
    expect(answer).toMatchObject({ status: 422, body: { code } })
    expectProblem(answer, answer.body)
    expect(pointers(answer)).toContain(pointer)
    expect(await recorded()).toEqual(before)
  })

  it('refuses what the provider cannot honour, each at its normalized field', async () => {
    const answer = await submit({
      ...jobRequest({ environmentId, mounts: [{ source: '/a', path: '/b' }], stdoutPath: '/out' }),
      resources: { nodes: 2 },
      outputs: [{ destination: '/a', path: 'b', name: 'c' }],
      providerOptions: { scnet: { processes: 2 } },
    })
    expect(answer).toMatchObject({ status: 422, body: { code: 'unsupported' } })
    expect(pointers(answer)).toEqual(
      expect.arrayContaining([
        '/mounts',
        '/stdoutPath',
        '/resources/nodes',
        '/outputs/0/name',
        '/providerOptions/scnet',
      ]),
    )
  })

  it('says which connection of several could be meant, and an environment says it by itself', async () => {
    const { api, connections, sandbox } = bench
    const { accessKey, secretKey } = sandbox.accounts.aitems
    const second = await api.ok('POST', '/connections', {
      name: 'second',
      settings: { aitems: { baseUrl: sandbox.urls.aitems } },
      credentials: { aitems: { accessKey, secretKey } },
    })
    const answer = await api.call('POST', '/environments', { body: { name: 'svc', provider: 'aitems' } })
    expect(answer).toMatchObject({ status: 422, body: { code: 'connection_ambiguous' } })
    for (const id of [second.id, connections.aitems]) expect(answer.body.detail).toContain(id)

    const service = { name: 'service', providerOptions: { aitems: { serviceType: 'batch' } } }
    const { id: inService } = await api.ok('POST', '/environments', { ...service, connectionId: connections.aitems })
    const training = { name: 'train', providerOptions: { aitems: { types: ['pop'] } } }
    const job = await api.call('POST', '/jobs', {
      body: { ...training, provider: 'aitems', environmentId: inService },
    })
    expect(job).toMatchObject({ status: 202, body: { connectionId: connections.aitems } })
  })
})
