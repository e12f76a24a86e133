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
  it('answer 304 without a body to a client that has this version, by any form of If-None-Match', async () => {
    const { id, version } = await makeJob()
    for (const tag of [at(version), `W/${at(version)}`, `"x", ${at(version)}`, '*']) {
      const answer = await read(`/jobs/${id}`, { 'if-none-match': tag })
      expect([answer.status, answer.body, answer.headers.get('etag')]).toEqual([304, null, at(version)])
    }
    for (const tag of [at(version + 1), '"x"', String(version)])
      expect((await read(`/jobs/${id}`, { 'if-none-match': tag })).status).toBe(200)
  })

  it.each<[string, (id: string) => [string, string, object?]]>([
    ['PATCH of a job', (id) => ['PATCH', `/jobs/${id}`, { labels: { a: 'b' } }]],
    ['cancel', (id) => ['POST', `/jobs/${id}/cancel`]],
    ['resolve', (id) => ['POST', `/jobs/${id}/resolve`, { outcome: 'not_created' }]],
  ])('hold a %s to the version that was read', async (_, call) => {
    const { id, version } = await makeJob()
    await api.ok('PATCH', `/jobs/${id}`, { labels: { moved: 'on' } })
    const [method, path, body] = call(id)
    const send = (tag: string) =>
      api.call(method, path, { headers: { 'if-match': tag }, ...(body === undefined ? {} : { body }) })
    const refused = await send(at(version))
    expect(refused).toMatchObject({ status: 412, body: { code: 'version_mismatch' } })
    expectProblem(refused, refused.body)
    for (const tag of [`W/${at(version)}`, `"${version}-gzip"`, `"other", ${at(version)} , W/"999"`])
      expect(await send(tag), tag).toMatchObject({ status: 412, body: { code: 'version_mismatch' } })
    for (const tag of ['nonsense', '2', 'W/2', '"99999999999"', '"-1"', '"a", "b"'])
      expect(await send(tag)).toMatchObject({ status: 400, body: { errors: [{ in: 'header', pointer: 'if-match' }] } })
    expect((await read(`/jobs/${id}`)).body).toMatchObject({ version: version + 1, status: 'queued' })
    expect((await send(at(version + 1))).status).toBe(path.endsWith('resolve') ? 409 : method === 'PATCH' ? 200 : 202)
  })

  it.each([
    (tag: string) => `W/${tag}`,
    (tag: string) => tag.replace(/"$/, '-gzip"'),
    (tag: string) => `"other", W/"999",${tag}`,
  ])('take the tag as a compressing proxy hands it on, and in a list: %s', async (asHandedOn) => {
    const { id, version } = await makeJob()
    const tag = asHandedOn(at(version))
    expect((await read(`/jobs/${id}`, { 'if-none-match': tag })).status).toBe(304)
    const changed = await api.call('PATCH', `/jobs/${id}`, {
      body: { labels: { a: 'b' } },
      headers: { 'if-match': tag },
    })
    expect(changed).toMatchObject({ status: 200, body: { version: version + 1 } })
  })

  it('let one of many changes on one version through', async () => {
    const { id, version } = await makeJob()
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        api.call('PATCH', `/jobs/${id}`, {
          body: { labels: { winner: `${index}` } },
          headers: { 'if-match': at(version) },
        }),
      ),
    )
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(11).fill(412)])
  })
})

describe('Prefer: wait', () => {
  it('with If-None-Match answers at the next change, wherever it comes from', async () => {
    const { id, version } = await makeJob()
    const waiting = read(`/jobs/${id}`, { prefer: 'wait=8', 'if-none-match': at(version) })
    await api.ok('PATCH', `/jobs/${id}`, { labels: { a: 'b' } })
    const answer = await waiting
    expect(answer).toMatchObject({ status: 200, body: { version: version + 1 } })
    expect(answer.headers.get('preference-applied')).toBe('wait=8')
  })

  it('answers as it is when nothing happens in that time, and never waits longer than is published', async () => {
    const { id, version } = await makeJob()
    const unchanged = await read(`/jobs/${id}`, { prefer: 'wait=1', 'if-none-match': at(version) })
    expect(unchanged.status).toBe(304)
    const unsettled = await read(`/jobs/${id}`, { prefer: 'respond-async, wait=0' })
    expect(unsettled).toMatchObject({ status: 200, body: { status: 'queued' } })
    const [ended] = await Promise.all([
      read(`/jobs/${id}`, { prefer: 'wait=99999' }),
      sql.query(`UPDATE workloads SET status = 'canceled', active = false, version = version + 1 WHERE id = $1`, [id]),
    ])
    expect(ended.headers.get('preference-applied')).toBe('wait=10')
    expect(ended.body.status).toBe('canceled')
  })

  it('is not applied where it is not understood', async () => {
    const { id } = await makeJob()
    for (const prefer of ['wait=soon', 'wait=-1', 'return=minimal', 'wait']) {
      const answer = await read(`/jobs/${id}`, { prefer })
      expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, null])
    }
  })
})

