import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { datasetExample, send, startAitems } from './aitems-sandbox.ts'

const aitems = forEachTest(startAitems, ({ sandbox }) => sandbox.close())

const readDataset = async (id: string) => (await aitems.call('GET', `/datasets/${id}`)).json
const createDataset = async (change: object = {}) =>
  (await aitems.call('POST', '/datasets', { ...datasetExample, ...change })).json.datasetId as string

describe('AiTEMS sandbox preset datasets', () => {
  it('exist separately for each account and are trainable', async () => {
    const { json } = await aitems.call('GET', '/datasets')
    expect(json.datasets).toMatchObject([
      { datasetId: aitems.account.userDatasetId, type: 'user', status: 'enable' },
      { datasetId: aitems.account.itemDatasetId, type: 'item', status: 'enable' },
      { datasetId: aitems.account.interactionDatasetId, type: 'interaction', status: 'enable' },
    ])
    const otherDatasets = await send(aitems.other, 'GET', '/api/v1/datasets')
    expect(otherDatasets.json.datasets).toHaveLength(3)
    expect(otherDatasets.json.datasets).not.toEqual(json.datasets)
    for (const id of aitems.readyIds) expect(id).toMatch(/^[a-z0-9]{11}$/)
  })

  it('are restored by a reset', async () => {
    await aitems.call('DELETE', `/datasets/${aitems.account.userDatasetId}`)
    aitems.sandbox.reset()
    expect(await readDataset(aitems.account.userDatasetId)).toMatchObject({ status: 'enable' })
  })
})

describe('AiTEMS sandbox dataset', () => {
  it('is waiting, then processing, then enabled', async () => {
    const { status, json } = await aitems.call('POST', '/datasets', datasetExample)
    expect(status).toBe(201)
    expect(json).toEqual({
      datasetId: expect.stringMatching(/^[a-z0-9]{11}$/),
      ...datasetExample,
      status: 'waiting',
      connectedServices: [],
      createdDate: '2026-01-05T09:00:00.000',
      updatedDate: '2026-01-05T09:00:00.000',
    })
    aitems.time.ms += 100
    expect(await readDataset(json.datasetId)).toMatchObject({ status: 'processing' })
    aitems.time.ms += 200
    expect(await readDataset(json.datasetId)).toMatchObject({ status: 'enable' })
  })

  it('fails for a file that is not CSV, and then cannot be bound', async () => {
    const id = await createDataset({ osInfo: { ...datasetExample.osInfo, key: 'users.parquet' } })
    aitems.time.ms += 300
    expect(await readDataset(id)).toMatchObject({ status: 'upload_failed' })
    const [, item = '', interaction = ''] = aitems.readyIds
    expect((await aitems.bind(await aitems.createService(), [id, item, interaction])).status).toBe(400)
  })

  it('keeps a service unready until its processing ends', async () => {
    const [, item = '', interaction = ''] = aitems.readyIds
    const service = await aitems.createService()
    const bound = await aitems.bind(service, [await createDataset(), item, interaction])
    expect(bound).toMatchObject({
      status: 200,
      json: { status: 'datasetRequired', datasets: [{ status: 'waiting' }, {}, {}] },
    })
    expect((await aitems.train(service)).status).toBe(400)
    aitems.time.ms += 300
    expect(await aitems.service(service)).toMatchObject({ status: 'learnable' })
    expect((await aitems.train(service)).status).toBe(200)
  })

  it.each([
    [{ type: 'users' }, 'type'],
    [{ name: '_users' }, 'name'],
    [{ name: 'us' }, 'name'],
    [{ description: undefined }, 'description'],
    [{ description: 'x'.repeat(101) }, 'description'],
    [{ schemaName: undefined }, 'schemaName'],
    [{ osInfo: { region: 'US', bucket: 'b', key: 'k.csv' } }, 'osInfo.region'],
    [{ osInfo: { region: 'KR', key: 'k.csv' } }, 'osInfo.bucket'],
  ])('rejects %j', async (change, field) => {
    const reply = await aitems.call('POST', '/datasets', { ...datasetExample, ...change })
    expect(reply).toMatchObject({ status: 400, json: { message: expect.stringContaining(`${field} `) } })
  })

  it('is replaced by POST, and its description by PUT', async () => {
    const id = await createDataset({ description: '' })
    aitems.time.ms += 300
    const described = await aitems.call('PUT', `/datasets/${id}`, { content: 'all users' })
    expect(described).toMatchObject({ status: 200, json: { description: 'all users', status: 'enable' } })
    expect((await aitems.call('PUT', `/datasets/${id}`, { description: 'all users' })).status).toBe(400)
    const { description, ...rest } = datasetExample
    const edited = await aitems.call('POST', `/datasets/${id}`, { ...rest, name: 'people' })
    expect(edited).toMatchObject({ status: 200, json: { name: 'people', description: 'all users', status: 'waiting' } })
    expect((await aitems.call('POST', `/datasets/${id}`, { name: 'people' })).status).toBe(400)
  })

  it('cannot be replaced while a service learns from it', async () => {
    await aitems.train(await aitems.createLearnable())
    const path = `/datasets/${aitems.account.userDatasetId}`
    expect((await aitems.call('POST', path, datasetExample)).status).toBe(400)
    expect((await aitems.call('PUT', path, { content: 'still allowed' })).status).toBe(200)
  })

  it('is deleted', async () => {
    const id = await createDataset()
    expect((await aitems.call('DELETE', `/datasets/${id}`)).json).toEqual({ result: 'ok' })
    expect(await readDataset(id)).toMatchObject({ status: 'deleting' })
    aitems.time.ms += 150
    expect((await aitems.call('GET', `/datasets/${id}`)).status).toBe(404)
  })
})

