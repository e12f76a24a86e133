import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/vocabulary/json.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import { failureOf, route, service, signal, useConnection } from './connection.ts'

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

  it('leaves a description alone that the spec does not give, and adds no correlation tag to what has none', async () => {
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
  it('refuses a term for a service that does not learn automatically', () => {
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
