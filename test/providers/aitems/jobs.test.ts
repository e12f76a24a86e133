import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { describe, expect, it } from 'vitest'
import type { Intent, Observation } from '../../../src/providers/provider.ts'
import type { Json } from '../../../src/vocabulary/json.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
import { mostCpuMs } from '../../support/cpu-time.ts'
import { shown } from '../../support/shown.ts'
import { clock, failureOf, route, sendBy, service, signal, train, useConnection } from './connection.ts'

const aitems = useConnection()
const id = 'fboyb1a2b3c'

const spec = (
  options: Record<string, unknown> = { types: ['pop'] },
  description: string | null = 'weekly',
): JobSpec => ({
  name: 'train',
  ...(description === null ? {} : { description }),
  providerOptions: { aitems: options },
})

function intent(more: Partial<Intent<'job'>> = {}): Intent<'job'> {
  return {
    mark: 'k7m2n9qd4x',
    spec: spec(),
    environmentRemoteId: id,
    before: { serviceType: 'batch', trains: [], isComplete: true },
    sendBy: sendBy(),
    firstSentAt: clock.now(),
    ...more,
  }
}

const showService = (more: Record<string, Json> = {}) =>
  aitems.stub.once(route(`GET /services/${id}`), { body: service({ status: 'learning', ...more }) })
const showTrains = (...trains: Json[]) => aitems.stub.once(route(`GET /services/${id}/trains`), { body: { trains } })
const showTrain = (one: Json & { type?: Json; version?: Json }) =>
  aitems.stub.once(route(`GET /services/${id}/trains/${one.type}/versions/${one.version}`), { body: one })

describe('asking for a training', () => {
  it('sends the documented request by POST, byte for byte; the answer tells no train', async () => {
    aitems.stub.once(route(`POST /services/${id}`), { body: service({ status: 'learning' }) })
    const both = intent({ spec: spec({ types: ['personalRecommend', 'pop'] }) })
    expect(await aitems.job.create(both, signal)).toEqual({ remoteId: null })
    expect(aitems.stub.requests[0]?.body).toBe(
      '{"types":["personalRecommend","pop"],"description":"weekly [sy:k7m2n9qd4x]","hpConfig":{"is_enabled":false}}',
    )
  })

  it('plans the very request that it sends', async () => {
    aitems.stub.once(route(`POST /services/${id}`), { status: 201, body: 'true' })
    const plan = aitems.job.plan(intent())
    await aitems.job.create(intent(), signal)
    expect(plan).toMatchObject({ method: 'POST', target: `/api/v1/services/${id}` })
    expect(JSON.stringify(plan.body)).toBe(aitems.stub.requests[0]?.body)
    expect(aitems.job.plan(intent({ environmentRemoteId: null })).target).toBe('/api/v1/services/{serviceId}')
  })

  it('enables HPO where options are given, and sends those it does not know', async () => {
    aitems.stub.once(route(`POST /services/${id}`), { body: '' })
    const hpo = { item_top_n: 1000, group_column: ['GENDER'] }
    await aitems.job.create(intent({ spec: spec({ types: ['pop'], hpo }, null) }), signal)
    expect(aitems.calls()[0]?.[1]).toEqual({
      types: ['pop'],
      description: '[sy:k7m2n9qd4x]',
      hpConfig: { is_enabled: true, item_top_n: 1000, group_column: ['GENDER'] },
    })
  })

  it('sends nothing to a service that learns by itself, nor to none', async () => {
    const before = { serviceType: 'interval', trains: [], isComplete: true }
    for (const one of [intent({ before }), intent({ environmentRemoteId: null })]) {
      expect(await failureOf(aitems.job.create(one, signal))).toMatchObject({ code: 'invalid_request', notSent: true })
    }
    expect(aitems.stub.requests).toEqual([])
  })

  it.each([
    [{ status: 400, body: { message: 'already learning' } }, 'invalid_request'],
    [{ status: 404, body: {} }, 'not_found'],
    [{ status: 404, body: { error: { errorCode: '300', message: 'x' } } }, 'unsupported'],
    [{ status: 404, body: 'nothing here' }, 'bad_response'],
    [{ status: 500, body: { error: { errorCode: '900', message: 'x' } } }, 'unavailable'],
    [{ isReset: true as const }, 'unavailable'],
  ])('answered with %o is %s', async (answer, code) => {
    aitems.stub.once(route(`POST /services/${id}`), answer)
    expect(await failureOf(aitems.job.create(intent(), signal))).toMatchObject({ code, notSent: false })
    expect(aitems.stub.requests).toHaveLength(1)
  })

  it('notes the trains of its types that were there before', async () => {
    showService({ status: 'learnable' })
    showTrains(train('pop', 'v1'), train('relatedItem', 'v2'), train('pop', 'v3'))
    expect(await aitems.job.prepare?.(spec(), id, signal)).toEqual({
      serviceType: 'batch',
      trains: ['pop/v1', 'pop/v3'],
      isComplete: true,
    })
  })

  it.each(['learning', 'requestLearning', 'scheduledLearning'])('waits while the service is %s', async (status) => {
    showService({ status })
    showTrains()
    const prepared = aitems.job.prepare?.(spec(), id, signal) ?? Promise.resolve()
    expect(await failureOf(prepared)).toMatchObject({ code: 'conflict' })
  })

  it('refuses to begin where the service is gone', async () => {
    aitems.stub.once(route(`GET /services/${id}`), { status: 404, body: {} })
    const prepared = aitems.job.prepare?.(spec(), id, signal) ?? Promise.resolve()
    expect(await failureOf(prepared)).toMatchObject({ code: 'not_found' })
  })

  it('needs types, and leaves is_enabled to Switchyard', () => {
    const pointers = (options: Record<string, unknown>) =>
      aitems.job.check?.(spec(options), null).map(({ pointer }) => pointer)
    expect(pointers({ types: ['pop'] })).toEqual([])
    expect(pointers({})).toEqual(['/providerOptions/aitems/types'])
    expect(aitems.job.check?.({ name: 'x' }, null)).toHaveLength(1)
    expect(pointers({ types: ['pop'], hpo: { is_enabled: false } })).toEqual(['/providerOptions/aitems/hpo/is_enabled'])
  })
})

