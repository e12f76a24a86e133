import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { startAitems, trainExample } from './aitems-sandbox.ts'

const aitems = forEachTest(startAitems, ({ sandbox }) => sandbox.close())

const allTypes = ['personalRecommend', 'relatedItem', 'pop']

describe('AiTEMS sandbox training', () => {
  it('changes the service to requestLearning, learning and back to learnable', async () => {
    const id = await aitems.createLearnable()
    const { status, json } = await aitems.train(id)
    expect({ status, is: json.status, serviceId: json.serviceId }).toEqual({
      status: 200,
      is: 'requestLearning',
      serviceId: id,
    })
    const seen: string[] = []
    for (const passMs of [149, 1, 399, 1]) {
      aitems.time.ms += passMs
      const [{ status: train }] = await aitems.trains(id)
      seen.push(`${(await aitems.service(id)).status}/${train}`)
    }
    expect(seen).toEqual([
      'requestLearning/requestLearning',
      'learning/learning',
      'learning/learning',
      'learnable/completed',
    ])
  })

  it('creates a completed train and a result for each type', async () => {
    const id = await aitems.createLearnable()
    await aitems.train(id, { types: allTypes })
    expect(await aitems.service(id)).toMatchObject({ infers: [] })
    aitems.time.ms += 550
    const trains = await aitems.trains(id)
    expect(trains.map(({ type }: { type: string }) => type)).toEqual(allTypes)
    expect(trains[0]).toEqual({
      serviceId: id,
      type: 'personalRecommend',
      hpConfig: { is_enabled: false },
      version: expect.stringMatching(/^[a-z0-9]{11}$/),
      description: 'first',
      status: 'completed',
      createdDate: '2026-01-05T09:00:00.000',
      inference: true,
    })
    expect(new Set(trains.map(({ version }: { version: string }) => version)).size).toBe(3)
    const { infers } = await aitems.service(id)
    expect(infers).toHaveLength(3)
    expect(infers[2]).toEqual({
      dataType: 'pop',
      trainVersion: trains[2].version,
      status: 'enable',
      rowCount: expect.stringMatching(/^\d+$/),
      createdDate: '2026-01-05T09:00:00.550',
      updatedDate: '2026-01-05T09:00:00.550',
    })
  })

  it('is read by type and version', async () => {
    const id = await aitems.createLearnable()
    await aitems.train(id)
    const [train] = await aitems.trains(id)
    const read = (type: string, version: string) =>
      aitems.call('GET', `/services/${id}/trains/${type}/versions/${version}`)
    expect((await read('personalRecommend', train.version)).json).toEqual(train)
    expect((await read('pop', train.version)).status).toBe(404)
    expect((await read('personalRecommend', 'nosuchthing')).status).toBe(404)
  })

  it('is omitted from recent trains after another one of its type', async () => {
    const id = await aitems.createLearnable()
    await aitems.train(id, { types: ['pop', 'relatedItem'] })
    aitems.time.ms += 550
    await aitems.train(id, { types: ['pop'], description: 'second' })
    expect(await aitems.trains(id)).toHaveLength(3)
    expect(await aitems.trains(id, '?isRecent=false')).toHaveLength(3)
    const recent = await aitems.trains(id, '?isRecent=true')
    expect(recent).toMatchObject([
      { type: 'relatedItem', description: 'first' },
      { type: 'pop', description: 'second' },
    ])
    const page = await aitems.call('GET', `/services/${id}/trains?offset=2&limit=5`)
    expect(page.json).toMatchObject({ trains: [{ description: 'second' }], offset: 2, limit: 5 })
    expect((await aitems.call('GET', `/services/${id}/trains?isRecent=maybe`)).status).toBe(400)
  })

  it('is rejected without a train while another one runs', async () => {
    const id = await aitems.createLearnable()
    await aitems.train(id)
    for (const passMs of [0, 200]) {
      aitems.time.ms += passMs
      const rejected = await aitems.train(id)
      expect(rejected).toMatchObject({ status: 400, json: { message: expect.stringContaining('earning') } })
    }
    expect(await aitems.trains(id)).toHaveLength(1)
  })

  it('is rejected without datasets and on an interval service', async () => {
    expect((await aitems.train(await aitems.createService())).status).toBe(400)
    expect((await aitems.train(await aitems.createLearnable({ name: 'planned', type: 'interval' }))).status).toBe(400)
  })

  it.each([
    [{ types: undefined }, 'types'],
    [{ types: [] }, 'types'],
    [{ types: ['popular'] }, 'types[0]'],
    [{ types: 'pop' }, 'types'],
    [{ hpConfig: undefined }, 'hpConfig'],
    [{ hpConfig: {} }, 'hpConfig.is_enabled'],
    [{ hpConfig: { is_enabled: 'true' } }, 'hpConfig.is_enabled'],
    [{ hpConfig: { is_enabled: true, item_top_n: 999 } }, 'hpConfig.item_top_n'],
    [{ hpConfig: { is_enabled: true, session_max_timestamp: 86_401 } }, 'hpConfig.session_max_timestamp'],
    [{ hpConfig: { is_enabled: true, min_session_length: 1 } }, 'hpConfig.min_session_length'],
    [{ hpConfig: { is_enabled: true, group_column: 'AGE' } }, 'hpConfig.group_column'],
  ])('rejects %j', async (change, field) => {
    const id = await aitems.createLearnable()
    const reply = await aitems.train(id, change)
    expect(reply.status).toBe(400)
    expect(reply.json.message.split(' ')[0]).toBe(field)
    expect(await aitems.service(id)).toMatchObject({ status: 'learnable' })
  })

  it('adds the defaults of an enabled hpConfig and ignores a disabled one', async () => {
    const id = await aitems.createLearnable()
    const { json } = await aitems.train(id, { hpConfig: { is_enabled: true, min_item_cut: 7 } })
    const hpConfig = {
      is_enabled: true,
      session_max_timestamp: 1800,
      item_top_n: 20_000,
      min_item_cut: 7,
      min_session_length: 2,
      max_user_recommend_top: 100,
      max_relate_recommend_top: 100,
      group_column: [],
    }
    expect(json.hpConfig).toEqual(hpConfig)
    expect(await aitems.trains(id)).toMatchObject([{ hpConfig }])
    aitems.time.ms += 550
    const disabled = await aitems.train(id, { hpConfig: { is_enabled: false, min_item_cut: 0 } })
    expect(disabled.json.hpConfig).toEqual({ is_enabled: false })
  })
})

