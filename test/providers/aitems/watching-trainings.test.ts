import { describe, expect, it } from 'vitest'
import type { Observation } from '../../../src/providers/observation.ts'
import type { Json } from '../../../src/vocabulary/json.ts'
import { maxCpuMs } from '../../support/cpu-time.ts'
import { withPayload } from '../../support/observation-payloads.ts'
import { failureOf, route, service, signal, train, useConnection } from './connection.ts'

const aitems = useConnection()
const id = 'fboyb1a2b3c'

const stubService = (more: Record<string, Json> = {}) =>
  aitems.stub.once(route(`GET /services/${id}`), { body: service({ status: 'learning', ...more }) })
const stubTrains = (...trains: Json[]) => aitems.stub.once(route(`GET /services/${id}/trains`), { body: { trains } })
const stubTrain = (one: Json & { type?: Json; version?: Json }) =>
  aitems.stub.once(route(`GET /services/${id}/trains/${one.type}/versions/${one.version}`), { body: one })

describe('AiTEMS training observation', () => {
  const get = async (one: Record<string, Json>, ofService: Record<string, Json> = {}) => {
    stubService(ofService)
    stubTrain(train('pop', 'v1', one))
    return aitems.job.get(`${id}/pop:v1`, signal)
  }

  it.each([
    ['ready', 'pending'],
    ['requesting', 'pending'],
    ['waiting', 'pending'],
    ['learning', 'running'],
    ['stopping', 'running'],
    ['completed', 'succeeded'],
    ['requestFailed', 'failed'],
    ['refinedFailed', 'failed'],
    ['learningFailed', 'failed'],
  ])('maps %s to %s', async (state, status) => {
    expect(aitems.job.states[state]).toBe(status)
    expect(await get({ status: state })).toMatchObject({ remoteId: `${id}/pop:v1`, status, rawState: state })
  })

  it.each([
    ['upload_error', 'learning', 'failed'],
    ['requestLearning', 'learnable', 'running'],
    ['processing', 'learning', 'running'],
    ['polishing', 'learning', null],
    ['polishing', 'hibernating', null],
    ['polishing', 'learnable', 'unknown'],
    ['constructor', 'learning', null],
  ])('maps the undocumented state %s in a service that is %s to %s', async (state, ofService, status) => {
    expect(await get({ status: state }, { status: ofService })).toMatchObject({ status, rawState: state })
  })

  it('has an unreported outcome if it is ready in an idle service', async () => {
    expect(await get({ status: 'ready' }, { status: 'learnable' })).toMatchObject({
      status: 'unknown',
      reason: 'outcome_not_reported',
      rawState: 'ready (service learnable)',
    })
  })

  it('contains times in the zone of the connection, results, row counts and the raw payload', async () => {
    const infers = [
      { dataType: 'pop', trainVersion: 'v1', status: 'enable', rowCount: '1200' },
      { dataType: 'relatedItem', trainVersion: 'v1', status: 'enable', rowCount: 7 },
    ]
    const seen = await get({ status: 'completed', inference: true }, { status: 'learnable', infers })
    expect(withPayload(seen)).toMatchObject({
      status: 'succeeded',
      startedAt: new Date('2023-11-14T22:14:00.000Z'),
      correlationTag: 'k7m2n9qd4x',
      result: { trainings: [{ type: 'pop', version: 'v1', status: 'completed', inference: true, rowCount: 1200 }] },
      payload: { trains: [{ createdDate: '2023-11-15T07:14:00.000' }] },
    })
  })

  it('accepts a numeric row count and missing row counts', async () => {
    const infers = [{ trainVersion: 'v1', rowCount: 15 }]
    expect(await get({ status: 'completed' }, { infers })).toMatchObject({ result: { trainings: [{ rowCount: 15 }] } })
    const seen = (await get({ status: 'completed' }, { infers: null })) as Observation<'job'>
    expect(seen.result).toEqual({
      trainings: [{ type: 'pop', version: 'v1', status: 'completed', inference: false }],
    })
  })

  it('has no start time while it waits', async () => {
    expect(await get({ status: 'waiting' })).not.toHaveProperty('startedAt')
  })

  it('accepts missing fields', async () => {
    stubService()
    aitems.stub.once(route(`GET /services/${id}/trains/pop/versions/v1`), { body: {} })
    expect(await aitems.job.get(`${id}/pop:v1`, signal)).toMatchObject({ status: null, rawState: '(none)' })
  })

  it.each([
    ['completed', 'learningFailed', 'failed', 'partially_succeeded'],
    ['requestFailed', 'learningFailed', 'failed', undefined],
    ['completed', 'learning', 'running', undefined],
    ['completed', 'waiting', 'running', undefined],
    ['waiting', 'ready', 'pending', undefined],
    ['completed', 'completed', 'succeeded', undefined],
    ['completed', 'polishing', null, undefined],
    ['learning', 'polishing', 'running', undefined],
  ])('combines two types, %s and %s, into %s', async (one, other, status, reason) => {
    stubService()
    stubTrain(train('relatedItem', 'v2', { status: other }))
    stubTrain(train('pop', 'v1', { status: one }))
    const seen = (await aitems.job.get(`${id}/relatedItem:v2,pop:v1`, signal)) as Observation<'job'>
    expect([seen.status, seen.reason]).toEqual([status, reason])
    expect(seen.tasks).toHaveLength(2)
  })

  it('contains the failure in its message', async () => {
    expect(await get({ status: 'refinedFailed' })).toMatchObject({
      message: 'pop: refinedFailed (the data could not be refined)',
    })
  })

  it('adds a missing type by correlation tag without changing the remote id', async () => {
    stubService()
    stubTrain(train('pop', 'v1', { status: 'completed' }))
    stubTrains(train('relatedItem', 'v8', { description: '[sy:aaaaaaaaaa]' }), train('relatedItem', 'v9'))
    expect(await aitems.job.get(`${id}/relatedItem:,pop:v1`, signal)).toMatchObject({
      remoteId: `${id}/relatedItem:,pop:v1`,
      status: 'running',
      tasks: [{ name: 'relatedItem', remoteId: 'v9', status: 'running' }, { status: 'succeeded' }],
    })
  })

  it('is gone with its service or all its trains, but not with one of them', async () => {
    const remoteId = `${id}/relatedItem:v2,pop:v1`
    const stubMissingTrain = (one: string) =>
      aitems.stub.once(route(`GET /services/${id}/trains/${one}`), { status: 404, body: {} })
    aitems.stub.once(route(`GET /services/${id}`), { status: 404, body: {} })
    expect(await aitems.job.get(remoteId, signal)).toBe('gone')
    stubService()
    stubMissingTrain('pop/versions/v1')
    stubMissingTrain('relatedItem/versions/v2')
    expect(await aitems.job.get(remoteId, signal)).toBe('gone')
    stubService()
    stubMissingTrain('relatedItem/versions/v2')
    stubTrain(train('pop', 'v1', { status: 'completed' }))
    expect(await aitems.job.get(remoteId, signal)).toMatchObject({ status: 'unknown', reason: 'outcome_not_reported' })
  })

  it.each(['', id, `${id}/`, `${id}/pop`, `${id}/pop:v1,`, `/pop:v1`, `${id}/pop:%E0%A4%A`, 'a/b/pop:v1'])(
    'rejects the remote id "%s"',
    async (remoteId) => {
      expect(await failureOf(aitems.job.get(remoteId, signal))).toMatchObject({ code: 'invalid_request' })
    },
  )

  it('supports neither cancel nor logs', () => {
    expect(aitems.job.controls).toEqual({})
    expect(aitems.job.logs).toBeUndefined()
    expect(aitems.job.traits.exclusiveEnvironment).toBe(true)
    expect(aitems.job.environment).toBe('required')
  })
})