describe('the options of trainings', () => {
  it.each([
    [{ types: ['pop'] }, true],
    [{ types: ['pop', 'relatedItem', 'personalRecommend'], hpo: { min_item_cut: 5, group_column: ['A'] } }, true],
    [{}, false],
    [{ types: [] }, false],
    [{ types: ['pop', 'pop'] }, false],
    [{ types: ['popular'] }, false],
    [{ types: ['pop'], hpo: { min_item_cut: 0 } }, false],
    [{ types: ['pop'], description: 'x' }, false],
  ])('%o are taken: %s', (options, isTaken) => {
    expect(Value.Check(aitems.job.options ?? Type.Object({}), options)).toBe(isTaken)
  })
})

describe('finding a training', () => {
  const find = async (one = intent()) => (await aitems.job.find([one], signal)).get(one.mark)

  it('knows its trains by their mark, one task for each type', async () => {
    showService()
    showTrains(
      train('pop', 'v0', { description: 'weekly [sy:aaaaaaaaaa]' }),
      train('relatedItem', 'v2'),
      train('pop', 'v1'),
      train('personalRecommend', 'v9', { description: 'theirs' }),
    )
    expect(await find(intent({ spec: spec({ types: ['pop', 'relatedItem'] }) }))).toMatchObject({
      found: [
        {
          remoteId: `${id}/relatedItem:v2,pop:v1`,
          mark: 'k7m2n9qd4x',
          status: 'running',
          tasks: [
            { id: 'pop', name: 'pop', remoteId: 'v1', status: 'running' },
            { id: 'relatedItem', name: 'relatedItem', remoteId: 'v2', status: 'running' },
          ],
        },
      ],
    })
  })

  it('finds two jobs where two attempts were executed', async () => {
    showService()
    const late = { createdDate: '2023-11-15T08:00:00.000' }
    showTrains(train('pop', 'v3', late), train('pop', 'v1'))
    expect(await find()).toMatchObject({ found: [{ remoteId: `${id}/pop:v1` }, { remoteId: `${id}/pop:v3` }] })
  })

  it('finds a part of it by its mark; what is missing is pending while the service learns', async () => {
    showService()
    showTrains(train('pop', 'v1'))
    expect(await find(intent({ spec: spec({ types: ['pop', 'relatedItem'] }) }))).toMatchObject({
      found: [{ remoteId: `${id}/relatedItem:,pop:v1`, tasks: [{ status: 'running' }, { status: 'pending' }] }],
    })
  })

  const bare = (type: string, version: string, more: Record<string, Json> = {}) =>
    train(type, version, { description: null, ...more })
  const before = { serviceType: 'batch', trains: ['pop/v0'], isComplete: true }

  it('takes what was not there before where descriptions are not shown', async () => {
    showService()
    showTrains(bare('pop', 'v0'), bare('pop', 'v1'), bare('relatedItem', 'v5'))
    const found = await find(intent({ before }))
    expect(found).toMatchObject({ found: [{ remoteId: `${id}/pop:v1` }] })
    expect((found as { found: readonly Observation<'job'>[] }).found[0]).not.toHaveProperty('mark')
  })

  it('takes a description that was cut for its own', async () => {
    showService()
    showTrains(train('pop', 'v1', { description: 'weekl' }), train('pop', 'v2', { description: 'monthly' }))
    expect(await find()).toMatchObject({ found: [{ remoteId: `${id}/pop:v1` }] })
  })

  it('takes no foreign train beside others that show marks', async () => {
    showService({ status: 'learnable' })
    showTrains(train('pop', 'v0', { description: '[sy:aaaaaaaaaa]' }), bare('pop', 'v1'))
    expect(await find(intent({ before }))).toEqual({ absent: true })
  })

  it('leaves it to the engine to choose where two new trains could be it', async () => {
    showService()
    showTrains(bare('pop', 'v1'), bare('pop', 'v2'))
    expect(await find(intent({ before }))).toMatchObject({ found: [{}, {}] })
  })

  it('waits for the other types where marks are not shown', async () => {
    showService()
    showTrains(bare('pop', 'v1'))
    const both = intent({ before, spec: spec({ types: ['pop', 'relatedItem'] }) })
    expect(await find(both)).toHaveProperty('inconclusive')
    showService({ status: 'learnable' })
    showTrains(bare('pop', 'v1', { status: 'completed' }))
    expect(await find(both)).toMatchObject({
      found: [
        { status: 'unknown', reason: 'outcome_not_reported', tasks: [{ status: 'succeeded' }, { status: 'unknown' }] },
      ],
    })
  })

  it('is absent only where the service is idle and shows nothing new', async () => {
    for (const status of ['learning', 'requestLearning', 'hibernating']) {
      showService({ status })
      showTrains(bare('pop', 'v0'))
      expect(await find(intent({ before }))).toHaveProperty('inconclusive')
    }
    showService({ status: 'learnable' })
    showTrains(bare('pop', 'v0'))
    expect(await find(intent({ before }))).toEqual({ absent: true })
  })

  it('cannot tell without knowing what was there before', async () => {
    for (const unknown of [null, { trains: [], isComplete: false }]) {
      showService({ status: 'learnable' })
      showTrains(bare('pop', 'v0'))
      expect(await find(intent({ before: unknown }))).toHaveProperty('inconclusive')
    }
  })

  it('asks for a second page only where the first is full', async () => {
    showService()
    aitems.stub.once(route(`GET /services/${id}/trains`), {
      body: { trains: [bare('pop', 'v0')], offset: 0, limit: 1 },
    })
    aitems.stub.once(route(`GET /services/${id}/trains?offset=1&limit=1000`), {
      body: { trains: [train('pop', 'v1')] },
    })
    expect(await find()).toMatchObject({ found: [{ remoteId: `${id}/pop:v1` }] })
  })

  it('is not absent where the list repeats itself', async () => {
    const body = { trains: [bare('pop', 'v0')], offset: 0, limit: 1 }
    showService({ status: 'learnable' })
    aitems.stub.once(route(`GET /services/${id}/trains`), { body })
    aitems.stub.once(route(`GET /services/${id}/trains?offset=1&limit=1000`), { body })
    expect(await find(intent({ before }))).toHaveProperty('inconclusive')
  })

  it('is inconclusive where the service is gone, and fails where the list is none', async () => {
    aitems.stub.once(route(`GET /services/${id}`), { status: 404, body: {} })
    expect(await find()).toHaveProperty('inconclusive')
    showService()
    aitems.stub.once(route(`GET /services/${id}/trains`), { body: {} })
    expect(await failureOf(find())).toMatchObject({ code: 'bad_response' })
  })
})

