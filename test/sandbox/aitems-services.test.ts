import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { send, serviceExample, startAitems } from './aitems-sandbox.ts'
import { sign } from './ncp-client.ts'

const aitems = forEachTest(startAitems, ({ sandbox }) => sandbox.close())

describe('AiTEMS sandbox gateway', () => {
  const target = '/api/v1/services?offset=0&limit=10'

  it('accepts only a signature over the query as sent', async () => {
    expect((await send(aitems.caller, 'GET', target)).status).toBe(200)
    const timestamp = String(aitems.time.ms)
    const withoutQuery = sign(aitems.caller, { method: 'GET', target: '/api/v1/services', timestamp })
    const reply = await send(aitems.caller, 'GET', target, { headers: { 'x-ncp-apigw-signature-v2': withoutQuery } })
    expect(reply).toMatchObject({ status: 401, json: { error: { errorCode: '200' } } })
  })

  it.each([
    ['GET', '/api/v1/services/abc/stop'],
    ['PUT', '/api/v1/schemas/ready-user'],
    ['GET', '/v1/services'],
    ['DELETE', '/api/v1/services/abc/trains/pop/versions/abc'],
  ] as const)('returns its own 404 for %s %s', async (method, path) => {
    const reply = await send(aitems.caller, method, path)
    expect(reply).toMatchObject({ status: 404, json: { error: { errorCode: '300' } } })
  })

  it.each([
    [299_999, 200],
    [300_000, 401],
    [-300_000, 401],
  ])('handles a clock difference of %i ms with HTTP %i', async (differenceMs, status) => {
    const skewed = { ...aitems.caller, now: () => aitems.time.ms - differenceMs }
    expect((await send(skewed, 'GET', target)).status).toBe(status)
  })
})

describe('new AiTEMS sandbox service', () => {
  it('equals the documented example', async () => {
    const reply = await aitems.call('POST', '/services', serviceExample)
    expect(reply.status).toBe(201)
    expect(reply.json).toEqual({
      serviceId: expect.stringMatching(/^[a-z0-9]{11}$/),
      name: 'service',
      description: 'test',
      status: 'datasetRequired',
      datasets: [],
      hpConfig: { is_enabled: false },
      infers: [],
      createdDate: '2026-01-05T09:00:00.000',
      updatedDate: '2026-01-05T09:00:00.000',
      type: 'batch',
    })
  })

  it('is a batch service without description by default', async () => {
    const { json } = await aitems.call('POST', '/services', { name: '_x9' })
    expect(json).toMatchObject({ name: '_x9', type: 'batch', description: '' })
  })

  it.each([
    [{ name: 'ab' }, 'name'],
    [{ name: 'a'.repeat(21) }, 'name'],
    [{ name: '1abc' }, 'name'],
    [{ name: 'with space' }, 'name'],
    [{ name: ['abc'] }, 'name'],
    [{ name: undefined }, 'name'],
    [{ description: 'x'.repeat(101) }, 'description'],
    [{ type: 'stream' }, 'type'],
  ])('rejects %j', async (change, field) => {
    const reply = await aitems.call('POST', '/services', { ...serviceExample, ...change })
    expect(reply).toMatchObject({ status: 400, json: { status: 400, message: expect.stringContaining(field) } })
    expect((await aitems.call('GET', '/services')).json.services).toEqual([])
  })

  it.each(['', '[]', '{"name":'])('rejects the body %j', async (body) => {
    expect((await send(aitems.caller, 'POST', '/api/v1/services', { body })).status).toBe(400)
  })

  it('limits a description by characters, not bytes', async () => {
    const description = '추천'.repeat(50)
    const { status, json } = await aitems.call('POST', '/services', { ...serviceExample, description })
    expect({ status, description: json.description }).toEqual({ status: 201, description })
  })
})

