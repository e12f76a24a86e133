import { Type } from '@sinclair/typebox'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/roles/api-client.ts'
import { environmentFields, jobFields, Labels, secretFields } from '../../src/vocabulary/spec.ts'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import type { ApiCaller } from '../support/api-caller.ts'
import { environmentRequest, jobRequest } from '../support/dataforest-account.ts'
import { expectProblem } from '../support/problems.ts'

let bench: ApiBench
let api: ApiCaller
let sql: Client

beforeAll(async () => {
  bench = await startApiBench()
  api = bench.api
  sql = new Client({ connectionString: bench.database.url })
  await sql.connect()
})

afterAll(async () => {
  await sql?.end()
  await bench?.stop()
})

const makeEnvironment = (more: object = {}) =>
  api.ok('POST', '/environments', environmentRequest({ connectionId: bench.connections.dataforest, ...more }))
const makeJob = async (more: object = {}, environment?: ApiRecord) =>
  api.ok('POST', '/jobs', jobRequest({ environmentId: (environment ?? (await makeEnvironment())).id, ...more }))
const at = (version: number) => `"${version}"`
const read = (path: string, headers: Record<string, string> = {}) => api.call('GET', path, { headers })

const notebook = {
  ...{ image: 'Ascend-Power-Engine 1.0(python3)', resources: { flavor: 'modelarts.kat1.xlarge' } },
  storage: { type: 'obs', source: '/bucket/path/' },
}

describe('a submit', () => {
  it('answers 202 with the record, where it is, and its version', async () => {
    const environment = await makeEnvironment()
    const body = jobRequest({ environmentId: environment.id, labels: { team: 'a' }, description: 'what for' })
    const answer = await api.call('POST', '/jobs', { body })
    expect(answer.status).toBe(202)
    expect(answer.headers.get('location')).toBe(`/jobs/${answer.body.id}`)
    expect(answer.headers.get('etag')).toBe(at(answer.body.version))
    expect(answer.headers.get('idempotency-replayed')).toBeNull()
    expect(answer.body).toMatchObject({ ...body, status: 'queued', provider: 'dataforest', actions: ['cancel'] })
    expect((await read(`/jobs/${answer.body.id}`)).body).toEqual(answer.body)
  })

  it.each([
    ['jobs', jobFields, () => makeEnvironment().then(({ id }) => jobRequest({ environmentId: id }))],
    [
      'environments',
      environmentFields,
      async () => environmentRequest({ connectionId: bench.connections.dataforest ?? '' }),
    ],
  ])('to /%s takes an empty list or map as one that is left out', async (path, fields, makeRequest) => {
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
    ['options without anything in them', { dataforest: {} }],
  ])('takes %s as left out', async (_what, providerOptions) => {
    const { id: environmentId } = await makeEnvironment()
    const preview = await api.ok('POST', '/jobs/preview', jobRequest({ environmentId, providerOptions }))
    expect(preview.problems).toEqual([])
    expect(preview.effectiveRequest).not.toHaveProperty('providerOptions')
  })

  it('takes empty parts of options as left out, and keeps an option that says something by being there', async () => {
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

  it('records what the contract says of absent fields, and a replay is known by what was sent', async () => {
    const { id: environmentId } = await makeEnvironment()
    const asked = {
      resources: { accelerator: { count: 1 } },
      outputs: [{ destination: '/out', path: 'out' }],
      ports: [{ port: 80 }],
    }
    const filled = {
      resources: { accelerator: { kind: 'gpu', count: 1 }, nodes: 1 },
      outputs: [{ destination: '/out', path: 'out', overwrite: false }],
      ports: [{ port: 80, protocol: 'tcp' }],
    }
    const body = jobRequest({ environmentId, ...asked })
    const headers = { 'idempotency-key': 'sparse' }
    const first = await api.call('POST', '/jobs', { body, headers })
    expect(first.body).toMatchObject(filled)
    expect(await api.ok('POST', '/jobs/preview', body)).toMatchObject({ effectiveRequest: filled })
    expect((await api.call('POST', '/jobs', { body, headers })).body.id).toBe(first.body.id)
    const other = await api.call('POST', '/jobs', { body: { ...body, ...filled }, headers })
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  })

  it('answers a replay with 202 too, and the record as it is by now', async () => {
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
  ])('is refused with 409 for an environment that is %s (at the provider: %s)', async (status, remoteId, todo) => {
    const environment = await makeEnvironment()
    await sql.query('UPDATE workloads SET status = $2, remote_id = $3 WHERE id = $1', [
      environment.id,
      status,
      remoteId,
    ])
    const refused = await api.call('POST', '/jobs', { body: jobRequest({ environmentId: environment.id }) })
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict', detail: expect.stringContaining(todo) } })
  })

  it('refuses a key that is too long', async () => {
    const headers = { 'idempotency-key': 'x'.repeat(256) }
    const answer = await api.call('POST', '/jobs', { body: jobRequest(), headers })
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ in: 'header', pointer: 'idempotency-key' }] } })
  })
})

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
      sql.query(`UPDATE workloads SET status = 'canceled', live = false, version = version + 1 WHERE id = $1`, [id]),
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
    for (const body of [{ script: 'x' }, { name: 'x' }, { labels: null }, {}])
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

