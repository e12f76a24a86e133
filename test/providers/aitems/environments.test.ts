import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { describe, expect, it } from 'vitest'
import type { Intent } from '../../../src/providers/provider.ts'
import type { Json } from '../../../src/vocabulary/json.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import { shown } from '../../support/shown.ts'
import { clock, failureOf, route, sendBy, service, signal, useConnection } from './connection.ts'

const aitems = useConnection()
const id = 'fboyb1a2b3c'
const datasetIds = { user: 'u1', item: 'i1', interaction: 'x1' }
const bound = [
  { datasetId: 'u1', type: 'user' },
  { datasetId: 'i1', type: 'item' },
  { datasetId: 'x1', type: 'interaction' },
]

const spec = (options: Record<string, unknown> = {}, more: Partial<EnvironmentSpec> = {}): EnvironmentSpec => ({
  name: 'service',
  description: 'test',
  ...more,
  providerOptions: { aitems: options },
})

function intent(more: Partial<Intent<'environment'>> = {}): Intent<'environment'> {
  return {
    mark: 'k7m2n9qd4x',
    spec: spec({ serviceType: 'batch' }),
    environmentRemoteId: null,
    before: null,
    sendBy: sendBy(),
    firstSentAt: clock.now(),
    ...more,
  }
}

describe('creating a service', () => {
  it('sends the documented request, byte for byte, and reads the documented answer', async () => {
    aitems.stub.once(route('POST /services'), { body: service() })
    const created = await aitems.environment.create(intent(), signal)
    expect(aitems.stub.requests[0]?.body).toBe('{"name":"service","description":"test [sy:k7m2n9qd4x]","type":"batch"}')
    expect(created).toMatchObject({
      remoteId: id,
      seen: { status: 'blocked', reason: 'datasets_required', rawState: 'datasetRequired', mark: 'k7m2n9qd4x' },
    })
  })

  it('plans the very request that it sends', async () => {
    aitems.stub.once(route('POST /services'), { status: 201, body: service() })
    const plan = aitems.environment.plan(intent())
    await aitems.environment.create(intent(), signal)
    expect(plan).toMatchObject({ method: 'POST', target: '/api/v1/services' })
    expect(JSON.stringify(plan.body)).toBe(aitems.stub.requests[0]?.body)
  })

  it('is of type batch and described by its mark alone where nothing is asked', async () => {
    aitems.stub.once(route('POST /services'), { body: service() })
    await aitems.environment.create(intent({ spec: { name: '_x1' } }), signal)
    expect(aitems.calls()).toEqual([['POST /services', { name: '_x1', description: '[sy:k7m2n9qd4x]', type: 'batch' }]])
  })

  it('keeps within the 100 characters of a description', () => {
    const { description } = aitems.environment.accepts
    const longest = 'd'.repeat(description?.maxLength ?? 0)
    const body = aitems.environment.plan(intent({ spec: spec({}, { description: longest }) })).body
    expect((body as { description: string }).description).toHaveLength(100)
  })

  it.each([{ body: 'true' }, { body: '' }, { body: {} }])(
    'answered with %o has made something unnamed',
    async (answer) => {
      aitems.stub.once(route('POST /services'), answer)
      expect(await aitems.environment.create(intent(), signal)).toEqual({ remoteId: null })
    },
  )

  it.each([
    [{ status: 400, body: { message: '이름이 올바르지 않습니다' } }, 'invalid_request'],
    [{ status: 400, body: '' }, 'invalid_request'],
    [{ status: 401, body: {} }, 'unauthenticated'],
    [{ status: 403, body: {} }, 'permission_denied'],
    [{ status: 401, body: { error: { errorCode: '210', message: 'Permission Denied' } } }, 'permission_denied'],
    [{ status: 429, body: { error: { errorCode: 420, message: 'slow' } } }, 'rate_limited'],
    [{ status: 400, body: '<html>no</html>' }, 'bad_response'],
    [{ status: 409, body: {} }, 'outcome_unknown'],
    [{ status: 429, body: {} }, 'outcome_unknown'],
    [{ status: 500, body: {} }, 'unavailable'],
    [{ status: 503, body: { error: { errorCode: '500', message: 'down' } } }, 'unavailable'],
    [{ status: 504, body: { error: { errorCode: '510', message: 'late' } } }, 'timeout'],
    [{ status: 200, body: '<html>welcome</html>' }, 'bad_response'],
    [{ isReset: true as const }, 'unavailable'],
    [{ isSilent: true as const }, 'timeout'],
  ])('answered with %o is %s', async (answer, code) => {
    aitems.stub.once(route('POST /services'), answer)
    expect(await failureOf(aitems.environment.create(intent(), signal))).toMatchObject({ code, notSent: false })
    expect(aitems.stub.requests).toHaveLength(1)
  })

  it('sends nothing after its deadline', async () => {
    const late = { at: new Date(clock.now().getTime() - 1), monotonicMs: clock.monotonicMs() - 1 }
    const error = await failureOf(aitems.environment.create(intent({ sendBy: late }), signal))
    expect(error).toMatchObject({ code: 'timeout', notSent: true })
    expect(aitems.stub.requests).toEqual([])
  })
})