describe('AiTEMS sandbox service', () => {
  it('is listed by page, with the default limit in the response', async () => {
    const ids: string[] = []
    for (const name of ['one', 'two', 'three']) ids.push(await aitems.createService({ name }))
    const { json } = await aitems.call('GET', '/services')
    expect(json).toMatchObject({ offset: 0, limit: 1000 })
    expect(json.services[0]).toEqual({
      serviceId: ids[0],
      name: 'one',
      status: 'datasetRequired',
      createdDate: '2026-01-05T09:00:00.000',
      updatedDate: '2026-01-05T09:00:00.000',
      actionName: expect.any(String),
      permission: 'Allow',
    })
    const page = await aitems.call('GET', '/services?offset=1&limit=1')
    expect(page.json).toMatchObject({ services: [{ serviceId: ids[1] }], offset: 1, limit: 1 })
    expect((await aitems.call('GET', '/services?offset=3')).json.services).toEqual([])
    expect((await aitems.call('GET', '/services?limit=-1')).status).toBe(400)
    expect((await aitems.call('GET', '/services?offset=two')).status).toBe(400)
  })

  it('is renamed and described by PUT without a training', async () => {
    const id = await aitems.createLearnable()
    aitems.time.ms += 1000
    const { status, json } = await aitems.call('PUT', `/services/${id}`, { name: 'renamed', description: 'better' })
    expect(status).toBe(200)
    expect(json).toMatchObject({ name: 'renamed', description: 'better', status: 'learnable' })
    expect(json.updatedDate).toBe('2026-01-05T09:00:01.000')
    const kept = await aitems.call('PUT', `/services/${id}`, { name: 'renamed' })
    expect(kept.json.description).toBe('better')
    expect((await aitems.call('PUT', `/services/${id}`, { description: 'nameless' })).status).toBe(400)
    expect(await aitems.trains(id)).toEqual([])
  })

  it('is neither listed nor accessible for another account', async () => {
    const id = await aitems.createService()
    const list = await send(aitems.other, 'GET', '/api/v1/services')
    expect(list.json.services).toEqual([])
    expect((await send(aitems.other, 'GET', `/api/v1/services/${id}`)).status).toBe(403)
    expect((await send(aitems.other, 'DELETE', `/api/v1/services/${id}`)).status).toBe(403)
  })

  it('returns a 404 of the service, not of the gateway, if it does not exist', async () => {
    const { status, json } = await aitems.call('GET', '/services/nosuchthing')
    expect(status).toBe(404)
    expect(json).toMatchObject({ status: 404, error: 'Not Found', path: '/api/v1/services/nosuchthing' })
  })

  it('is deleting for a while, then gone with its trains', async () => {
    const id = await aitems.createLearnable()
    await aitems.train(id)
    const { status, json } = await aitems.call('DELETE', `/services/${id}`)
    expect({ status, json }).toEqual({ status: 200, json: { result: 'ok' } })
    expect(await aitems.service(id)).toMatchObject({ status: 'deleting' })
    expect((await aitems.call('PUT', `/services/${id}`, { name: 'renamed' })).status).toBe(400)
    expect((await aitems.call('DELETE', `/services/${id}`)).json).toEqual({ result: 'ok' })
    aitems.time.ms += 150
    expect((await aitems.call('GET', `/services/${id}`)).status).toBe(404)
    expect((await aitems.call('DELETE', `/services/${id}`)).status).toBe(404)
    const left = aitems.sandbox.objects('aitems').map(({ kind }) => kind)
    expect(left).not.toContain('service')
    expect(left).not.toContain('train')
  })
})

describe('AiTEMS sandbox dataset binding', () => {
  it('makes the service learnable, with one dataset of each type', async () => {
    const id = await aitems.createService()
    const { status, json } = await aitems.bind(id, aitems.readyIds.toReversed())
    expect({ status, is: json.status }).toEqual({ status: 200, is: 'learnable' })
    expect(json.datasets).toEqual([
      {
        datasetId: aitems.account.userDatasetId,
        type: 'user',
        name: 'ready-user',
        schemaName: 'ready-user',
        status: 'learnable',
        createdDate: '2026-01-05T09:00:00.000',
        updatedDate: '2026-01-05T09:00:00.000',
      },
      expect.objectContaining({ type: 'item' }),
      expect.objectContaining({ type: 'interaction' }),
    ])
    const dataset = await aitems.call('GET', `/datasets/${aitems.account.userDatasetId}`)
    expect(dataset.json).toMatchObject({ status: 'enable', connectedServices: [{ serviceId: id, name: 'service' }] })
  })

  it('rejects missing types, unknown datasets and those of another account', async () => {
    const id = await aitems.createService()
    const [user = '', item = ''] = aitems.readyIds
    expect((await aitems.bind(id, [user, item])).status).toBe(400)
    const twice = await aitems.bind(id, [user, item, item])
    expect(twice).toMatchObject({ status: 400, json: { message: expect.stringContaining('interaction') } })
    expect((await aitems.bind(id, [user, item, 'nosuchthing'])).status).toBe(404)
    expect((await aitems.bind(id, [user, item, 'sandboxact2'])).status).toBe(403)
    expect(await aitems.service(id)).toMatchObject({ status: 'datasetRequired', datasets: [] })
  })

  it('cannot change while the service is learning', async () => {
    const id = await aitems.createLearnable()
    await aitems.train(id)
    expect((await aitems.bind(id)).status).toBe(400)
    expect((await aitems.call('DELETE', `/datasets/${aitems.account.userDatasetId}`)).status).toBe(400)
    aitems.time.ms += 550
    expect((await aitems.bind(id)).status).toBe(200)
  })

  it('is incomplete after the deletion of a dataset', async () => {
    const id = await aitems.createLearnable()
    await aitems.call('DELETE', `/datasets/${aitems.account.itemDatasetId}`)
    expect(await aitems.service(id)).toMatchObject({ status: 'datasetRequired', datasets: [{}, {}] })
    expect((await aitems.train(id)).status).toBe(400)
  })
})