describe('what a training shows', () => {
  const get = async (one: Record<string, Json>, ofService: Record<string, Json> = {}) => {
    showService(ofService)
    showTrain(train('pop', 'v1', one))
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
  ])('%s is %s', async (state, status) => {
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
  ])('the word %s, which is not documented, in a service that is %s is %s', async (state, ofService, status) => {
    expect(await get({ status: state }, { status: ofService })).toMatchObject({ status, rawState: state })
  })

  it('that is ready in a service that is idle has ended without a verdict', async () => {
    expect(await get({ status: 'ready' }, { status: 'learnable' })).toMatchObject({
      status: 'unknown',
      reason: 'outcome_not_reported',
      rawState: 'ready (service learnable)',
    })
  })

  it('tells its times in the zone of the connection, its results and row counts, and keeps the raw words', async () => {
    const infers = [
      { dataType: 'pop', trainVersion: 'v1', status: 'enable', rowCount: '1200' },
      { dataType: 'relatedItem', trainVersion: 'v1', status: 'enable', rowCount: 7 },
    ]
    const seen = await get({ status: 'completed', inference: true }, { status: 'learnable', infers })
    expect(shown(seen)).toMatchObject({
      status: 'succeeded',
      startedAt: new Date('2023-11-14T22:14:00.000Z'),
      mark: 'k7m2n9qd4x',
      result: { trainings: [{ type: 'pop', version: 'v1', status: 'completed', inference: true, rowCount: 1200 }] },
      payload: { trains: [{ createdDate: '2023-11-15T07:14:00.000' }] },
    })
  })

  it('reads a row count that is a number, and lives without any', async () => {
    const infers = [{ trainVersion: 'v1', rowCount: 15 }]
    expect(await get({ status: 'completed' }, { infers })).toMatchObject({ result: { trainings: [{ rowCount: 15 }] } })
    const seen = (await get({ status: 'completed' }, { infers: null })) as Observation<'job'>
    expect(seen.result).toEqual({
      trainings: [{ type: 'pop', version: 'v1', status: 'completed', inference: false }],
    })
  })

  it('has not started while it waits', async () => {
    expect(await get({ status: 'waiting' })).not.toHaveProperty('startedAt')
  })

  it('is read with fields missing', async () => {
    showService()
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
  ])('of two types, %s and %s, is %s', async (one, other, status, reason) => {
    showService()
    showTrain(train('relatedItem', 'v2', { status: other }))
    showTrain(train('pop', 'v1', { status: one }))
    const seen = (await aitems.job.get(`${id}/relatedItem:v2,pop:v1`, signal)) as Observation<'job'>
    expect([seen.status, seen.reason]).toEqual([status, reason])
    expect(seen.tasks).toHaveLength(2)
  })

  it('says what failed', async () => {
    expect(await get({ status: 'refinedFailed' })).toMatchObject({
      message: 'pop: refinedFailed (the data could not be refined)',
    })
  })

  it('completes a missing type by the mark of the others, under the same id', async () => {
    showService()
    showTrain(train('pop', 'v1', { status: 'completed' }))
    showTrains(train('relatedItem', 'v8', { description: '[sy:aaaaaaaaaa]' }), train('relatedItem', 'v9'))
    expect(await aitems.job.get(`${id}/relatedItem:,pop:v1`, signal)).toMatchObject({
      remoteId: `${id}/relatedItem:,pop:v1`,
      status: 'running',
      tasks: [{ name: 'relatedItem', remoteId: 'v9', status: 'running' }, { status: 'succeeded' }],
    })
  })

  it('is gone with its service, or with all its trains, but not with one of them', async () => {
    const remoteId = `${id}/relatedItem:v2,pop:v1`
    const noTrain = (one: string) =>
      aitems.stub.once(route(`GET /services/${id}/trains/${one}`), { status: 404, body: {} })
    aitems.stub.once(route(`GET /services/${id}`), { status: 404, body: {} })
    expect(await aitems.job.get(remoteId, signal)).toBe('gone')
    showService()
    noTrain('pop/versions/v1')
    noTrain('relatedItem/versions/v2')
    expect(await aitems.job.get(remoteId, signal)).toBe('gone')
    showService()
    noTrain('relatedItem/versions/v2')
    showTrain(train('pop', 'v1', { status: 'completed' }))
    expect(await aitems.job.get(remoteId, signal)).toMatchObject({ status: 'unknown', reason: 'outcome_not_reported' })
  })

  it.each(['', id, `${id}/`, `${id}/pop`, `${id}/pop:v1,`, `/pop:v1`, `${id}/pop:%E0%A4%A`, 'a/b/pop:v1'])(
    'is not asked for under "%s"',
    async (remoteId) => {
      expect(await failureOf(aitems.job.get(remoteId, signal))).toMatchObject({ code: 'invalid_request' })
    },
  )

  it('has no cancel and no logs', () => {
    expect(aitems.job.controls).toEqual({})
    expect(aitems.job.logs).toBeUndefined()
    expect(aitems.job.traits.exclusiveEnvironment).toBe(true)
    expect(aitems.job.environment).toBe('required')
  })
})