describe('AiTEMS sandbox training description', () => {
  it('fails every type for a non-zero exit, and the service is learnable again', async () => {
    const id = await aitems.createLearnable()
    await aitems.train(id, { types: allTypes, description: 'exit 3' })
    aitems.time.ms += 550
    expect(await aitems.service(id)).toMatchObject({ status: 'learnable', infers: [] })
    for (const train of await aitems.trains(id)) expect(train).toMatchObject({ status: 'failed', inference: false })
    expect((await aitems.train(id)).status).toBe(200)
  })

  it('fails the types that it lists', async () => {
    const id = await aitems.createLearnable()
    await aitems.train(id, { types: allTypes, description: 'fail pop, exit 0' })
    aitems.time.ms += 550
    expect(await aitems.trains(id)).toMatchObject([
      { status: 'completed' },
      { status: 'completed' },
      { status: 'failed' },
    ])
    expect((await aitems.service(id)).infers).toHaveLength(2)
  })

  it('sets the duration in seconds', async () => {
    const id = await aitems.createLearnable()
    await aitems.train(id, { description: 'sleep 60' })
    aitems.time.ms += 60_149
    expect(await aitems.service(id)).toMatchObject({ status: 'learning' })
    aitems.time.ms += 1
    expect(await aitems.service(id)).toMatchObject({ status: 'learnable' })
  })
})

describe('AiTEMS sandbox lookup', () => {
  it('returns the same items for the same target once there is a result', async () => {
    const id = await aitems.createLearnable()
    await aitems.train(id, { types: ['relatedItem'], hpConfig: { is_enabled: true, max_relate_recommend_top: 4 } })
    const lookup = (query: string) => aitems.call('GET', `/services/${id}/infers/lookup?${query}`)
    expect((await lookup('type=relatedItem&targetId=item%201')).status).toBe(404)
    aitems.time.ms += 550
    const found = await lookup('type=relatedItem&targetId=item%201')
    expect(found.json).toEqual({ field: 'ITEM_ID', values: expect.any(Array) })
    expect(found.json.values).toHaveLength(4)
    expect((await lookup('type=relatedItem&targetId=item%201')).json).toEqual(found.json)
    expect((await lookup('type=relatedItem&targetId=another')).json).not.toEqual(found.json)
    expect((await lookup('type=pop&targetId=x')).status).toBe(404)
    expect((await lookup('type=relatedItem')).status).toBe(400)
    expect((await lookup('type=nothing&targetId=x')).status).toBe(400)
  })
})