describe('what a service shows', () => {
  it.each([
    ['drafted', 'provisioning', undefined],
    ['datasetRequired', 'blocked', 'datasets_required'],
    ['learnable', 'running', undefined],
    ['scheduled', 'running', undefined],
    ['requestLearning', 'running', undefined],
    ['learning', 'running', undefined],
    ['scheduledLearning', 'running', undefined],
    ['disable', 'blocked', 'disabled'],
    ['deleting', 'deleting', undefined],
    ['deleted', 'deleted', undefined],
    ['hibernating', null, undefined],
    ['constructor', null, undefined],
  ])('%s is %s', async (state, status, reason) => {
    aitems.stub.once(route(`GET /services/${id}`), { body: service({ status: state }) })
    const seen = await aitems.environment.get(id, signal)
    expect(seen).toMatchObject({ remoteId: id, status, rawState: state, remoteName: 'service', mark: 'k7m2n9qd4x' })
    expect((seen as { reason?: string }).reason).toBe(reason)
  })

  it('is read with fields missing, null and unknown, its raw times kept', async () => {
    const body = {
      status: 'learnable',
      description: '',
      datasets: null,
      createdDate: '2024-07-29T16:17:37.235',
      x: [1],
    }
    aitems.stub.once(route(`GET /services/${id}`), { body })
    expect(shown(await aitems.environment.get(id, signal))).toEqual({
      remoteId: id,
      status: 'running',
      rawState: 'learnable',
      mark: null,
      payload: { ...body, serviceId: id },
    })
  })

  it.each([
    [{ status: 404, body: { message: 'Not Found' } }, 'gone'],
    [{ status: 404, body: '' }, 'gone'],
  ])('answered with %o is gone', async (answer, expected) => {
    aitems.stub.once(route(`GET /services/${id}`), answer)
    expect(await aitems.environment.get(id, signal)).toBe(expected)
  })

  it.each([
    [{ status: 404, body: { error: { errorCode: '300', message: 'Not Found Exception' } } }, 'unsupported'],
    [{ status: 404, body: '<html>not here</html>' }, 'bad_response'],
    [{ status: 500, body: {} }, 'unavailable'],
    [{ status: 200, body: 'true' }, 'bad_response'],
    [{ status: 200, body: '' }, 'bad_response'],
    [{ status: 200, body: '{"serviceId":"fb' }, 'bad_response'],
  ])('answered with %o is %s and not gone', async (answer, code) => {
    aitems.stub.once(route(`GET /services/${id}`), answer)
    expect(await failureOf(aitems.environment.get(id, signal))).toMatchObject({ code })
  })
})

const firstPage = 'GET /services?offset=0&limit=1000'

describe('listing services', () => {
  it('reads one page at a time, as far as the answered limit goes, and cannot tell marks', async () => {
    const item = (serviceId: string) => ({
      serviceId,
      name: 'n',
      status: 'learnable',
      actionName: 'x',
      permission: 'y',
    })
    aitems.stub.once(route(firstPage), { body: { services: [item('a'), item('b')], offset: 0, limit: 2 } })
    aitems.stub.once(route('GET /services?offset=2&limit=1000'), {
      body: { services: [item('c')], offset: 2, limit: 2 },
    })
    const first = await aitems.environment.list({ cursor: null, watched: [] }, signal)
    const second = await aitems.environment.list({ cursor: first.next, watched: [] }, signal)
    expect([...first.seen, ...second.seen].map(({ remoteId, status }) => [remoteId, status])).toEqual([
      ['a', 'running'],
      ['b', 'running'],
      ['c', 'running'],
    ])
    expect(first.seen[0]).not.toHaveProperty('mark')
    expect([first.next, second.next]).toEqual(['2', null])
  })

  it('takes a list that is not there for a fault, not for an empty list', async () => {
    aitems.stub.once(route(firstPage), { body: { offset: 0, limit: 1000 } })
    expect(await failureOf(aitems.environment.list({ cursor: null, watched: [] }, signal))).toMatchObject({
      code: 'bad_response',
    })
  })
})

