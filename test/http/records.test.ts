import { describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { useApiBench } from '../support/api-bench.ts'
import { environmentRequest, jobRequest } from '../support/dataforest-account.ts'
import { expectProblem } from '../support/problems.ts'
import { useSqlClient } from '../support/test-database.ts'

const bench = await useApiBench()
const { api } = bench
const sql = await useSqlClient(bench.database)

const makeEnvironment = (more: object = {}) =>
  api.ok('POST', '/environments', environmentRequest({ connectionId: bench.connections.dataforest, ...more }))
const makeJob = async (more: object = {}, environment?: ApiRecord) =>
  api.ok('POST', '/jobs', jobRequest({ environmentId: (environment ?? (await makeEnvironment())).id, ...more }))
const at = (version: number) => `"${version}"`
const read = (path: string, headers: Record<string, string> = {}) => api.call('GET', path, { headers })

describe('ETags', () => {
  it('return 304 without a body for any form of a matching If-None-Match', async () => {
    const { id, version } = await makeJob()
    for (const tag of [at(version), `W/${at(version)}`, `"x", ${at(version)}`, '*']) {
      const response = await read(`/jobs/${id}`, { 'if-none-match': tag })
      expect([response.status, response.body, response.headers.get('etag')]).toEqual([304, null, at(version)])
    }
    for (const tag of [at(version + 1), '"x"', String(version)])
      expect((await read(`/jobs/${id}`, { 'if-none-match': tag })).status).toBe(200)
  })

  it.each<[string, (id: string) => [string, string, object?]]>([
    ['PATCH of a job', (id) => ['PATCH', `/jobs/${id}`, { labels: { a: 'b' } }]],
    ['cancel', (id) => ['POST', `/jobs/${id}/cancel`]],
    ['resolve', (id) => ['POST', `/jobs/${id}/resolve`, { outcome: 'not_created' }]],
  ])('make %s return 412 for a stale If-Match', async (_, call) => {
    const { id, version } = await makeJob()
    await api.ok('PATCH', `/jobs/${id}`, { labels: { changed: 'yes' } })
    const [method, path, body] = call(id)
    const send = (tag: string) =>
      api.call(method, path, { headers: { 'if-match': tag }, ...(body === undefined ? {} : { body }) })
    const rejected = await send(at(version))
    expect(rejected).toMatchObject({ status: 412, body: { code: 'version_mismatch' } })
    expectProblem(rejected, rejected.body)
    for (const tag of [`W/${at(version)}`, `"${version}-gzip"`, `"other", ${at(version)} , W/"999"`])
      expect(await send(tag), tag).toMatchObject({ status: 412, body: { code: 'version_mismatch' } })
    for (const tag of ['nonsense', '2', 'W/2', '"99999999999"', '"-1"', '"a", "b"'])
      expect(await send(tag)).toMatchObject({ status: 400, body: { errors: [{ in: 'header', pointer: 'if-match' }] } })
    expect((await read(`/jobs/${id}`)).body).toMatchObject({ version: version + 1, status: 'queued' })
    expect((await send(at(version + 1))).status).toBe(path.endsWith('resolve') ? 409 : method === 'PATCH' ? 200 : 202)
  })

  it.each([
    ['weakened by a compressing proxy', 'W/TAG'],
    ['extended by a compressing proxy', 'TAG-gzip'],
    ['in a list', '"other", W/"999",TAG'],
  ])('match tags %s', async (_, form) => {
    const { id, version } = await makeJob()
    const tag = form.replace(/TAG(-gzip)?/, (_tag, suffix = '') => at(version).replace(/"$/, `${suffix}"`))
    expect((await read(`/jobs/${id}`, { 'if-none-match': tag })).status).toBe(304)
    const changed = await api.call('PATCH', `/jobs/${id}`, {
      body: { labels: { a: 'b' } },
      headers: { 'if-match': tag },
    })
    expect(changed).toMatchObject({ status: 200, body: { version: version + 1 } })
  })

  it('let only one of many concurrent updates of a version succeed', async () => {
    const { id, version } = await makeJob()
    const responses = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        api.call('PATCH', `/jobs/${id}`, {
          body: { labels: { winner: `${index}` } },
          headers: { 'if-match': at(version) },
        }),
      ),
    )
    expect(responses.map(({ status }) => status).toSorted()).toEqual([200, ...Array(11).fill(412)])
  })
})

describe('Prefer: wait', () => {
  it('returns at the next change with If-None-Match', async () => {
    const { id, version } = await makeJob()
    const waiting = read(`/jobs/${id}`, { prefer: 'wait=8', 'if-none-match': at(version) })
    await api.ok('PATCH', `/jobs/${id}`, { labels: { a: 'b' } })
    const response = await waiting
    expect(response).toMatchObject({ status: 200, body: { version: version + 1 } })
    expect(response.headers.get('preference-applied')).toBe('wait=8')
  })

  it('returns the current state at its timeout, which has a documented maximum', async () => {
    const { id, version } = await makeJob()
    const unchanged = await read(`/jobs/${id}`, { prefer: 'wait=1', 'if-none-match': at(version) })
    expect(unchanged.status).toBe(304)
    const unconditional = await read(`/jobs/${id}`, { prefer: 'respond-async, wait=0' })
    expect(unconditional).toMatchObject({ status: 200, body: { status: 'queued' } })
    const [ended] = await Promise.all([
      read(`/jobs/${id}`, { prefer: 'wait=99999' }),
      sql.query(`UPDATE workloads SET status = 'canceled', active = false, version = version + 1 WHERE id = $1`, [id]),
    ])
    expect(ended.headers.get('preference-applied')).toBe('wait=10')
    expect(ended.body.status).toBe('canceled')
  })

  it('is not applied if it is invalid', async () => {
    const { id } = await makeJob()
    for (const prefer of ['wait=soon', 'wait=-1', 'return=minimal', 'wait']) {
      const response = await read(`/jobs/${id}`, { prefer })
      expect([response.status, response.headers.get('preference-applied')]).toEqual([200, null])
    }
  })
})

describe('PATCH', () => {
  it('removes all labels with null', async () => {
    const { id } = await makeJob({ labels: { team: 'vision', stage: 'dev' } })
    expect(await api.ok('PATCH', `/jobs/${id}`, { labels: {} })).toMatchObject({ labels: { team: 'vision' } })
    expect((await api.ok('PATCH', `/jobs/${id}`, { labels: null })).labels).toEqual({})
    expect((await api.ok('GET', '/jobs?label=team%3Avision&label=stage%3Adev')).data).toEqual([])
  })

  it('rejects null and an empty list for an immutable list', async () => {
    const { id } = await makeEnvironment()
    for (const inputs of [null, []])
      expect(await api.call('PATCH', `/environments/${id}`, { body: { inputs } })).toMatchObject({
        status: 422,
        body: { code: 'unsupported', errors: [{ pointer: '/inputs' }] },
      })
  })

  it('merges labels and removes one with null', async () => {
    const { id } = await makeJob({ labels: { a: '1', b: '2' } })
    expect((await api.ok('PATCH', `/jobs/${id}`, { labels: { b: '3', c: '' } })).labels).toEqual({
      a: '1',
      b: '3',
      c: '',
    })
    const changed = await api.ok('PATCH', `/jobs/${id}`, { labels: { a: null, nobody: null } })
    expect(changed.labels).toEqual({ b: '3', c: '' })
    const found = await api.ok('GET', `/jobs?label=c%3A&ids=${id}`)
    expect(found.data).toHaveLength(1)
    expect((await api.ok('GET', `/jobs?label=a%3A1&ids=${id}`)).data).toEqual([])
  })

  it('accepts at most 32 labels after the merge', async () => {
    const labels = (count: number, from = 0) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index + from}`, 'x']))
    const { id } = await makeJob({ labels: labels(32) })
    const rejected = await api.call('PATCH', `/jobs/${id}`, { body: { labels: { more: 'x' } } })
    expect(rejected).toMatchObject({ status: 422, body: { errors: [{ in: 'body', pointer: '/labels' }] } })
    const swapped = await api.ok('PATCH', `/jobs/${id}`, { labels: { l0: null, more: 'x' } })
    expect(Object.keys(swapped.labels as object)).toHaveLength(32)
  })

  it('keeps all labels of concurrent updates', async () => {
    const { id } = await makeJob()
    const keys = Array.from({ length: 6 }, (_, index) => `k${index}`)
    await Promise.all(keys.map((key) => api.ok('PATCH', `/jobs/${id}`, { labels: { [key]: key } })))
    expect(Object.keys((await read(`/jobs/${id}`)).body.labels as object).toSorted()).toEqual(keys)
  })

  it('updates the description of a job and rejects other fields', async () => {
    const { id, version } = await makeJob({ description: 'before' })
    expect(await api.ok('PATCH', `/jobs/${id}`, { description: '' })).toMatchObject({
      description: '',
      version: version + 1,
    })
    for (const body of [{ script: 'x' }, { name: 'x' }, { description: null }, {}])
      expect((await api.call('PATCH', `/jobs/${id}`, { body })).status).toBe(400)
  })

  it('applies the provider limit to a description only before creation', async () => {
    const { id } = await makeEnvironment()
    const patch = (length: number) =>
      api.call('PATCH', `/environments/${id}`, { body: { description: 'x'.repeat(length) } })
    expect((await patch(237)).status).toBe(200)
    expect(await patch(238)).toMatchObject({
      status: 422,
      body: { errors: [{ in: 'body', pointer: '/description', code: 'too_long' }] },
    })
    await sql.query(`UPDATE workloads SET remote_id = 'remote-1', status = 'running' WHERE id = $1`, [id])
    expect((await patch(512)).status).toBe(200)
  })

  it('rejects immutable fields of an environment with a pointer to each', async () => {
    const { id, version } = await makeEnvironment()
    const body = { image: 'tensorflow:r2.4.1-py3', resources: { cpus: 2 }, labels: { a: 'b' } }
    const rejected = await api.call('PATCH', `/environments/${id}`, { body })
    expect(rejected).toMatchObject({ status: 422, body: { code: 'unsupported' } })
    expect((rejected.body.errors as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual([
      '/image',
      '/resources',
    ])
    expect((await read(`/environments/${id}`)).body.version).toBe(version)
  })

  it('merges mutable provider options individually', async () => {
    const { aitems } = bench.connections
    const body = {
      name: 'merged',
      connectionId: aitems,
      providerOptions: { aitems: { serviceType: 'batch', term: { interval: 'hour1' } } },
    }
    const created = await api.call('POST', '/environments', {
      body: { ...body, providerOptions: { aitems: { serviceType: 'batch' } } },
    })
    const datasetIds = { user: 'u', item: 'i', interaction: 'x' }
    const patch = { providerOptions: { aitems: { datasetIds } } }
    const { providerOptions } = await api.ok('PATCH', `/environments/${created.body.id}`, patch)
    expect(providerOptions).toEqual({ aitems: { serviceType: 'batch', datasetIds } })
  })
})

describe('the subresources of a record', () => {
  it('list events in order and in pages', async () => {
    const { id } = await makeJob()
    for (const value of ['1', '2', '3']) await api.ok('PATCH', `/jobs/${id}`, { labels: { value } })
    await api.ok('POST', `/jobs/${id}/cancel`)
    const all = (await api.ok('GET', `/jobs/${id}/events`)) as unknown as { data: { seq: number; type: string }[] }
    expect(all.data.map(({ seq }) => seq)).toEqual(all.data.map((_, index) => index + 1))
    expect(all.data[0]?.type).toBe('job.queued')
    expect(all.data.at(-1)?.type).toBe('job.cancel_requested')
    const first = await api.ok('GET', `/jobs/${id}/events?limit=2`)
    const rest = await api.ok('GET', `/jobs/${id}/events?limit=50&cursor=${first.nextCursor}`)
    expect([...(first.data as object[]), ...(rest.data as object[])]).toEqual(all.data)
    expect(rest.nextCursor).toBeUndefined()
    const later = await api.ok('GET', `/jobs/${id}/events?after=2`)
    expect(later.data).toEqual(rest.data)
  })

  it('are empty or unavailable before dispatch', async () => {
    const { id } = await makeJob()
    expect((await read(`/jobs/${id}/attempts`)).body).toEqual({ data: [] })
    expect((await read(`/jobs/${id}/remote`)).body).toEqual({ payload: {} })
    expect(await read(`/jobs/${id}/logs`)).toMatchObject({ status: expect.toBeOneOf([409, 422]) })
    const environment = await makeEnvironment()
    expect(await read(`/environments/${environment.id}/access`)).toMatchObject({ status: expect.toBeOneOf([409, 422]) })
  })
})