describe('AiTEMS sandbox interval service', () => {
  const rows = [{ USER_ID: 'u1', ITEM_ID: 'i1', TIMESTAMP: 1_767_571_200_000, EVENT_TYPE: 'click' }]
  const createScheduled = async () => {
    const id = await aitems.createLearnable({ name: 'planned', type: 'interval' })
    const { status, json } = await aitems.call('PUT', `/services/${id}/interval`, { term: 'hour3' })
    return { id, status, json }
  }

  it('is scheduled by its term, learns when due, and is scheduled again', async () => {
    const { id, status, json } = await createScheduled()
    expect(status).toBe(200)
    expect(json).toMatchObject({
      status: 'scheduled',
      type: 'interval',
      learningInterval: 'hour3',
      scheduledDate: '2026-01-05T12:00:00.000',
    })
    expect((await aitems.bind(id)).status).toBe(400)
    aitems.sandbox.world.advance(3 * 3_600_000 - 1)
    expect(await aitems.trains(id)).toEqual([])
    aitems.sandbox.world.advance(1)
    expect(await aitems.trains(id)).toMatchObject(allTypes.map((type) => ({ type, status: 'learning' })))
    expect(await aitems.service(id)).toMatchObject({ status: 'scheduledLearning' })
    aitems.sandbox.world.advance(400)
    expect(await aitems.service(id)).toMatchObject({
      status: 'scheduled',
      scheduledDate: '2026-01-05T15:00:00.400',
      infers: [{}, {}, {}],
    })
  })

  it('runs only the latest of several missed trainings', async () => {
    const { id } = await createScheduled()
    aitems.sandbox.world.advance(10 * 24 * 3_600_000)
    expect(await aitems.trains(id)).toHaveLength(3)
    const { scheduledDate } = await aitems.service(id)
    expect(Date.parse(`${scheduledDate}+09:00`)).toBeGreaterThan(aitems.sandbox.world.now())
  })

  it('is scheduled once datasets are bound after its term was set', async () => {
    const id = await aitems.createService({ name: 'planned', type: 'interval' })
    const { json } = await aitems.call('PUT', `/services/${id}/interval`, { term: 'hour1' })
    expect(json).toMatchObject({ status: 'datasetRequired', learningInterval: 'hour1', scheduledDate: null })
    expect((await aitems.bind(id)).json).toMatchObject({
      status: 'scheduled',
      scheduledDate: '2026-01-05T10:00:00.000',
    })
  })

  it('accepts only four terms, and a batch service none', async () => {
    const { id } = await createScheduled()
    expect((await aitems.call('PUT', `/services/${id}/interval`, { term: 'hour2' })).status).toBe(400)
    const batch = await aitems.createLearnable()
    expect((await aitems.call('PUT', `/services/${batch}/interval`, { term: 'hour1' })).status).toBe(400)
  })

  it('accepts rows for its datasets and returns true or an empty body', async () => {
    const { id } = await createScheduled()
    const path = `/services/${id}/datasets/${aitems.account.interactionDatasetId}`
    const reply = await aitems.call('POST', path, { type: 'interaction', value: rows })
    expect(reply).toMatchObject({ status: 200, text: 'true', type: expect.stringContaining('application/json') })
    aitems.settings.emptyUploadAnswer = true
    expect(await aitems.call('POST', path, { type: 'interaction', value: rows })).toMatchObject({
      status: 200,
      text: '',
    })
    const kept = aitems.sandbox.objects('aitems').find((object) => object.id === aitems.account.interactionDatasetId)
    expect(kept?.data).toMatchObject({ uploadedRows: 2 })
  })

  it('rejects invalid rows', async () => {
    const { id } = await createScheduled()
    const upload = (datasetId: string, body: object) =>
      aitems.call('POST', `/services/${id}/datasets/${datasetId}`, body)
    const { interactionDatasetId, userDatasetId } = aitems.account
    const missing = await upload(interactionDatasetId, {
      type: 'interaction',
      value: [{ ...rows[0], TIMESTAMP: 'now' }],
    })
    expect(missing).toMatchObject({ status: 400, json: { message: 'value[0].TIMESTAMP must be of type long' } })
    expect((await upload(interactionDatasetId, { type: 'user', value: rows })).status).toBe(400)
    expect((await upload(interactionDatasetId, { type: 'interaction' })).status).toBe(400)
    expect((await upload(userDatasetId, { type: 'user', value: [{ USER_ID: 7 }] })).status).toBe(400)
    expect((await upload('nosuchthing', { type: 'user', value: rows })).status).toBe(404)
  })

  it('rejects rows for a batch service', async () => {
    const id = await aitems.createLearnable()
    const path = `/services/${id}/datasets/${aitems.account.interactionDatasetId}`
    expect((await aitems.call('POST', path, { type: 'interaction', value: rows })).status).toBe(400)
  })
})

it('the AiTEMS sandbox can be forced to an undocumented train status', async () => {
  const id = await aitems.createLearnable()
  await aitems.train(id, trainExample)
  const [{ version }] = await aitems.trains(id)
  aitems.sandbox.force('aitems', version, { finalState: 'evaporated' })
  aitems.time.ms += 550
  expect(await aitems.trains(id)).toMatchObject([{ status: 'evaporated', inference: false }])
})