describe('finding a lost service', () => {
  const item = (serviceId: string, more = {}) => ({ serviceId, name: 'service', status: 'learnable', ...more })
  const listed = (...services: unknown[]) => aitems.stub.once(route(firstPage), { body: { services } })
  const find = async (...intents: Intent<'environment'>[]) => aitems.environment.find(intents, signal)

  it('reads those of its name and knows it by its mark, several intents in one walk', async () => {
    listed(item('a'), item('b'), item('c', { name: 'other' }), item('d', { name: 'else' }))
    aitems.stub.once(route('GET /services/a'), { body: service({ serviceId: 'a', description: 'test' }) })
    aitems.stub.once(route('GET /services/b'), { body: service({ serviceId: 'b' }) })
    aitems.stub.once(route('GET /services/c'), {
      body: service({ serviceId: 'c', name: 'other', description: '[sy:zzzzzzzzzz]' }),
    })
    const found = await find(intent(), intent({ mark: 'other00000', spec: spec({}, { name: 'other' }) }))
    expect(found.get('k7m2n9qd4x')).toMatchObject({ found: [{ remoteId: 'b', mark: 'k7m2n9qd4x' }] })
    expect(found.get('other00000')).toEqual({ absent: true })
  })

  it('finds both where two attempts were executed', async () => {
    listed(item('a'), item('b'))
    aitems.stub.once(route('GET /services/a'), { body: service({ serviceId: 'a' }) })
    aitems.stub.once(route('GET /services/b'), { body: service({ serviceId: 'b' }) })
    expect((await find(intent())).get('k7m2n9qd4x')).toMatchObject({ found: [{ remoteId: 'a' }, { remoteId: 'b' }] })
  })

  it('finds it on the second page', async () => {
    const other = item('a', { name: 'other' })
    aitems.stub.once(route(firstPage), { body: { services: [other], offset: 0, limit: 1 } })
    aitems.stub.once(route('GET /services?offset=1&limit=1000'), { body: { services: [item('b')], limit: 1 } })
    aitems.stub.once(route('GET /services?offset=2&limit=1000'), { body: { services: [], limit: 1 } })
    aitems.stub.once(route('GET /services/b'), { body: service({ serviceId: 'b' }) })
    expect((await find(intent())).get('k7m2n9qd4x')).toMatchObject({ found: [{ remoteId: 'b' }] })
  })

  it('is not sure where the offset is ignored and the same page comes again', async () => {
    const body = { services: [item('a', { name: 'other' })], limit: 1 }
    aitems.stub.once(route(firstPage), { body })
    aitems.stub.once(route('GET /services?offset=1&limit=1000'), { body })
    expect((await find(intent())).get('k7m2n9qd4x')).toHaveProperty('inconclusive')
  })

  it('is not sure where a service of its name shows no description', async () => {
    listed(item('a'))
    aitems.stub.once(route('GET /services/a'), { body: { serviceId: 'a', name: 'service', status: 'learnable' } })
    expect((await find(intent())).get('k7m2n9qd4x')).toHaveProperty('inconclusive')
  })

  it('is not sure where more services have its name than are read', async () => {
    listed(...Array.from({ length: 33 }, (_, index) => item(`s${index}`)))
    for (let index = 0; index < 32; index++) {
      aitems.stub.once(route(`GET /services/s${index}`), { body: service({ serviceId: `s${index}`, description: '' }) })
    }
    expect((await find(intent())).get('k7m2n9qd4x')).toHaveProperty('inconclusive')
  })

  it('leaves services alone that were made days before, and those that vanish meanwhile', async () => {
    listed(item('old', { createdDate: '2023-11-12T00:00:00.000' }), item('vanished'))
    aitems.stub.once(route('GET /services/vanished'), { status: 404, body: {} })
    expect((await find(intent())).get('k7m2n9qd4x')).toEqual({ absent: true })
    expect(aitems.calls()).toEqual([[firstPage], ['GET /services/vanished']])
  })

  it('fails where a read fails: then nothing is known', async () => {
    listed(item('a'))
    aitems.stub.once(route('GET /services/a'), { status: 500, body: {} })
    expect(await failureOf(find(intent()))).toMatchObject({ code: 'unavailable' })
  })
})