describe('a preview', () => {
  it('shows the provider’s request as it would be sent, with no secret, and keeps nothing', async () => {
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

  it('names an environment that is not made yet by a placeholder', async () => {
    const { id: environmentId } = await makeEnvironment()
    const preview = await api.ok('POST', '/jobs/preview', jobRequest({ environmentId }))
    expect(preview.request).toMatchObject({ body: { aiWorkspaceId: `remote-id-of-${environmentId}` } })
  })

  it('tells what speaks against it, with the same pointers as the refusal', async () => {
    const body = {
      ...environmentRequest({ connectionId: bench.connections.dataforest }),
      storage: { type: 'x' },
      autoStop: { afterSeconds: 300 },
    }
    const preview = await api.ok('POST', '/environments/preview', body)
    const refused = await api.call('POST', '/environments', { body })
    expect(preview).toMatchObject({ valid: false })
    expect(preview.request).toBeUndefined()
    const problems = preview.problems as object[]
    expect(refused.status).toBe(422)
    expect(refused.body.errors).toEqual(problems.map((problem) => ({ in: 'body', ...problem })))
  })
})

describe('deleting an environment', () => {
  it('is refused while jobs use it, and says which', async () => {
    const environment = await makeEnvironment()
    const jobs = [await makeJob({}, environment), await makeJob({}, environment)]
    const refused = await api.call('DELETE', `/environments/${environment.id}`)
    expect(refused).toMatchObject({ status: 409, body: { code: 'environment_in_use' } })
    for (const { id } of jobs) expect(refused.body.detail).toContain(id)
  })

  it('cancels no job when the version is another one', async () => {
    const environment = await makeEnvironment()
    const job = await makeJob({}, environment)
    const headers = { 'if-match': at(environment.version + 1) }
    expect((await api.call('DELETE', `/environments/${environment.id}?cancelJobs=true`, { headers })).status).toBe(412)
    expect((await read(`/jobs/${job.id}`)).body.cancelRequestedAt).toBeUndefined()
  })

  it('cancels all of its jobs, however many, and none of another', { timeout: 60_000 }, async () => {
    const environment = await makeEnvironment()
    const job = await makeJob({}, environment)
    const other = await makeJob()
    // As many as would take long to submit one by one: copies of the one that was.
    const { rows } = await sql.query(`SELECT string_agg(quote_ident(attname), ', ') AS columns FROM pg_attribute
      WHERE attrelid = 'workloads'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname NOT IN ('id', 'mark')`)
    await sql.query(
      `INSERT INTO workloads (id, mark, ${rows[0].columns})
        SELECT 'job_' || lpad(n::text, 26, '0'), 'copy' || n, ${rows[0].columns} FROM workloads, generate_series(1, 1050) n WHERE id = $1`,
      [job.id],
    )
    const answer = await api.call('DELETE', `/environments/${environment.id}?cancelJobs=true`)
    expect(answer.status).toBe(202)
    const counted = await sql.query(
      `SELECT count(*)::int AS n FROM workloads WHERE environment_id = $1 AND desired = 'cancel' AND kind = 'job'`,
      [environment.id],
    )
    expect(counted.rows[0].n).toBe(1051)
    expect((await read(`/jobs/${other.id}`)).body.cancelRequestedAt).toBeUndefined()
    const again = await api.call('DELETE', `/environments/${environment.id}`)
    expect(again).toMatchObject({ status: 202, body: { id: environment.id } })
  })
})

describe('a verb', () => {
  it('that is repeated is harmless: the same answer, and the wish is recorded once', async () => {
    const { id } = await makeJob()
    const [first, second] = [await api.call('POST', `/jobs/${id}/cancel`), await api.call('POST', `/jobs/${id}/cancel`)]
    expect([first.status, second.status]).toEqual([202, 202])
    expect(second.body).toEqual(first.body)
    expect(first.headers.get('location')).toBe(`/jobs/${id}`)
  })

  it('that comes too late is refused with 409', async () => {
    const { id } = await makeJob()
    await sql.query(`UPDATE workloads SET status = 'succeeded', live = false WHERE id = $1`, [id])
    const refused = await api.call('POST', `/jobs/${id}/cancel`)
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } })
    const { id: environment } = await makeEnvironment()
    await sql.query(`UPDATE workloads SET status = 'deleted', live = false WHERE id = $1`, [environment])
    expect((await api.call('POST', `/environments/${environment}/start`)).status).toBe(409)
    expect((await api.call('DELETE', `/environments/${environment}`)).status).toBe(202)
    expect((await read(`/environments/${environment}`)).body.status).toBe('deleted')
  })

  it('is shown as requested until it is sent or not needed', async () => {
    const connectionId = bench.connections.modelarts ?? ''
    const { id } = await api.ok('POST', '/environments', { name: 'notebook', connectionId, ...notebook })
    for (const [action, status] of [
      ['stop', 'running'],
      ['start', 'stopped'],
    ]) {
      await sql.query(`UPDATE workloads SET status = $2, remote_id = id WHERE id = $1`, [id, status])
      expect((await read(`/environments/${id}`)).body).not.toHaveProperty('requestedAction')
      const requested = await api.call('POST', `/environments/${id}/${action}`)
      expect(requested).toMatchObject({ status: 202, body: { status, requestedAction: action } })
      expect((await read(`/environments?ids=${id}`)).body.data).toMatchObject([{ requestedAction: action }])
      await sql.query(`UPDATE workloads SET carried_generation = generation WHERE id = $1`, [id])
      expect((await read(`/environments/${id}`)).body).not.toHaveProperty('requestedAction')
    }
  })

  it('that is under way shows since when, before its provider has been told', async () => {
    const environment = await makeEnvironment()
    await sql.query(`UPDATE workloads SET status = 'running', remote_id = 'w1' WHERE id = $1`, [environment.id])
    expect((await read(`/environments/${environment.id}`)).body.deleteRequestedAt).toBeUndefined()
    const deleted = await api.call('DELETE', `/environments/${environment.id}`)
    const deletion = {
      ...{ status: 'running', deleteRequestedAt: expect.stringMatching(/^\d{4}-.*Z$/), actions: [] },
      requestedAction: 'delete',
    }
    expect(deleted).toMatchObject({ status: 202, body: deletion })
    expect((await read(`/environments/${environment.id}`)).body).toMatchObject(deletion)
    const page = (await read(`/environments?ids=${environment.id}`)).body
    expect(page.data).toMatchObject([deletion])
    const job = await makeJob()
    await sql.query(`UPDATE workloads SET status = 'running', remote_id = 'j1' WHERE id = $1`, [job.id])
    expect((await api.call('POST', `/jobs/${job.id}/cancel`)).body).toMatchObject({
      ...{ status: 'running', cancelRequestedAt: expect.any(String), actions: ['logs'] },
    })
  })

  it.each([
    { verb: 'cancel', make: () => makeJob(), path: '/jobs', ask: ['POST', '/cancel'], at: 'cancelRequestedAt' },
    {
      verb: 'delete',
      make: () => makeEnvironment(),
      path: '/environments',
      ask: ['DELETE', ''],
      at: 'deleteRequestedAt',
    },
  ] as const)('to $verb that its provider refused can be asked again', async ({ verb, make, path, ask, at }) => {
    const { id } = await make()
    await sql.query(`UPDATE workloads SET status = 'running', remote_id = id WHERE id = $1`, [id])
    const request = () => api.call(ask[0], `${path}/${id}${ask[1]}`)
    const first = await request()
    expect(first.body.actions).not.toContain(verb)
    await sql.query(
      `UPDATE workloads SET carried_generation = generation, status_reason = 'provider_refused',
        cancel_requested_at = now() - interval '1 hour' WHERE id = $1`,
      [id],
    )
    const refused = await read(`${path}/${id}`)
    expect(refused.body.actions).toContain(verb)
    expect(refused.body.actions).not.toContain('stop')
    const again = await request()
    expect(again.status).toBe(202)
    expect(again.body.actions).not.toContain(verb)
    expect(again.body[at]).not.toBe(refused.body[at])
  })
})

