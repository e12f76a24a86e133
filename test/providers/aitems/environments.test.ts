import { describe, expect, it } from 'vitest'
import { withPayload } from '../../support/observation-payloads.ts'
import { clock, failureOf, route, service, signal, useConnection } from './connection.ts'
import { id, intent, spec } from './service-intent.ts'

const aitems = useConnection()

describe('AiTEMS service create', () => {
  it('sends the documented request byte for byte and reads the documented response', async () => {
    aitems.stub.once(route('POST /services'), { body: service() })
    const created = await aitems.environment.create(intent(), signal)
    expect(aitems.stub.requests[0]?.body).toBe('{"name":"service","description":"test [sy:k7m2n9qd4x]","type":"batch"}')
    expect(created).toMatchObject({
      remoteId: id,
      seen: {
        status: 'blocked',
        reason: 'datasets_required',
        rawState: 'datasetRequired',
        correlationTag: 'k7m2n9qd4x',
      },
    })
  })

  it('sends exactly the planned request', async () => {
    aitems.stub.once(route('POST /services'), { status: 201, body: service() })
    const plan = aitems.environment.plan(intent())
    await aitems.environment.create(intent(), signal)
    expect(plan).toMatchObject({ method: 'POST', target: '/api/v1/services' })
    expect(JSON.stringify(plan.body)).toBe(aitems.stub.requests[0]?.body)
  })

  it('defaults to type batch and a description with only the correlation tag', async () => {
    aitems.stub.once(route('POST /services'), { body: service() })
    await aitems.environment.create(intent({ spec: { name: '_x1' } }), signal)
    expect(aitems.calls()).toEqual([['POST /services', { name: '_x1', description: '[sy:k7m2n9qd4x]', type: 'batch' }]])
  })

  it('keeps the description within 100 characters', () => {
    const { description } = aitems.environment.accepts
    const longest = 'd'.repeat(description?.maxLength ?? 0)
    const body = aitems.environment.plan(intent({ spec: spec({}, { description: longest }) })).body
    expect((body as { description: string }).description).toHaveLength(100)
  })

  it.each([{ body: 'true' }, { body: '' }, { body: {} }])(
    'returns no remote id for the response %o',
    async (response) => {
      aitems.stub.once(route('POST /services'), response)
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
  ])('maps the response %o to %s', async (response, code) => {
    aitems.stub.once(route('POST /services'), response)
    expect(await failureOf(aitems.environment.create(intent(), signal))).toMatchObject({ code, notSent: false })
    expect(aitems.stub.requests).toHaveLength(1)
  })

  it('is not sent after its deadline', async () => {
    const expired = { at: new Date(clock.now().getTime() - 1), monotonicMs: clock.monotonicMs() - 1 }
    const error = await failureOf(aitems.environment.create(intent({ sendBy: expired }), signal))
    expect(error).toMatchObject({ code: 'timeout', notSent: true })
    expect(aitems.stub.requests).toEqual([])
  })
})

describe('AiTEMS service observation', () => {
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
  ])('maps %s to %s', async (state, status, reason) => {
    aitems.stub.once(route(`GET /services/${id}`), { body: service({ status: state }) })
    const seen = await aitems.environment.get(id, signal)
    expect(seen).toMatchObject({
      remoteId: id,
      status,
      rawState: state,
      remoteName: 'service',
      correlationTag: 'k7m2n9qd4x',
    })
    expect((seen as { reason?: string }).reason).toBe(reason)
  })

  it('accepts missing, null and unknown fields and keeps raw times', async () => {
    const body = {
      status: 'learnable',
      description: '',
      datasets: null,
      createdDate: '2024-07-29T16:17:37.235',
      x: [1],
    }
    aitems.stub.once(route(`GET /services/${id}`), { body })
    expect(withPayload(await aitems.environment.get(id, signal))).toEqual({
      remoteId: id,
      status: 'running',
      rawState: 'learnable',
      correlationTag: null,
      payload: { ...body, serviceId: id },
    })
  })

  it.each([
    [{ status: 404, body: { message: 'Not Found' } }, 'gone'],
    [{ status: 404, body: '' }, 'gone'],
  ])('is gone for the response %o', async (response, expected) => {
    aitems.stub.once(route(`GET /services/${id}`), response)
    expect(await aitems.environment.get(id, signal)).toBe(expected)
  })

  it.each([
    [{ status: 404, body: { error: { errorCode: '300', message: 'Not Found Exception' } } }, 'unsupported'],
    [{ status: 404, body: '<html>not here</html>' }, 'bad_response'],
    [{ status: 500, body: {} }, 'unavailable'],
    [{ status: 200, body: 'true' }, 'bad_response'],
    [{ status: 200, body: '' }, 'bad_response'],
    [{ status: 200, body: '{"serviceId":"fb' }, 'bad_response'],
  ])('fails for the response %o with %s instead of gone', async (response, code) => {
    aitems.stub.once(route(`GET /services/${id}`), response)
    expect(await failureOf(aitems.environment.get(id, signal))).toMatchObject({ code })
  })
})

describe('AiTEMS connection', () => {
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
  ])('maps the response %o to %s at %s', async (response, code, field) => {
    const headers = { date: 'Tue, 14 Nov 2023 22:13:20 GMT' }
    aitems.stub.once(route('GET /services?offset=0&limit=1'), { ...response, headers })
    expect(await failureOf(aitems.provider.verify(signal))).toMatchObject({ code, field })
  })

  it('has a catalog of datasets', async () => {
    const dataset = { datasetId: 'u1', type: 'user', name: 'users', status: 'enable', permission: 'x' }
    aitems.stub.once(route('GET /datasets?offset=0&limit=1000'), { body: { datasets: [dataset, { name: 'no id' }] } })
    expect(await aitems.environment.catalog?.(signal)).toEqual({
      datasets: [{ datasetId: 'u1', type: 'user', name: 'users', status: 'enable' }],
    })
  })

  it('ends a call after an abort', async () => {
    const abort = new AbortController()
    aitems.stub.on(route(`GET /services/${id}`), { isSilent: true })
    const failed = failureOf(aitems.environment.get(id, abort.signal))
    await aitems.stub.received(1)
    abort.abort()
    expect(await failed).toMatchObject({ code: 'timeout' })
  })
})
