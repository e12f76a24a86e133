import { Type } from '@sinclair/typebox'
import { describe, expect, it } from 'vitest'
import { environmentFields, jobFields, Labels, secretFields } from '../../src/vocabulary/spec.ts'
import { useApiBench } from '../support/api-bench.ts'
import { environmentRequest, jobRequest } from '../support/dataforest-account.ts'
import { useSqlClient } from '../support/test-database.ts'

const bench = await useApiBench()
const { api } = bench
const sql = await useSqlClient(bench.database)

const makeEnvironment = (more: object = {}) =>
  api.ok('POST', '/environments', environmentRequest({ connectionId: bench.connections.dataforest, ...more }))
const at = (version: number) => `"${version}"`
const read = (path: string, headers: Record<string, string> = {}) => api.call('GET', path, { headers })

const notebook = {
  ...{ image: 'Ascend-Power-Engine 1.0(python3)', resources: { flavor: 'modelarts.kat1.xlarge' } },
  storage: { type: 'obs', source: '/bucket/path/' },
}

describe('a submit', () => {
  it('returns 202 with the record, its Location and its ETag', async () => {
    const environment = await makeEnvironment()
    const body = jobRequest({ environmentId: environment.id, labels: { team: 'a' }, description: 'a description' })
    const response = await api.call('POST', '/jobs', { body })
    expect(response.status).toBe(202)
    expect(response.headers.get('location')).toBe(`/jobs/${response.body.id}`)
    expect(response.headers.get('etag')).toBe(at(response.body.version))
    expect(response.headers.get('idempotency-replayed')).toBeNull()
    expect(response.body).toMatchObject({ ...body, status: 'queued', provider: 'dataforest', actions: ['cancel'] })
    expect((await read(`/jobs/${response.body.id}`)).body).toEqual(response.body)
  })

  it.each([
    ['jobs', jobFields, () => makeEnvironment().then(({ id }) => jobRequest({ environmentId: id }))],
    [
      'environments',
      environmentFields,
      async () => environmentRequest({ connectionId: bench.connections.dataforest ?? '' }),
    ],
  ])('treats an empty list or map as absent in /%s', async (path, fields, makeRequest) => {
    const request = await makeRequest()
    const preview = async (more: object) => {
      const { problems, effectiveRequest } = await api.ok('POST', `/${path}/preview`, { ...request, ...more })
      return { problems, effectiveRequest }
    }
    const optional = Object.entries({ ...fields, ...secretFields, labels: Labels, providerOptions: Type.Object({}) })
    const empty = optional.flatMap(([name, schema]) => {
      if (name in request || 'required' in schema) return []
      if (schema.type === 'array') return [[name, []] as const]
      return schema.type === 'object' ? [[name, {}] as const] : []
    })
    expect(empty.length).toBeGreaterThan(8)
    const bare = await preview({})
    expect(bare.problems).toEqual([])
    for (const [name, value] of empty) expect(await preview({ [name]: value }), name).toEqual(bare)
  })

  it.each([
    ['options of another provider', { scnet: {} }],
    ['empty options', { dataforest: {} }],
  ])('treats %s as absent', async (_name, providerOptions) => {
    const { id: environmentId } = await makeEnvironment()
    const preview = await api.ok('POST', '/jobs/preview', jobRequest({ environmentId, providerOptions }))
    expect(preview.problems).toEqual([])
    expect(preview.effectiveRequest).not.toHaveProperty('providerOptions')
  })

  it('treats empty nested options as absent, unless their presence has a meaning', async () => {
    const connectionId = bench.connections.modelarts ?? ''
    const request = { name: 'notebook', connectionId, ...notebook }
    const preview = async (more: object) => {
      const { problems, effectiveRequest } = await api.ok('POST', '/environments/preview', { ...request, ...more })
      return { problems, effectiveRequest }
    }
    const bare = await preview({})
    expect(bare.problems).toEqual([])
    for (const options of [{ pool: {} }, { volume: {} }, { endpoints: [] }, { annotations: {}, extendStorage: [] }])
      expect(await preview({ providerOptions: { modelarts: options } }), JSON.stringify(options)).toEqual(bare)
    const service = { name: 'service', connectionId: bench.connections.aitems ?? '' }
    const { id: environmentId } = await api.ok('POST', '/environments', service)
    const training = { name: 'training', environmentId, providerOptions: { aitems: { types: ['pop'], hpo: {} } } }
    expect(await api.ok('POST', '/jobs/preview', training)).toMatchObject({
      ...{ problems: [], effectiveRequest: { providerOptions: training.providerOptions } },
      request: { body: { hpConfig: { is_enabled: true } } },
    })
  })

  it('stores defaults but compares a replay with the request as sent', async () => {
    const { id: environmentId } = await makeEnvironment()
    const sparse = {
      resources: { accelerator: { count: 1 } },
      outputs: [{ destination: '/out', path: 'out' }],
      ports: [{ port: 80 }],
    }
    const withDefaults = {
      resources: { accelerator: { kind: 'gpu', count: 1 }, nodes: 1 },
      outputs: [{ destination: '/out', path: 'out', overwrite: false }],
      ports: [{ port: 80, protocol: 'tcp' }],
    }
    const body = jobRequest({ environmentId, ...sparse })
    const headers = { 'idempotency-key': 'sparse' }
    const first = await api.call('POST', '/jobs', { body, headers })
    expect(first.body).toMatchObject(withDefaults)
    expect(await api.ok('POST', '/jobs/preview', body)).toMatchObject({ effectiveRequest: withDefaults })
    expect((await api.call('POST', '/jobs', { body, headers })).body.id).toBe(first.body.id)
    const other = await api.call('POST', '/jobs', { body: { ...body, ...withDefaults }, headers })
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  })

  it('returns 202 and the current record for a replay', async () => {
    const body = jobRequest({ environmentId: (await makeEnvironment()).id })
    const headers = { 'idempotency-key': 'once' }
    const first = await api.call('POST', '/jobs', { body, headers })
    await api.ok('PATCH', `/jobs/${first.body.id}`, { labels: { changed: 'since' } })
    const again = await api.call('POST', '/jobs', { body, headers })
    expect(again).toMatchObject({ status: 202, body: { id: first.body.id, labels: { changed: 'since' } } })
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect(again.headers.get('etag')).toBe(at(again.body.version))
  })

  it.each([
    ['failed', 'remote-1', 'Start it'],
    ['failed', null, 'Use another'],
    ['deleting', 'remote-1', 'Use another'],
  ])('returns 409 for an environment in status %s with remote id %s', async (status, remoteId, remedy) => {
    const environment = await makeEnvironment()
    await sql.query('UPDATE workloads SET status = $2, remote_id = $3 WHERE id = $1', [
      environment.id,
      status,
      remoteId,
    ])
    const rejected = await api.call('POST', '/jobs', { body: jobRequest({ environmentId: environment.id }) })
    expect(rejected).toMatchObject({ status: 409, body: { code: 'conflict', detail: expect.stringContaining(remedy) } })
  })

  it('rejects an idempotency key above the length limit', async () => {
    const headers = { 'idempotency-key': 'x'.repeat(256) }
    const response = await api.call('POST', '/jobs', { body: jobRequest(), headers })
    expect(response).toMatchObject({ status: 400, body: { errors: [{ in: 'header', pointer: 'idempotency-key' }] } })
  })
})