describe('AiTEMS training list', () => {
  it('scans the services of watched jobs, including other trains with correlation tags', async () => {
    stubService()
    stubTrains(
      train('pop', 'v1', { status: 'completed' }),
      train('relatedItem', 'v2'),
      train('pop', 'v5', { description: '[sy:aaaaaaaaaa]' }),
      train('relatedItem', 'v6', { description: '[sy:aaaaaaaaaa]' }),
      train('pop', 'v7', { description: 'theirs' }),
    )
    aitems.stub.once(route('GET /services/gone0000000'), { status: 404, body: {} })
    const watched = [`${id}/relatedItem:v2,pop:v1`, 'gone0000000/pop:v1', `${id}/pop:v99`]
    const { seen, next } = await aitems.job.list({ cursor: null, watched }, signal)
    expect(seen.map(({ remoteId, correlationTag, status }) => [remoteId, correlationTag, status])).toEqual([
      [`${id}/relatedItem:v2,pop:v1`, 'k7m2n9qd4x', 'running'],
      [`${id}/relatedItem:v6,pop:v5`, 'aaaaaaaaaa', 'running'],
    ])
    expect(next).toBeNull()
  })

  it('returns the same observation as a read', async () => {
    const one = train('pop', 'v1', { status: 'completed', inference: true })
    stubService()
    stubTrains(one)
    stubService()
    stubTrain(one)
    const remoteId = `${id}/pop:v1`
    const { seen } = await aitems.job.list({ cursor: null, watched: [remoteId] }, signal)
    expect(seen.map(withPayload)).toEqual([withPayload(await aitems.job.get(remoteId, signal))])
  })

  it('needs linear CPU time for many trains with separate correlation tags', async () => {
    const many = Array.from({ length: 8000 }, (_, index) => ({
      ...{ type: 'pop', version: `v${index}`, status: 'ready' },
      description: `[sy:${String(index).padStart(10, 'a')}]`,
    }))
    stubService()
    stubTrains(...many)
    aitems.stub.once(route(`GET /services/${id}/trains?offset=8000&limit=1000`), { body: { trains: [] } })
    const before = process.cpuUsage()
    const { seen } = await aitems.job.list({ cursor: null, watched: [`${id}/pop:v1`] }, signal)
    const { user, system } = process.cpuUsage(before)
    expect(seen).toHaveLength(8000)
    expect((user + system) / 1000).toBeLessThan(maxCpuMs)
  })

  it('ignores an invalid remote id', async () => {
    stubService()
    stubTrains(train('pop', 'v1'))
    const watched = ['../x/pop:v1', 'no id', `${id}/pop:v1`]
    const { seen } = await aitems.job.list({ cursor: null, watched }, signal)
    expect(seen.map(({ remoteId }) => remoteId)).toEqual([`${id}/pop:v1`])
  })

  it('reads eight services per page', async () => {
    const ids = Array.from({ length: 9 }, (_, index) => `s${index}`)
    for (const each of ids) {
      aitems.stub.once(route(`GET /services/${each}`), { body: service({ serviceId: each, status: 'learning' }) })
      aitems.stub.once(route(`GET /services/${each}/trains`), { body: { trains: [train('pop', 'v1')] } })
    }
    const watched = ids.map((each) => `${each}/pop:v1`).reverse()
    const first = await aitems.job.list({ cursor: null, watched }, signal)
    expect([first.seen.length, first.next]).toEqual([8, 's7'])
    const second = await aitems.job.list({ cursor: first.next, watched }, signal)
    expect([second.seen.map(({ remoteId }) => remoteId), second.next]).toEqual([['s8/pop:v1'], null])
  })

  it('makes no call if nothing is watched', async () => {
    expect(await aitems.job.list({ cursor: null, watched: [] }, signal)).toEqual({ seen: [], next: null })
  })
})

describe('AiTEMS connection in another time zone', () => {
  const otherZone = useConnection({ timezoneOffset: '+00:00' })

  it('converts times from that zone', async () => {
    otherZone.stub.once(route(`GET /services/${id}`), { body: service({ status: 'learning' }) })
    otherZone.stub.once(route(`GET /services/${id}/trains/pop/versions/v1`), { body: train('pop', 'v1') })
    expect(await otherZone.job.get(`${id}/pop:v1`, signal)).toMatchObject({
      startedAt: new Date('2023-11-15T07:14:00.000Z'),
    })
  })
})