describe('AiTEMS sandbox schema', () => {
  const schema = {
    datasetType: 'interaction',
    name: 'clicks',
    description: 'what was clicked',
    fields: [
      { name: 'USER_ID', type: ['string'] },
      { name: 'ITEM_ID', type: ['string'] },
      { name: 'TIMESTAMP', type: ['long'] },
      { name: 'DEVICE', type: ['string', 'null'], categorical: true },
    ],
  }

  it('is created, read by name and deleted', async () => {
    const { status, json } = await aitems.call('POST', '/schemas', schema)
    expect(status).toBe(201)
    expect(json).toEqual({
      ...schema,
      fields: schema.fields.map((field) => ({ categorical: false, ...field })),
      createdDate: '2026-01-05T09:00:00.000',
    })
    expect((await aitems.call('GET', '/schemas/clicks')).json).toEqual(json)
    expect((await aitems.call('POST', '/schemas', schema)).status).toBe(400)
    expect((await aitems.call('DELETE', '/schemas/clicks')).json).toEqual({ result: 'ok' })
    expect((await aitems.call('GET', '/schemas/clicks')).status).toBe(404)
  })

  it('is listed by type', async () => {
    await aitems.call('POST', '/schemas', schema)
    const { json } = await aitems.call('GET', '/schemas?datasetType=interaction')
    expect(json).toMatchObject({ schemas: [{ name: 'ready-interaction' }, { name: 'clicks' }], offset: 0, limit: 1000 })
    expect((await aitems.call('GET', '/schemas')).json.schemas).toHaveLength(4)
    expect((await aitems.call('GET', '/schemas?datasetType=nothing')).status).toBe(400)
  })

  it('has a valid default for each type', async () => {
    for (const type of ['user', 'item', 'interaction']) {
      const { json } = await aitems.call('GET', `/schemas/default?datasetType=${type}`)
      const check = { ...json, description: '', name: 'copied' }
      expect((await aitems.call('POST', '/schemas/validation-check', check)).json).toEqual({ result: 'ok' })
    }
    expect((await aitems.call('GET', '/schemas/default')).status).toBe(400)
  })

  const [user, item, timestamp] = schema.fields
  it.each([
    [{ fields: [user, item] }, 'TIMESTAMP'],
    [{ fields: [user, item, { ...timestamp, type: ['int'] }] }, 'TIMESTAMP'],
    [{ fields: [user, timestamp] }, 'ITEM_ID'],
    [{ fields: [user, item, timestamp, user] }, 'USER_ID'],
    [{ fields: [] }, 'fields'],
    [{ fields: [{ name: 'USER_ID', type: 'string' }] }, 'fields[0].type'],
    [{ fields: [{ name: 'USER_ID', type: ['text'] }] }, 'fields[0].type[0]'],
    [{ datasetType: 'click' }, 'datasetType'],
    [{ name: '1clicks' }, 'name'],
  ])('rejects %j on validation and creation', async (change, field) => {
    for (const path of ['/schemas', '/schemas/validation-check']) {
      const reply = await aitems.call('POST', path, { ...schema, ...change })
      expect(reply).toMatchObject({ status: 400, json: { message: expect.stringContaining(field) } })
    }
  })

  it('needs a description for validation, not for creation', async () => {
    const { description, ...withoutDescription } = schema
    expect((await aitems.call('POST', '/schemas/validation-check', withoutDescription)).status).toBe(400)
    expect((await aitems.call('POST', '/schemas', withoutDescription)).status).toBe(201)
  })
})

it('the AiTEMS sandbox restores its journal after a restart, without duplicate presets', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-'))
  const journalFile = join(folder, 'journal.jsonl')
  const before = await startAitems({ journalFile })
  const id = await before.createLearnable()
  await before.train(id)
  await before.call('DELETE', '/schemas/ready-user')
  await before.sandbox.close()

  const after = await startAitems({ journalFile })
  after.time.ms += 550
  expect(await after.service(id)).toMatchObject({ status: 'learnable', infers: [{ dataType: 'personalRecommend' }] })
  expect((await after.call('GET', '/datasets')).json.datasets).toHaveLength(3)
  expect((await after.call('GET', '/schemas')).json.schemas).toHaveLength(2)
  await after.sandbox.close()
  await rm(folder, { recursive: true })
})