describe('a preview', () => {
  it('returns the provider request without secrets and stores nothing', async () => {
    const { connections, sandbox } = bench
    const body = environmentRequest({ connectionId: connections.dataforest, queue: 'gpu', description: 'test' })
    const before = (await api.ok('GET', '/environments?limit=200')).data
    const { body: preview, status } = await api.call('POST', '/environments/preview', { body })
    expect(status).toBe(200)
    expect(preview).toMatchObject({ valid: true, problems: [], effectiveRequest: { image: body.image } })
    const request = preview.request as { method: string; url: string; body: Record<string, unknown> }
    expect(request).toMatchObject({
      method: 'POST',
      url: `${sandbox.urls.dataforest}/api/v2/aiworkspaces/create`,
      body: { name: body.name, accountId: sandbox.accounts.dataforest.accountId },
    })
    const { accessKey, secretKey } = sandbox.accounts.dataforest
    for (const secret of [accessKey, secretKey]) expect(JSON.stringify(preview)).not.toContain(secret)
    expect((await api.ok('GET', '/environments?limit=200')).data).toEqual(before)
    expect(sandbox.objects('dataforest')).toEqual([])
  })

  it('uses a placeholder for an environment that is not created yet', async () => {
    const { id: environmentId } = await makeEnvironment()
    const preview = await api.ok('POST', '/jobs/preview', jobRequest({ environmentId }))
    expect(preview.request).toMatchObject({ body: { aiWorkspaceId: `remote-id-of-${environmentId}` } })
  })

  it('returns the same validation errors as the submit', async () => {
    const body = {
      ...environmentRequest({ connectionId: bench.connections.dataforest }),
      storage: { type: 'x' },
      autoStop: { afterSeconds: 300 },
    }
    const preview = await api.ok('POST', '/environments/preview', body)
    const rejected = await api.call('POST', '/environments', { body })
    expect(preview).toMatchObject({ valid: false })
    expect(preview.request).toBeUndefined()
    const problems = preview.problems as object[]
    expect(rejected.status).toBe(422)
    expect(rejected.body.errors).toEqual(problems.map((problem) => ({ in: 'body', ...problem })))
  })
})
