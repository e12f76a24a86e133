import { request } from 'undici'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFaults } from '../../src/sandbox/faults.ts'
import { makeListener } from '../../src/sandbox/listener.ts'
import type { Call, Emulation } from '../../src/sandbox/provider.ts'
import { makeRandom } from '../../src/sandbox/random.ts'
import { makeWorld } from '../../src/sandbox/world.ts'

/** A provider that returns the request and rejects non-public operations. */
function makeEcho(): Emulation {
  const echo = ({ target, params, query, json, rawBody }: Call) => {
    const body = { target, params, ids: query.getAll('ids'), json: json ?? null, bytes: rawBody.length }
    return { status: 200, body }
  }
  return {
    operations: [
      { name: 'task.list', method: 'GET', path: '/task', isPublic: true, isList: true, handle: echo },
      { name: 'task.delete', method: 'DELETE', path: '/task/:id', isPublic: true, handle: echo },
      { name: 'task.broken', method: 'POST', path: '/broken', isPublic: true, handle: () => JSON.parse('{') },
      { name: 'task.secret', method: 'GET', path: '/secret', handle: echo },
      { name: 'task.true', method: 'POST', path: '/true', isPublic: true, handle: () => ({ status: 200, body: true }) },
    ],
    authenticate: () => ({ status: 401, body: 'who are you', headers: { 'x-realm': 'echo' } }),
    failure: (failure) => ({ status: 'status' in failure ? failure.status : 418, body: failure }),
  }
}

const clock = { now: Date.now }
const world = makeWorld({ clock, seed: 'listener' })
const faults = makeFaults({ random: makeRandom('faults'), now: world.now })
let listener: ReturnType<typeof makeListener>
let url: string
beforeEach(async () => {
  const shared = { world, faults, clock, settings: { listLagMs: 0 }, onCall: () => {} }
  listener = makeListener({ provider: 'echo', emulation: makeEcho(), ...shared })
  url = await listener.listen({ port: 0 })
})
afterEach(() => listener.close())

it('the listener reads the body of a GET', async () => {
  const body = '{"limit":10}'
  const headers = { 'content-type': 'application/json' }
  const reply = await request(`${url}/task?ids=a&ids=b%20c`, { method: 'GET', headers, body })
  expect(await reply.body.json()).toEqual({
    target: '/task?ids=a&ids=b%20c',
    params: {},
    ids: ['a', 'b c'],
    json: { limit: 10 },
    bytes: 12,
  })
})

it('the listener accepts a JSON request without a body', async () => {
  const headers = { 'content-type': 'application/json' }
  const reply = await request(`${url}/task/7`, { method: 'DELETE', headers })
  expect(await reply.body.json()).toMatchObject({ params: { id: '7' }, json: null, bytes: 0 })
})

it('the listener sends a JSON value as JSON and a string as text', async () => {
  const bare = await request(`${url}/true`, { method: 'POST' })
  expect(bare.headers['content-type']).toContain('application/json')
  expect(await bare.body.text()).toBe('true')
  const text = await request(`${url}/secret`)
  expect(text.headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'x-realm': 'echo' })
  expect({ status: text.statusCode, body: await text.body.text() }).toEqual({ status: 401, body: 'who are you' })
})

it.each([
  { when: 'a route is unknown', method: 'GET', path: '/nowhere', status: 418, failure: { what: 'unknown_route' } },
  {
    when: 'a method is not allowed',
    method: 'PUT',
    path: '/task',
    status: 418,
    failure: { what: 'unknown_route' },
  },
  {
    when: 'a handler throws',
    method: 'POST',
    path: '/broken',
    status: 500,
    failure: { what: 'server_error', status: 500 },
  },
] as const)('the listener returns the failure of the provider if $when', async ({ method, path, status, failure }) => {
  const reply = await request(url + path, { method })
  expect({ status: reply.statusCode, failure: await reply.body.json() }).toEqual({ status, failure })
})

it('the listener returns the failure of the provider for a body over 10 MiB', async () => {
  const reply = await request(`${url}/true`, { method: 'POST', body: 'x'.repeat(10 * 1024 * 1024 + 1) })
  expect({ status: reply.statusCode, failure: await reply.body.json() }).toEqual({
    status: 418,
    failure: { what: 'too_large' },
  })
})

it('the listener sets the date by the clock of the provider, including faults', async () => {
  const dateOf = async (path: string) => Date.parse(String((await request(`${url}${path}`)).headers.date))
  expect(Math.abs((await dateOf('/task')) - Date.now())).toBeLessThan(60_000)
  expect(Math.abs((await dateOf('/nowhere')) - Date.now())).toBeLessThan(60_000)
  faults.add({ kind: 'clock_offset', offsetMs: 3_600_000 })
  expect(Math.abs((await dateOf('/task')) - Date.now() - 3_600_000)).toBeLessThan(60_000)
  faults.clear()
})
