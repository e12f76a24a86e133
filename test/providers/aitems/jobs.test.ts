import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { describe, expect, it } from 'vitest'
import type { Intent } from '../../../src/providers/intent.ts'
import type { Observation } from '../../../src/providers/observation.ts'
import type { Json } from '../../../src/vocabulary/json.ts'
import type { JobSpec } from '../../../src/vocabulary/spec.ts'
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
    correlationTag: 'k7m2n9qd4x',
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

  it('sends nothing to a service that learns automatically, nor to none', async () => {
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
  ])('the response %o is %s', async (answer, code) => {
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
  const find = async (one = intent()) => (await aitems.job.find([one], signal)).get(one.correlationTag)

  it('knows its trains by their correlation tag, one task for each type', async () => {
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
          correlationTag: 'k7m2n9qd4x',
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

  it('finds a part of it by its correlation tag; what is missing is pending while the service learns', async () => {
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

  it('takes no foreign train beside others that show correlation tags', async () => {
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
