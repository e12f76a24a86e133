import { expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { send } from './scnet-client.ts'
import { startScnet } from './scnet-sandbox.ts'

const net = forEachTest(startScnet, ({ sandbox }) => sandbox.close())

const cluster = '/hpc/openapi/v2/cluster'
const raw = (body: string) => ({ raw: { type: 'application/json', body } })

it('answers errors on HTTP 200, the code a string', async () => {
  const reply = await net.call('GET', cluster, { token: 'nonsense' })
  expect(reply.status).toBe(200)
  expect(reply.text).toBe('{"msg":"auth_fail","code":"10008","data":"token is invalid"}')
})

it.each([
  ['a token that is none', 401, () => net.call('GET', cluster, { token: 'nonsense' })],
  ['a missing field', 400, () => net.create({ version: undefined })],
  ['a missing file', 404, () => net.file('/nowhere')],
  ['a platform token', 403, async () => net.call('GET', cluster, { token: (await net.tokens())['0'] ?? '' })],
  ['a stop of nothing', 500, () => net.call('POST', '/ai/openapi/v2/instance-service/task/actions/stop?ids=x')],
])('can give %s the status %d', async (_what, status, act) => {
  expect((await act()).status).toBe(200)
  net.settings.errorsHaveStatus = true
  expect((await act()).status).toBe(status)
  expect((await net.call('GET', cluster)).status).toBe(200)
})

it('can say message in place of msg, in errors alone', async () => {
  net.settings.errorsSayMessage = true
  expect((await net.call('GET', cluster, { token: 'x' })).json).toEqual({
    code: '10008',
    message: 'auth_fail',
    data: 'token is invalid',
  })
  expect((await net.call('GET', cluster)).json.msg).toBe('SUCCESS')
})

it.each(['{"instanceServiceName":', '[]', ''])(
  'answers the body %j with a framework error that has no code',
  async (body) => {
    const { status, json } = await net.call('POST', '/ai/openapi/v2/instance-service/task', raw(body))
    expect(status).toBe(400)
    expect(json).toMatchObject({ status: 400, error: 'Bad Request', path: '/v2/instance-service/task' })
    expect(json).not.toHaveProperty('code')
  },
)

it('knows no other route', async () => {
  const { status, json } = await net.call('GET', '/ai/openapi/v2/instance-service/instance/list')
  expect({ status, code: json.code }).toEqual({ status: 404, code: undefined })
})

it.each([
  [{ kind: 'credentials', reason: 'expired' }, 200, { code: '10008', data: 'token is invalid' }],
  [{ kind: 'credentials', reason: 'forbidden' }, 200, { code: '10009' }],
  [{ kind: 'error_body' }, 200, { code: '10001' }],
  [{ kind: 'error_before' }, 500, { code: '10001' }],
  [{ kind: 'error_before', status: 503 }, 503, { status: 503, error: 'Service Unavailable' }],
  [{ kind: 'rate_limited' }, 429, { status: 429, error: 'Too Many Requests' }],
] as const)('has an answer to the fault %j', async (fault, status, json) => {
  net.sandbox.faults.add({ ...fault, operation: 'hpc.clusters', times: 1 })
  expect(await net.call('GET', cluster)).toMatchObject({ status, json })
  expect((await net.call('GET', cluster)).json.code).toBe('0')
})

it('lets a fault aim at an instance, a name, or a job in a form', async () => {
  const id = (await net.create()).json.data
  for (const object of [id, 'Instances_2205113838', '40000001']) {
    net.sandbox.faults.add({ kind: 'rate_limited', object, times: 1 })
  }
  expect((await net.call('DELETE', `/ai/openapi/v2/instance-service/task?ids=x&ids=${id}`)).status).toBe(429)
  expect((await net.create()).status).toBe(429)
  expect((await net.cancel('1638523853,acsandbox01:40000001:')).status).toBe(429)
})

it('tells time to tokens by the clock and to objects by travel', async () => {
  const id = (await net.create()).json.data
  net.sandbox.world.advance(48 * 3_600_000)
  expect((await net.container(id)).status).toBe('Running')
  net.sandbox.faults.add({ kind: 'clock_offset', offsetMs: 25 * 3_600_000 - 60_000 })
  expect((await net.call('GET', cluster)).json.code).toBe('10008')
})

it('keeps a job’s states under the control API’s hand', async () => {
  const id = (await net.submit()).json.data
  net.sandbox.force('scnet', id, { state: 'statN', outcome: 'NODE_FAIL' })
  net.time.ms += 60_000
  expect(await net.job(id)).toMatchObject({ jobStatus: 'statN', exitCode: '0' })
  net.sandbox.force('scnet', id, { state: 'statZZ' })
  expect((await net.job(id)).jobStatus).toBe('statZZ')
})

it('asks for a token everywhere but at the logins', async () => {
  const paths = ['/ac/openapi/v2/center', '/ac/openapi/v2/tokens/state', `/regions/11112${cluster}`]
  for (const path of paths) expect((await send('GET', net.url + path)).json.code).toBe('10008')
})