describe('asking for what only a provider has', () => {
  const end = (id: string, status: string, live: boolean) =>
    sql.query('UPDATE workloads SET status = $2, live = $3, ended_at = now() WHERE id = $1', [id, status, live])

  it('is no use while it is not made, and says so', async () => {
    const answer = await read(`/jobs/${(await makeJob()).id}/logs`)
    expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining('Retry later') } })
  })

  it('is never any use where it ended before it was made, and does not say to ask again', async () => {
    for (const status of ['canceled', 'failed']) {
      const { id } = await makeJob()
      await end(id, status, false)
      for (const path of [`/jobs/${id}/logs`, `/jobs/${id}/logs/raw`]) {
        const { body } = await read(path)
        expect(body).toMatchObject({ status: 409, code: 'conflict', retryable: false })
        expect(body.detail).toBe(`${id} ended as ${status} before it was created at the provider, so it has no logs.`)
      }
    }
    const body = { name: 'nb', connectionId: bench.connections.jupyterhub }
    const { id } = await api.ok('POST', '/environments', body)
    for (const [status, live] of [
      ['failed', true],
      ['deleted', false],
    ] as const) {
      await end(id, status, live)
      expect((await read(`/environments/${id}/access`)).body.detail).toBe(
        `${id} ended as ${status} before it was created at the provider, so it has no access.`,
      )
    }
  })
})
