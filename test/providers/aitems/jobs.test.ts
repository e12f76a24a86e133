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

const stubService = (more: Record<string, Json> = {}) =>
  aitems.stub.once(route(`GET /services/${id}`), { body: service({ status: 'learning', ...more }) })
const stubTrains = (...trains: Json[]) => aitems.stub.once(route(`GET /services/${id}/trains`), { body: { trains } })

describe('AiTEMS training create', () => {
  it('sends the documented request byte for byte and returns no remote id', async () => {
    aitems.stub.once(route(`POST /services/${id}`), { body: service({ status: 'learning' }) })
    const both = intent({ spec: spec({ types: ['personalRecommend', 'pop'] }) })
    expect(await aitems.job.create(both, signal)).toEqual({ remoteId: null })
    expect(aitems.stub.requests[0]?.body).toBe(
      '{"types":["personalRecommend","pop"],"description":"weekly [sy:k7m2n9qd4x]","hpConfig":{"is_enabled":false}}',
    )
  })

  it('sends exactly the planned request', async () => {
    aitems.stub.once(route(`POST /services/${id}`), { status: 201, body: 'true' })
    const plan = aitems.job.plan(intent())
    await aitems.job.create(intent(), signal)
    expect(plan).toMatchObject({ method: 'POST', target: `/api/v1/services/${id}` })
    expect(JSON.stringify(plan.body)).toBe(aitems.stub.requests[0]?.body)
    expect(aitems.job.plan(intent({ environmentRemoteId: null })).target).toBe('/api/v1/services/{serviceId}')
  })

  it('enables HPO if options are given, including unknown ones', async () => {
    aitems.stub.once(route(`POST /services/${id}`), { body: '' })
    const hpo = { item_top_n: 1000, group_column: ['GENDER'] }
    await aitems.job.create(intent({ spec: spec({ types: ['pop'], hpo }, null) }), signal)
    expect(aitems.calls()[0]?.[1]).toEqual({
      types: ['pop'],
      description: '[sy:k7m2n9qd4x]',
      hpConfig: { is_enabled: true, item_top_n: 1000, group_column: ['GENDER'] },
    })
  })

  it('sends nothing to a service with automatic training, or without a service', async () => {
    const before = { serviceType: 'interval', trains: [], isComplete: true }
    for (const candidateIntent of [intent({ before }), intent({ environmentRemoteId: null })]) {
      expect(await failureOf(aitems.job.create(candidateIntent, signal))).toMatchObject({
        code: 'invalid_request',
        notSent: true,
      })
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
  ])('maps the response %o to %s', async (response, code) => {
    aitems.stub.once(route(`POST /services/${id}`), response)
    expect(await failureOf(aitems.job.create(intent(), signal))).toMatchObject({ code, notSent: false })
    expect(aitems.stub.requests).toHaveLength(1)
  })

  it('records the existing trains of its types before the create', async () => {
    stubService({ status: 'learnable' })
    stubTrains(train('pop', 'v1'), train('relatedItem', 'v2'), train('pop', 'v3'))
    expect(await aitems.job.prepare?.(spec(), id, signal)).toEqual({
      serviceType: 'batch',
      trains: ['pop/v1', 'pop/v3'],
      isComplete: true,
    })
  })

  it.each(['learning', 'requestLearning', 'scheduledLearning'])(
    'fails the preparation with conflict while the service is %s',
    async (status) => {
      stubService({ status })
      stubTrains()
      const prepared = aitems.job.prepare?.(spec(), id, signal) ?? Promise.resolve()
      expect(await failureOf(prepared)).toMatchObject({ code: 'conflict' })
    },
  )

  it('fails before the create if the service is gone', async () => {
    aitems.stub.once(route(`GET /services/${id}`), { status: 404, body: {} })
    const prepared = aitems.job.prepare?.(spec(), id, signal) ?? Promise.resolve()
    expect(await failureOf(prepared)).toMatchObject({ code: 'not_found' })
  })

  it('requires types and rejects is_enabled', () => {
    const pointers = (options: Record<string, unknown>) =>
      aitems.job.check?.(spec(options), null).map(({ pointer }) => pointer)
    expect(pointers({ types: ['pop'] })).toEqual([])
    expect(pointers({})).toEqual(['/providerOptions/aitems/types'])
    expect(aitems.job.check?.({ name: 'x' }, null)).toHaveLength(1)
    expect(pointers({ types: ['pop'], hpo: { is_enabled: false } })).toEqual(['/providerOptions/aitems/hpo/is_enabled'])
  })
})

describe('AiTEMS training options', () => {
  it.each([
    [{ types: ['pop'] }, true],
    [{ types: ['pop', 'relatedItem', 'personalRecommend'], hpo: { min_item_cut: 5, group_column: ['A'] } }, true],
    [{}, false],
    [{ types: [] }, false],
    [{ types: ['pop', 'pop'] }, false],
    [{ types: ['popular'] }, false],
    [{ types: ['pop'], hpo: { min_item_cut: 0 } }, false],
    [{ types: ['pop'], description: 'x' }, false],
  ])('%o are accepted: %s', (options, isAccepted) => {
    expect(Value.Check(aitems.job.options ?? Type.Object({}), options)).toBe(isAccepted)
  })
})

describe('AiTEMS training search', () => {
  const find = async (candidateIntent = intent()) =>
    (await aitems.job.find([candidateIntent], signal)).get(candidateIntent.correlationTag)

  it('finds trains by correlation tag, with one task for each type', async () => {
    stubService()
    stubTrains(
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

  it('finds two jobs if two attempts were executed', async () => {
    stubService()
    const laterTrain = { createdDate: '2023-11-15T08:00:00.000' }
    stubTrains(train('pop', 'v3', laterTrain), train('pop', 'v1'))
    expect(await find()).toMatchObject({ found: [{ remoteId: `${id}/pop:v1` }, { remoteId: `${id}/pop:v3` }] })
  })

  it('finds an incomplete training with pending tasks while the service is learning', async () => {
    stubService()
    stubTrains(train('pop', 'v1'))
    expect(await find(intent({ spec: spec({ types: ['pop', 'relatedItem'] }) }))).toMatchObject({
      found: [{ remoteId: `${id}/relatedItem:,pop:v1`, tasks: [{ status: 'running' }, { status: 'pending' }] }],
    })
  })

  const withoutDescription = (type: string, version: string, more: Record<string, Json> = {}) =>
    train(type, version, { description: null, ...more })
  const before = { serviceType: 'batch', trains: ['pop/v0'], isComplete: true }

  it('selects new trains if descriptions are not shown', async () => {
    stubService()
    stubTrains(
      withoutDescription('pop', 'v0'),
      withoutDescription('pop', 'v1'),
      withoutDescription('relatedItem', 'v5'),
    )
    const found = await find(intent({ before }))
    expect(found).toMatchObject({ found: [{ remoteId: `${id}/pop:v1` }] })
    expect((found as { found: readonly Observation<'job'>[] }).found[0]).not.toHaveProperty('correlationTag')
  })

  it('accepts a truncated description', async () => {
    stubService()
    stubTrains(train('pop', 'v1', { description: 'weekl' }), train('pop', 'v2', { description: 'monthly' }))
    expect(await find()).toMatchObject({ found: [{ remoteId: `${id}/pop:v1` }] })
  })

  it('ignores a train without description if others have correlation tags', async () => {
    stubService({ status: 'learnable' })
    stubTrains(train('pop', 'v0', { description: '[sy:aaaaaaaaaa]' }), withoutDescription('pop', 'v1'))
    expect(await find(intent({ before }))).toEqual({ absent: true })
  })

  it('returns both candidates if two trains are new', async () => {
    stubService()
    stubTrains(withoutDescription('pop', 'v1'), withoutDescription('pop', 'v2'))
    expect(await find(intent({ before }))).toMatchObject({ found: [{}, {}] })
  })

  it('waits for trains of the other types if correlation tags are not shown', async () => {
    stubService()
    stubTrains(withoutDescription('pop', 'v1'))
    const both = intent({ before, spec: spec({ types: ['pop', 'relatedItem'] }) })
    expect(await find(both)).toHaveProperty('inconclusive')
    stubService({ status: 'learnable' })
    stubTrains(withoutDescription('pop', 'v1', { status: 'completed' }))
    expect(await find(both)).toMatchObject({
      found: [
        { status: 'unknown', reason: 'outcome_not_reported', tasks: [{ status: 'succeeded' }, { status: 'unknown' }] },
      ],
    })
  })

  it('reports absence only if the service is idle without new trains', async () => {
    for (const status of ['learning', 'requestLearning', 'hibernating']) {
      stubService({ status })
      stubTrains(withoutDescription('pop', 'v0'))
      expect(await find(intent({ before }))).toHaveProperty('inconclusive')
    }
    stubService({ status: 'learnable' })
    stubTrains(withoutDescription('pop', 'v0'))
    expect(await find(intent({ before }))).toEqual({ absent: true })
  })

  it('is inconclusive without a complete record from before the create', async () => {
    for (const unknown of [null, { trains: [], isComplete: false }]) {
      stubService({ status: 'learnable' })
      stubTrains(withoutDescription('pop', 'v0'))
      expect(await find(intent({ before: unknown }))).toHaveProperty('inconclusive')
    }
  })

  it('reads a second page only if the first is full', async () => {
    stubService()
    aitems.stub.once(route(`GET /services/${id}/trains`), {
      body: { trains: [withoutDescription('pop', 'v0')], offset: 0, limit: 1 },
    })
    aitems.stub.once(route(`GET /services/${id}/trains?offset=1&limit=1000`), {
      body: { trains: [train('pop', 'v1')] },
    })
    expect(await find()).toMatchObject({ found: [{ remoteId: `${id}/pop:v1` }] })
  })

  it('is inconclusive if the list repeats itself', async () => {
    const body = { trains: [withoutDescription('pop', 'v0')], offset: 0, limit: 1 }
    stubService({ status: 'learnable' })
    aitems.stub.once(route(`GET /services/${id}/trains`), { body })
    aitems.stub.once(route(`GET /services/${id}/trains?offset=1&limit=1000`), { body })
    expect(await find(intent({ before }))).toHaveProperty('inconclusive')
  })

  it('is inconclusive if the service is gone, and fails without a list', async () => {
    aitems.stub.once(route(`GET /services/${id}`), { status: 404, body: {} })
    expect(await find()).toHaveProperty('inconclusive')
    stubService()
    aitems.stub.once(route(`GET /services/${id}/trains`), { body: {} })
    expect(await failureOf(find())).toMatchObject({ code: 'bad_response' })
  })
})
