import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { datasetExample, send, serviceExample, startAitems } from './aitems-sandbox.ts'

const aitems = forEachTest(startAitems, ({ sandbox }) => sandbox.close())

describe('AiTEMS sandbox service error', () => {
  it.each([
    ['spring', { status: 404, error: 'Not Found', path: '/api/v1/services/none' }],
    ['flat', { errorCode: '404', message: expect.stringContaining('none') }],
    ['gateway', { error: { errorCode: '300', message: expect.stringContaining('none') } }],
    ['status', { status: { code: 404 } }],
    ['returnCode', { returnCode: '404' }],
    ['message', { message: expect.stringContaining('none') }],
  ])('has the configured shape %s', async (errorShape, body) => {
    aitems.settings.errorShape = errorShape
    const { status, json } = await aitems.call('GET', '/services/none')
    expect(status).toBe(404)
    expect(json).toMatchObject(body)
  })

  it.each([
    ['text', 'text/plain', /none/],
    ['html', 'text/html', /<h1>404/],
    ['empty', 'undefined', /^$/],
  ])('is configurable as %s instead of JSON', async (errorShape, type, text) => {
    aitems.settings.errorShape = errorShape
    const reply = await aitems.call('GET', '/services/none')
    expect(reply).toMatchObject({ status: 404, type: expect.stringContaining(type), text: expect.stringMatching(text) })
  })

  it('escapes request data in HTML', async () => {
    aitems.settings.errorShape = 'html'
    expect((await aitems.call('GET', '/services/%3Cscript%3E')).text).not.toContain('<script>')
  })

  it('lists the valid shapes for an unknown one', async () => {
    aitems.settings.errorShape = 'round'
    const reply = await aitems.call('GET', '/services/none')
    expect(reply).toMatchObject({ status: 500, text: expect.stringContaining('spring, flat') })
  })

  it('has a configurable status for a rejected training', async () => {
    aitems.settings.refusalStatus = 409
    aitems.settings.errorShape = 'gateway'
    const reply = await aitems.train(await aitems.createService())
    expect(reply).toMatchObject({ status: 409, json: { error: { errorCode: '100' } } })
  })

  it('has HTTP 200 and the configured shape for an error_body fault', async () => {
    aitems.sandbox.faults.add({ kind: 'error_body', operation: 'services.train' })
    expect(await aitems.train(await aitems.createLearnable())).toMatchObject({ status: 200, json: { status: 500 } })
  })
})

it('createStatus sets the status of creates to 200', async () => {
  aitems.settings.createStatus = 200
  expect((await aitems.call('POST', '/services', serviceExample)).status).toBe(200)
  expect((await aitems.call('POST', '/datasets', datasetExample)).status).toBe(200)
})

it('olderForm selects the older response format', async () => {
  aitems.settings.olderForm = true
  const id = await aitems.createLearnable()
  expect(await aitems.service(id)).not.toHaveProperty('type')
  expect(Object.keys((await aitems.call('GET', '/services')).json)).toEqual(['services'])
  const { json } = await aitems.call('GET', `/datasets/${aitems.account.userDatasetId}`)
  expect(json).toMatchObject({ connectedService: [{ serviceId: id }] })
  expect(json).not.toHaveProperty('connectedServices')
})

it('numericRowCounts returns row counts as numbers', async () => {
  aitems.settings.numericRowCounts = true
  const id = await aitems.createLearnable()
  await aitems.train(id)
  aitems.time.ms += 550
  expect(await aitems.service(id)).toMatchObject({ infers: [{ rowCount: expect.any(Number) }] })
})

it('requestLearningMs 0 returns `learning` for a training', async () => {
  aitems.settings.requestLearningMs = 0
  const { json } = await aitems.train(await aitems.createLearnable())
  expect(json.status).toBe('learning')
})

it('trainsAppearAtEnd hides trains until they end', async () => {
  aitems.settings.trainsAppearAtEnd = true
  const id = await aitems.createLearnable()
  await aitems.train(id)
  aitems.time.ms += 549
  expect(await aitems.trains(id)).toEqual([])
  aitems.time.ms += 1
  expect(await aitems.trains(id)).toHaveLength(1)
})

it('sharedVersions assigns one version to the trains of a request', async () => {
  aitems.settings.sharedVersions = true
  const id = await aitems.createLearnable()
  await aitems.train(id, { types: ['pop', 'relatedItem'] })
  const [pop, related] = await aitems.trains(id)
  expect(pop.version).toBe(related.version)
  const read = await aitems.call('GET', `/services/${id}/trains/relatedItem/versions/${pop.version}`)
  expect(read.json).toEqual(related)
})

