import { describe, expect, it } from 'vitest'
import type { Intent } from '../../../src/providers/intent.ts'
import { failureOf, route, service, signal, useConnection } from './connection.ts'
import { id, intent, spec } from './service-intent.ts'

const aitems = useConnection()

const firstPage = 'GET /services?offset=0&limit=1000'

describe('AiTEMS service list', () => {
  it('follows the returned page limit and contains no correlation tags', async () => {
    const item = (serviceId: string) => ({
      serviceId,
      name: 'n',
      status: 'learnable',
      actionName: 'x',
      permission: 'y',
    })
    aitems.stub.once(route(firstPage), { body: { services: [item('a'), item('b')], offset: 0, limit: 2 } })
    aitems.stub.once(route('GET /services?offset=2&limit=1000'), {
      body: { services: [item('c')], offset: 2, limit: 2 },
    })
    const first = await aitems.environment.list({ cursor: null, watched: [] }, signal)
    const second = await aitems.environment.list({ cursor: first.next, watched: [] }, signal)
    expect([...first.seen, ...second.seen].map(({ remoteId, status }) => [remoteId, status])).toEqual([
      ['a', 'running'],
      ['b', 'running'],
      ['c', 'running'],
    ])
    expect(first.seen[0]).not.toHaveProperty('correlationTag')
    expect([first.next, second.next]).toEqual(['2', null])
  })

  it('fails if the response contains no list', async () => {
    aitems.stub.once(route(firstPage), { body: { offset: 0, limit: 1000 } })
    expect(await failureOf(aitems.environment.list({ cursor: null, watched: [] }, signal))).toMatchObject({
      code: 'bad_response',
    })
  })
})

describe('AiTEMS service search', () => {
  const item = (serviceId: string, more = {}) => ({ serviceId, name: 'service', status: 'learnable', ...more })
  const listed = (...services: unknown[]) => aitems.stub.once(route(firstPage), { body: { services } })
  const find = async (...intents: Intent<'environment'>[]) => aitems.environment.find(intents, signal)

  it('reads services of the same name and compares correlation tags, in one scan', async () => {
    listed(item('a'), item('b'), item('c', { name: 'other' }), item('d', { name: 'else' }))
    aitems.stub.once(route('GET /services/a'), { body: service({ serviceId: 'a', description: 'test' }) })
    aitems.stub.once(route('GET /services/b'), { body: service({ serviceId: 'b' }) })
    aitems.stub.once(route('GET /services/c'), {
      body: service({ serviceId: 'c', name: 'other', description: '[sy:zzzzzzzzzz]' }),
    })
    const found = await find(intent(), intent({ correlationTag: 'other00000', spec: spec({}, { name: 'other' }) }))
    expect(found.get('k7m2n9qd4x')).toMatchObject({ found: [{ remoteId: 'b', correlationTag: 'k7m2n9qd4x' }] })
    expect(found.get('other00000')).toEqual({ absent: true })
  })

  it('finds the objects of two executed attempts', async () => {
    listed(item('a'), item('b'))
    aitems.stub.once(route('GET /services/a'), { body: service({ serviceId: 'a' }) })
    aitems.stub.once(route('GET /services/b'), { body: service({ serviceId: 'b' }) })
    expect((await find(intent())).get('k7m2n9qd4x')).toMatchObject({ found: [{ remoteId: 'a' }, { remoteId: 'b' }] })
  })

  it('finds a service on the second page', async () => {
    const other = item('a', { name: 'other' })
    aitems.stub.once(route(firstPage), { body: { services: [other], offset: 0, limit: 1 } })
    aitems.stub.once(route('GET /services?offset=1&limit=1000'), { body: { services: [item('b')], limit: 1 } })
    aitems.stub.once(route('GET /services?offset=2&limit=1000'), { body: { services: [], limit: 1 } })
    aitems.stub.once(route('GET /services/b'), { body: service({ serviceId: 'b' }) })
    expect((await find(intent())).get('k7m2n9qd4x')).toMatchObject({ found: [{ remoteId: 'b' }] })
  })

  it('is inconclusive if the offset is ignored and the same page repeats', async () => {
    const body = { services: [item('a', { name: 'other' })], limit: 1 }
    aitems.stub.once(route(firstPage), { body })
    aitems.stub.once(route('GET /services?offset=1&limit=1000'), { body })
    expect((await find(intent())).get('k7m2n9qd4x')).toHaveProperty('inconclusive')
  })

  it('is inconclusive if a service of the name has no description', async () => {
    listed(item('a'))
    aitems.stub.once(route('GET /services/a'), { body: { serviceId: 'a', name: 'service', status: 'learnable' } })
    expect((await find(intent())).get('k7m2n9qd4x')).toHaveProperty('inconclusive')
  })

  it('is inconclusive if too many services have the name', async () => {
    listed(...Array.from({ length: 33 }, (_, index) => item(`s${index}`)))
    for (let index = 0; index < 32; index++) {
      aitems.stub.once(route(`GET /services/s${index}`), { body: service({ serviceId: `s${index}`, description: '' }) })
    }
    expect((await find(intent())).get('k7m2n9qd4x')).toHaveProperty('inconclusive')
  })

  it('skips services created days before, and services deleted during the scan', async () => {
    listed(item('old', { createdDate: '2023-11-12T00:00:00.000' }), item('vanished'))
    aitems.stub.once(route('GET /services/vanished'), { status: 404, body: {} })
    expect((await find(intent())).get('k7m2n9qd4x')).toEqual({ absent: true })
    expect(aitems.calls()).toEqual([[firstPage], ['GET /services/vanished']])
  })

  it('fails if a read fails', async () => {
    listed(item('a'))
    aitems.stub.once(route('GET /services/a'), { status: 500, body: {} })
    expect(await failureOf(find(intent()))).toMatchObject({ code: 'unavailable' })
  })
})

describe('AiTEMS service delete', () => {
  it.each([
    { body: { result: 'ok' } },
    { body: 'true' },
    { status: 204, body: undefined },
    { status: 404, body: { message: 'no such service' } },
  ])('succeeds for the response %o', async (response) => {
    aitems.stub.once(route(`DELETE /services/${id}`), response)
    await aitems.environment.controls.delete?.(id, signal)
    expect(aitems.calls()).toEqual([[`DELETE /services/${id}`]])
  })

  it.each([
    [{ status: 404, body: { error: { errorCode: '300', message: 'x' } } }, 'unsupported'],
    [{ status: 400, body: { message: 'learning' } }, 'invalid_request'],
    [{ status: 200, body: '<html>' }, 'bad_response'],
  ])('fails for the response %o with %s', async (response, code) => {
    aitems.stub.once(route(`DELETE /services/${id}`), response)
    expect(await failureOf(aitems.environment.controls.delete?.(id, signal) ?? Promise.resolve())).toMatchObject({
      code,
    })
  })

  it('is the only supported action', () => {
    expect(Object.keys(aitems.environment.controls)).toEqual(['delete'])
  })
})