describe('listing trainings', () => {
  it('walks the services of the watched jobs, as they show them, and others that carry a mark', async () => {
    showService()
    showTrains(
      train('pop', 'v1', { status: 'completed' }),
      train('relatedItem', 'v2'),
      train('pop', 'v5', { description: '[sy:aaaaaaaaaa]' }),
      train('relatedItem', 'v6', { description: '[sy:aaaaaaaaaa]' }),
      train('pop', 'v7', { description: 'theirs' }),
    )
    aitems.stub.once(route('GET /services/gone0000000'), { status: 404, body: {} })
    const watched = [`${id}/relatedItem:v2,pop:v1`, 'gone0000000/pop:v1', `${id}/pop:v99`]
    const { seen, next } = await aitems.job.list({ cursor: null, watched }, signal)
    expect(seen.map(({ remoteId, mark, status }) => [remoteId, mark, status])).toEqual([
      [`${id}/relatedItem:v2,pop:v1`, 'k7m2n9qd4x', 'running'],
      [`${id}/relatedItem:v6,pop:v5`, 'aaaaaaaaaa', 'running'],
    ])
    expect(next).toBeNull()
  })

  it('shows the same of a job as looking at it alone', async () => {
    const one = train('pop', 'v1', { status: 'completed', inference: true })
    showService()
    showTrains(one)
    showService()
    showTrain(one)
    const remoteId = `${id}/pop:v1`
    const { seen } = await aitems.job.list({ cursor: null, watched: [remoteId] }, signal)
    expect(seen.map(shown)).toEqual([shown(await aitems.job.get(remoteId, signal))])
  })

  it('takes no longer than there are trains, each with a mark of its own', async () => {
    const many = Array.from({ length: 8000 }, (_, index) => ({
      ...{ type: 'pop', version: `v${index}`, status: 'ready' },
      description: `[sy:${String(index).padStart(10, 'a')}]`,
    }))
    showService()
    showTrains(...many)
    aitems.stub.once(route(`GET /services/${id}/trains?offset=8000&limit=1000`), { body: { trains: [] } })
    const before = process.cpuUsage()
    const { seen } = await aitems.job.list({ cursor: null, watched: [`${id}/pop:v1`] }, signal)
    const { user, system } = process.cpuUsage(before)
    expect(seen).toHaveLength(8000)
    expect((user + system) / 1000).toBeLessThan(mostCpuMs)
  }, 60_000)

  it('is not kept from the others by an id that is none', async () => {
    showService()
    showTrains(train('pop', 'v1'))
    const watched = ['../x/pop:v1', 'no id', `${id}/pop:v1`]
    const { seen } = await aitems.job.list({ cursor: null, watched }, signal)
    expect(seen.map(({ remoteId }) => remoteId)).toEqual([`${id}/pop:v1`])
  })

  it('reads eight services on a page', async () => {
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

  it('makes no call where nothing is watched', async () => {
    expect(await aitems.job.list({ cursor: null, watched: [] }, signal)).toEqual({ seen: [], next: null })
  })
})

describe('a connection in another zone', () => {
  const elsewhere = useConnection({ timezoneOffset: '+00:00' })

  it('reads times in it', async () => {
    elsewhere.stub.once(route(`GET /services/${id}`), { body: service({ status: 'learning' }) })
    elsewhere.stub.once(route(`GET /services/${id}/trains/pop/versions/v1`), { body: train('pop', 'v1') })
    expect(await elsewhere.job.get(`${id}/pop:v1`, signal)).toMatchObject({
      startedAt: new Date('2023-11-15T07:14:00.000Z'),
    })
  })
})