it('failedWord sets the status of failed trains', async () => {
  aitems.settings.failedWord = 'learningError'
  const id = await aitems.createLearnable()
  await aitems.train(id, { description: 'exit 1' })
  aitems.time.ms += 550
  expect(await aitems.trains(id)).toMatchObject([{ status: 'learningError', inference: false }])
})

it('bindingMs delays the binding of datasets', async () => {
  aitems.settings.bindingMs = 100
  const id = await aitems.createService()
  expect((await aitems.bind(id)).json.status).toBe('datasetRequired')
  aitems.time.ms += 100
  expect(await aitems.service(id)).toMatchObject({ status: 'learnable' })
})

it('newestFirst and listLagMs sort and delay lists', async () => {
  aitems.settings.newestFirst = true
  aitems.settings.listLagMs = 1000
  const names = async () =>
    (await aitems.call('GET', '/services')).json.services.map(({ name }: { name: string }) => name)
  await aitems.createService({ name: 'first' })
  const id = await aitems.createService({ name: 'second' })
  expect(await names()).toEqual([])
  expect(await aitems.service(id)).toMatchObject({ name: 'second' })
  aitems.time.ms += 1000
  expect(await names()).toEqual(['second', 'first'])
})

it('keepsDeleted returns deleted services on reads, not in lists', async () => {
  aitems.settings.keepsDeleted = true
  const id = await aitems.createLearnable()
  await aitems.call('DELETE', `/services/${id}`)
  aitems.time.ms += 150
  expect(await aitems.service(id)).toMatchObject({ status: 'deleted' })
  expect((await aitems.call('GET', '/services')).json.services).toEqual([])
  expect((await aitems.train(id)).status).toBe(400)
})

describe('AiTEMS sandbox strict setting', () => {
  it('refuseUnknownFields rejects unknown fields, except options of hpConfig', async () => {
    aitems.settings.refuseUnknownFields = true
    expect((await aitems.call('POST', '/services', { ...serviceExample, color: 'red' })).status).toBe(400)
    const id = await aitems.createLearnable()
    expect((await aitems.train(id, { hpConfig: { is_enabled: true, remove_something: true } })).status).toBe(200)
  })

  it('requireContentType requires a content type', async () => {
    const create = () =>
      send(aitems.caller, 'POST', '/api/v1/services', { body: serviceExample, headers: { 'content-type': '' } })
    expect((await create()).status).toBe(201)
    aitems.settings.requireContentType = true
    expect((await create()).status).toBe(400)
  })

  it('refuseRename and refuseTakenNames reject renames and duplicate names', async () => {
    const id = await aitems.createService()
    aitems.settings.refuseRename = true
    expect((await aitems.call('PUT', `/services/${id}`, { name: 'renamed' })).status).toBe(400)
    expect((await aitems.call('PUT', `/services/${id}`, { name: 'service' })).status).toBe(200)
    expect((await aitems.call('POST', '/services', serviceExample)).status).toBe(201)
    aitems.settings.refuseTakenNames = true
    expect((await aitems.call('POST', '/services', serviceExample)).status).toBe(400)
  })

  it('refuseUnknownSchemas rejects unknown and mismatched schemas', async () => {
    const unknown = { ...datasetExample, schemaName: 'nowhere' }
    expect((await aitems.call('POST', '/datasets', unknown)).status).toBe(201)
    aitems.settings.refuseUnknownSchemas = true
    expect((await aitems.call('POST', '/datasets', unknown)).status).toBe(400)
    expect((await aitems.call('POST', '/datasets', { ...datasetExample, schemaName: 'ready-item' })).status).toBe(400)
  })

  it('refuseDeleteOfConnected and refuseDeleteWhileLearning protect objects in use', async () => {
    aitems.settings.refuseDeleteOfConnected = true
    aitems.settings.refuseDeleteWhileLearning = true
    const id = await aitems.createLearnable()
    expect((await aitems.call('DELETE', `/datasets/${aitems.account.userDatasetId}`)).status).toBe(400)
    expect((await aitems.call('DELETE', '/schemas/ready-user')).status).toBe(400)
    await aitems.train(id)
    expect((await aitems.call('DELETE', `/services/${id}`)).status).toBe(400)
    aitems.time.ms += 550
    expect((await aitems.call('DELETE', `/services/${id}`)).status).toBe(200)
  })

  it('maxLimit limits the page size of lists', async () => {
    expect((await aitems.call('GET', '/services?limit=1001')).status).toBe(200)
    aitems.settings.maxLimit = 1000
    expect((await aitems.call('GET', '/services?limit=1001')).status).toBe(400)
  })
})