describe('PATCH', () => {
  it('removes all labels if null stands in their place', async () => {
    const { id } = await makeJob({ labels: { team: 'vision', stage: 'dev' } })
    expect(await api.ok('PATCH', `/jobs/${id}`, { labels: {} })).toMatchObject({ labels: { team: 'vision' } })
    expect((await api.ok('PATCH', `/jobs/${id}`, { labels: null })).labels).toEqual({})
    expect((await api.ok('GET', '/jobs?label=team%3Avision&label=stage%3Adev')).data).toEqual([])
  })

  it('refuses null for a list that the provider cannot change, as it does an empty one', async () => {
    const { id } = await makeEnvironment()
    for (const inputs of [null, []])
      expect(await api.call('PATCH', `/environments/${id}`, { body: { inputs } })).toMatchObject({
        status: 422,
        body: { code: 'unsupported', errors: [{ pointer: '/inputs' }] },
      })
  })

  it('merges labels, and null removes one', async () => {
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

  it('takes 32 labels and refuses one more, counted after the merge', async () => {
    const labels = (count: number, from = 0) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`l${index + from}`, 'x']))
    const { id } = await makeJob({ labels: labels(32) })
    const refused = await api.call('PATCH', `/jobs/${id}`, { body: { labels: { more: 'x' } } })
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ in: 'body', pointer: '/labels' }] } })
    const swapped = await api.ok('PATCH', `/jobs/${id}`, { labels: { l0: null, more: 'x' } })
    expect(Object.keys(swapped.labels as object)).toHaveLength(32)
  })

  it('loses no label when many set one each at the same time', async () => {
    const { id } = await makeJob()
    const keys = Array.from({ length: 6 }, (_, index) => `k${index}`)
    await Promise.all(keys.map((key) => api.ok('PATCH', `/jobs/${id}`, { labels: { [key]: key } })))
    expect(Object.keys((await read(`/jobs/${id}`)).body.labels as object).toSorted()).toEqual(keys)
  })

  it('changes the description of a job here, and of the rest nothing', async () => {
    const { id, version } = await makeJob({ description: 'before' })
    expect(await api.ok('PATCH', `/jobs/${id}`, { description: '' })).toMatchObject({
      description: '',
      version: version + 1,
    })
    for (const body of [{ script: 'x' }, { name: 'x' }, { description: null }, {}])
      expect((await api.call('PATCH', `/jobs/${id}`, { body })).status).toBe(400)
  })

  it('holds a description to the provider’s rule until it was sent; afterwards it is kept here alone', async () => {
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

  it('refuses what an environment’s provider cannot change, at the field', async () => {
    const { id, version } = await makeEnvironment()
    const body = { image: 'tensorflow:r2.4.1-py3', resources: { cpus: 2 }, labels: { a: 'b' } }
    const refused = await api.call('PATCH', `/environments/${id}`, { body })
    expect(refused).toMatchObject({ status: 422, body: { code: 'unsupported' } })
    expect((refused.body.errors as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual([
      '/image',
      '/resources',
    ])
    expect((await read(`/environments/${id}`)).body.version).toBe(version)
  })

  it('merges provider options one by one where the provider can change them', async () => {
    const { aitems } = bench.connections
    const body = {
      name: 'merged',
      connectionId: aitems,
      providerOptions: { aitems: { serviceType: 'batch', term: { interval: 'hour1' } } },
    }
    const made = await api.call('POST', '/environments', {
      body: { ...body, providerOptions: { aitems: { serviceType: 'batch' } } },
    })
    const datasetIds = { user: 'u', item: 'i', interaction: 'x' }
    const patch = { providerOptions: { aitems: { datasetIds } } }
    const { providerOptions } = await api.ok('PATCH', `/environments/${made.body.id}`, patch)
    expect(providerOptions).toEqual({ aitems: { serviceType: 'batch', datasetIds } })
  })
})

describe('what is known about a record', () => {
  it('is its events, in order and in pages', async () => {
    const { id } = await makeJob()
    for (const value of ['1', '2', '3']) await api.ok('PATCH', `/jobs/${id}`, { labels: { value } })
    await api.ok('POST', `/jobs/${id}/cancel`)
    const whole = (await api.ok('GET', `/jobs/${id}/events`)) as unknown as { data: { seq: number; type: string }[] }
    expect(whole.data.map(({ seq }) => seq)).toEqual(whole.data.map((_, index) => index + 1))
    expect(whole.data[0]?.type).toBe('job.queued')
    expect(whole.data.at(-1)?.type).toBe('job.cancel_requested')
    const first = await api.ok('GET', `/jobs/${id}/events?limit=2`)
    const rest = await api.ok('GET', `/jobs/${id}/events?limit=50&cursor=${first.nextCursor}`)
    expect([...(first.data as object[]), ...(rest.data as object[])]).toEqual(whole.data)
    expect(rest.nextCursor).toBeUndefined()
    const later = await api.ok('GET', `/jobs/${id}/events?after=2`)
    expect(later.data).toEqual(rest.data)
  })

  it('is no attempt and nothing remote before it was sent', async () => {
    const { id } = await makeJob()
    expect((await read(`/jobs/${id}/attempts`)).body).toEqual({ data: [] })
    expect((await read(`/jobs/${id}/remote`)).body).toEqual({ payload: {} })
    expect(await read(`/jobs/${id}/logs`)).toMatchObject({ status: expect.toBeOneOf([409, 422]) })
    const environment = await makeEnvironment()
    expect(await read(`/environments/${environment.id}/access`)).toMatchObject({ status: expect.toBeOneOf([409, 422]) })
  })
})