describe('deleting a service', () => {
  it.each([
    { body: { result: 'ok' } },
    { body: 'true' },
    { status: 204, body: undefined },
    { status: 404, body: { message: 'no such service' } },
  ])('answered with %o is done', async (answer) => {
    aitems.stub.once(route(`DELETE /services/${id}`), answer)
    await aitems.environment.controls.delete?.(id, signal)
    expect(aitems.calls()).toEqual([[`DELETE /services/${id}`]])
  })

  it.each([
    [{ status: 404, body: { error: { errorCode: '300', message: 'x' } } }, 'unsupported'],
    [{ status: 400, body: { message: 'learning' } }, 'invalid_request'],
    [{ status: 200, body: '<html>' }, 'bad_response'],
  ])('answered with %o fails as %s', async (answer, code) => {
    aitems.stub.once(route(`DELETE /services/${id}`), answer)
    expect(await failureOf(aitems.environment.controls.delete?.(id, signal) ?? Promise.resolve())).toMatchObject({
      code,
    })
  })

  it('is all that can be controlled', () => {
    expect(Object.keys(aitems.environment.controls)).toEqual(['delete'])
  })
})

describe('updating a service', () => {
  const update = async (shown: object, wanted: EnvironmentSpec) => {
    aitems.stub.once(route(`GET /services/${id}`), { body: service(shown as never) })
    await aitems.environment.update?.(id, wanted, signal)
    return aitems.calls().slice(1)
  }

  it('binds the datasets, one of each type', async () => {
    aitems.stub.once(route(`POST /services/${id}/datasets`), {
      body: service({ status: 'learnable', datasets: bound }),
    })
    expect(await update({}, spec({ datasetIds }))).toEqual([
      [`POST /services/${id}/datasets`, { datasetIds: ['u1', 'i1', 'x1'] }],
    ])
  })

  it('sends nothing where all is as wanted', async () => {
    const shown = { datasets: [...bound].reverse(), status: 'learning', learningInterval: 'hour3' }
    expect(await update(shown, spec({ datasetIds, term: 'hour3' }))).toEqual([])
  })

  it('sets the interval and edits the description, keeping name and mark', async () => {
    aitems.stub.once(route(`PUT /services/${id}/interval`), { body: 'true' })
    aitems.stub.once(route(`PUT /services/${id}`), { body: '' })
    const shown = { type: 'interval', status: 'scheduled', datasets: bound, learningInterval: 'hour1' }
    expect(await update(shown, spec({ serviceType: 'interval', term: 'hour6' }, { description: 'new' }))).toEqual([
      [`PUT /services/${id}/interval`, { term: 'hour6' }],
      [`PUT /services/${id}`, { name: 'service', description: 'new [sy:k7m2n9qd4x]' }],
    ])
  })

  it('leaves a description alone that the spec does not give, and adds no mark to what has none', async () => {
    expect(await update({}, { name: 'service' })).toEqual([])
    aitems.stub.once(route(`GET /services/${id}`), { body: service({ description: 'theirs' }) })
    aitems.stub.once(route(`PUT /services/${id}`), { body: service() })
    await aitems.environment.update?.(id, spec({}, { description: 'ours' }), signal)
    expect(aitems.calls().at(-1)).toEqual([`PUT /services/${id}`, { name: 'service', description: 'ours' }])
  })

  it.each(['scheduled', 'learning', 'requestLearning', 'scheduledLearning'])(
    'does not try to bind other datasets while it is %s',
    async (status) => {
      const wanted = spec({ datasetIds: { ...datasetIds, user: 'u2' } }, { description: 'new' })
      expect(await failureOf(update({ status, datasets: bound }, wanted))).toMatchObject({ code: 'conflict' })
      expect(aitems.stub.requests).toHaveLength(1)
    },
  )

  it('says which call was refused', async () => {
    aitems.stub.once(route(`POST /services/${id}/datasets`), { status: 400, body: { message: '데이터셋이 없습니다' } })
    const error = await failureOf(update({}, spec({ datasetIds })))
    expect(error).toMatchObject({ code: 'invalid_request' })
    expect(error.message).toBe(`AiTEMS returned HTTP 400 to POST /api/v1/services/${id}/datasets: 데이터셋이 없습니다`)
  })

  it('has nothing to update where the service is gone', async () => {
    aitems.stub.once(route(`GET /services/${id}`), { status: 404, body: {} })
    expect(await failureOf(aitems.environment.update?.(id, spec(), signal) ?? Promise.resolve())).toMatchObject({
      code: 'not_found',
    })
  })

  it.each([
    ['datasetRequired', {}, { datasetIds }, true],
    ['datasetRequired', {}, {}, false],
    ['learnable', { datasets: bound }, { datasetIds: { ...datasetIds, user: 'u2' } }, false],
    ['scheduled', { learningInterval: 'hour1' }, { term: 'hour3' }, true],
    ['scheduled', { learningInterval: 'hour3' }, { term: 'hour3' }, false],
    ['scheduled', { learningInterval: 'PT1H' }, { term: 'hour3' }, false],
    ['scheduled', {}, { term: 'hour3' }, false],
  ])('in state %s with %o and wanted %o: an update is due: %s', (rawState, payload, options, isDue) => {
    expect(aitems.environment.needsUpdate?.(spec(options), { rawState, payload })).toBe(isDue)
  })

  it('declares what it can change', () => {
    expect(aitems.environment.mutableOptions).toEqual(['datasetIds', 'term'])
    expect(aitems.environment.accepts.description?.mutable).toBe(true)
  })
})

