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

describe('AiTEMS service update', () => {
  const update = async (current: object, desired: EnvironmentSpec) => {
    aitems.stub.once(route(`GET /services/${id}`), { body: service(current as never) })
    await aitems.environment.update?.(id, desired, signal)
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

  it('sends nothing if nothing differs', async () => {
    const current = { datasets: [...bound].reverse(), status: 'learning', learningInterval: 'hour3' }
    expect(await update(current, spec({ datasetIds, term: 'hour3' }))).toEqual([])
  })

  it('sets the interval and the description, keeping name and correlation tag', async () => {
    aitems.stub.once(route(`PUT /services/${id}/interval`), { body: 'true' })
    aitems.stub.once(route(`PUT /services/${id}`), { body: '' })
    const current = { type: 'interval', status: 'scheduled', datasets: bound, learningInterval: 'hour1' }
    expect(await update(current, spec({ serviceType: 'interval', term: 'hour6' }, { description: 'new' }))).toEqual([
      [`PUT /services/${id}/interval`, { term: 'hour6' }],
      [`PUT /services/${id}`, { name: 'service', description: 'new [sy:k7m2n9qd4x]' }],
    ])
  })

  it('keeps a description that the spec omits, and adds no correlation tag to an import', async () => {
    expect(await update({}, { name: 'service' })).toEqual([])
    aitems.stub.once(route(`GET /services/${id}`), { body: service({ description: 'theirs' }) })
    aitems.stub.once(route(`PUT /services/${id}`), { body: service() })
    await aitems.environment.update?.(id, spec({}, { description: 'ours' }), signal)
    expect(aitems.calls().at(-1)).toEqual([`PUT /services/${id}`, { name: 'service', description: 'ours' }])
  })

  it.each(['scheduled', 'learning', 'requestLearning', 'scheduledLearning'])(
    'does not bind other datasets while the service is %s',
    async (status) => {
      const desired = spec({ datasetIds: { ...datasetIds, user: 'u2' } }, { description: 'new' })
      expect(await failureOf(update({ status, datasets: bound }, desired))).toMatchObject({ code: 'conflict' })
      expect(aitems.stub.requests).toHaveLength(1)
    },
  )

  it('reports which call was rejected', async () => {
    aitems.stub.once(route(`POST /services/${id}/datasets`), { status: 400, body: { message: '데이터셋이 없습니다' } })
    const error = await failureOf(update({}, spec({ datasetIds })))
    expect(error).toMatchObject({ code: 'invalid_request' })
    expect(error.message).toBe(`AiTEMS returned HTTP 400 to POST /api/v1/services/${id}/datasets: 데이터셋이 없습니다`)
  })

  it('fails if the service is gone', async () => {
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
  ])('is due for %s with %o and the options %o: %s', (rawState, payload, options, isDue) => {
    expect(aitems.environment.needsUpdate?.(spec(options), { rawState, payload })).toBe(isDue)
  })

  it('declares its mutable fields', () => {
    expect(aitems.environment.mutableOptions).toEqual(['datasetIds', 'term'])
    expect(aitems.environment.accepts.description?.mutable).toBe(true)
  })
})

describe('AiTEMS service request check', () => {
  it('rejects a term for a service without automatic training', () => {
    const pointers = (options: Record<string, unknown>, current: Json = null) =>
      aitems.environment.check?.(spec(options), current).map(({ pointer }) => pointer)
    expect(pointers({ term: 'hour1' })).toEqual(['/providerOptions/aitems/term'])
    expect(pointers({ term: 'hour1', serviceType: 'interval' })).toEqual([])
    expect(pointers({})).toEqual([])
    expect(pointers({ term: 'hour1' }, { type: 'interval' })).toEqual([])
    expect(pointers({ term: 'hour1' }, { type: 'batch' })).toEqual(['/providerOptions/aitems/term'])
  })
})

describe('AiTEMS service options', () => {
  it.each([
    [{}, true],
    [{ serviceType: 'interval', term: 'hour12', datasetIds }, true],
    [{ serviceType: 'weekly' }, false],
    [{ term: 'hour2' }, false],
    [{ datasetIds: { user: 'u1', item: 'i1' } }, false],
    [{ datasetIds: { ...datasetIds, item: '../x' } }, false],
    [{ surprise: 1 }, false],
  ])('%o are accepted: %s', (options, isAccepted) => {
    expect(Value.Check(aitems.environment.options ?? Type.Object({}), options)).toBe(isAccepted)
  })
})