describe('checking a request for a service', () => {
  it('refuses a term for a service that does not learn by itself', () => {
    const pointers = (options: Record<string, unknown>, shown: Json = null) =>
      aitems.environment.check?.(spec(options), shown).map(({ pointer }) => pointer)
    expect(pointers({ term: 'hour1' })).toEqual(['/providerOptions/aitems/term'])
    expect(pointers({ term: 'hour1', serviceType: 'interval' })).toEqual([])
    expect(pointers({})).toEqual([])
    expect(pointers({ term: 'hour1' }, { type: 'interval' })).toEqual([])
    expect(pointers({ term: 'hour1' }, { type: 'batch' })).toEqual(['/providerOptions/aitems/term'])
  })
})

describe('the options of services', () => {
  it.each([
    [{}, true],
    [{ serviceType: 'interval', term: 'hour12', datasetIds }, true],
    [{ serviceType: 'weekly' }, false],
    [{ term: 'hour2' }, false],
    [{ datasetIds: { user: 'u1', item: 'i1' } }, false],
    [{ datasetIds: { ...datasetIds, item: '../x' } }, false],
    [{ surprise: 1 }, false],
  ])('%o are taken: %s', (options, isTaken) => {
    expect(Value.Check(aitems.environment.options ?? Type.Object({}), options)).toBe(isTaken)
  })
})

describe('the connection', () => {
  it('is verified by listing one service', async () => {
    aitems.stub.once(route('GET /services?offset=0&limit=1'), { body: { services: [] } })
    await aitems.provider.verify(signal)
  })

  it.each([
    [{ status: 401, body: { error: { errorCode: '200', message: 'x' } } }, 'unauthenticated', 'credentials'],
    [
      { status: 401, body: { error: { errorCode: '210', message: 'x' } } },
      'permission_denied',
      'credentials.accessKey',
    ],
    [{ status: 404, body: { error: { errorCode: '300', message: 'x' } } }, 'unsupported', 'settings.baseUrl'],
    [{ status: 401, body: '' }, 'unauthenticated', 'credentials'],
    [{ status: 403, body: {} }, 'permission_denied', 'credentials.accessKey'],
  ])('answered with %o fails as %s at %s', async (answer, code, field) => {
    const headers = { date: 'Tue, 14 Nov 2023 22:13:20 GMT' }
    aitems.stub.once(route('GET /services?offset=0&limit=1'), { ...answer, headers })
    expect(await failureOf(aitems.provider.verify(signal))).toMatchObject({ code, field })
  })

  it('shows the datasets to choose from', async () => {
    const dataset = { datasetId: 'u1', type: 'user', name: 'users', status: 'enable', permission: 'x' }
    aitems.stub.once(route('GET /datasets?offset=0&limit=1000'), { body: { datasets: [dataset, { name: 'no id' }] } })
    expect(await aitems.environment.catalog?.(signal)).toEqual({
      datasets: [{ datasetId: 'u1', type: 'user', name: 'users', status: 'enable' }],
    })
  })

  it('ends within a moment of an abort', async () => {
    const abort = new AbortController()
    aitems.stub.on(route(`GET /services/${id}`), { isSilent: true })
    const failed = failureOf(aitems.environment.get(id, abort.signal))
    await aitems.stub.received(1)
    abort.abort()
    expect(await failed).toMatchObject({ code: 'timeout' })
  })
})
