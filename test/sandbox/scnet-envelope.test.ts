import { expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { send } from './scnet-client.ts'
import { startScnet } from './scnet-sandbox.ts'

const net = forEachTest(startScnet, ({ sandbox }) => sandbox.close())

const cluster = '/hpc/openapi/v2/cluster'
const raw = (body: string) => ({ raw: { type: 'application/json', body } })

it('the SCNet sandbox returns errors with HTTP 200 and a string code', async () => {
  const reply = await net.call('GET', cluster, { token: 'nonsense' })
  expect(reply.status).toBe(200)
  expect(reply.text).toBe('{"msg":"auth_fail","code":"10008","data":"token is invalid"}')
})

it.each([
  ['an invalid token', 401, () => net.call('GET', cluster, { token: 'nonsense' })],
  ['a missing field', 400, () => net.create({ version: undefined })],
  ['a missing file', 404, () => net.file('/nowhere')],
  ['a platform token', 403, async () => net.call('GET', cluster, { token: (await net.tokens())['0'] ?? '' })],
  [
    'a stop of an unknown container',
    500,
    () => net.call('POST', '/ai/openapi/v2/instance-service/task/actions/stop?ids=x'),
  ],
])('errorsHaveStatus gives %s the status %d', async (_name, status, sendRequest) => {
  expect((await sendRequest()).status).toBe(200)
  net.settings.errorsHaveStatus = true
  expect((await sendRequest()).status).toBe(status)
  expect((await net.call('GET', cluster)).status).toBe(200)
})

it('errorsSayMessage uses message instead of msg in errors only', async () => {
  net.settings.errorsSayMessage = true
  expect((await net.call('GET', cluster, { token: 'x' })).json).toEqual({
    code: '10008',
    message: 'auth_fail',
    data: 'token is invalid',
  })
  expect((await net.call('GET', cluster)).json.msg).toBe('SUCCESS')
})

it.each(['{"instanceServiceName":', '[]', ''])(
  'the SCNet sandbox returns a framework error without a code for the body %j',
  async (body) => {
    const { status, json } = await net.call('POST', '/ai/openapi/v2/instance-service/task', raw(body))
    expect(status).toBe(400)
    expect(json).toMatchObject({ status: 400, error: 'Bad Request', path: '/v2/instance-service/task' })
    expect(json).not.toHaveProperty('code')
  },
)

it('the SCNet sandbox returns 404 for an unknown route', async () => {
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
] as const)('the SCNet sandbox has a response for the fault %j', async (fault, status, json) => {
  net.sandbox.faults.add({ ...fault, operation: 'hpc.clusters', times: 1 })
  expect(await net.call('GET', cluster)).toMatchObject({ status, json })
  expect((await net.call('GET', cluster)).json.code).toBe('0')
})

it('a fault selects an instance, a name, or a job in a form', async () => {
  const id = (await net.create()).json.data
  for (const object of [id, 'Instances_2205113838', '40000001']) {
    net.sandbox.faults.add({ kind: 'rate_limited', object, times: 1 })
  }
  expect((await net.call('DELETE', `/ai/openapi/v2/instance-service/task?ids=x&ids=${id}`)).status).toBe(429)
  expect((await net.create()).status).toBe(429)
  expect((await net.cancel('1638523853,acsandbox01:40000001:')).status).toBe(429)
})

it('the SCNet sandbox applies clock faults to tokens and time travel to objects', async () => {
  const id = (await net.create()).json.data
  net.sandbox.world.advance(48 * 3_600_000)
  expect((await net.container(id)).status).toBe('Running')
  net.sandbox.faults.add({ kind: 'clock_offset', offsetMs: 25 * 3_600_000 - 60_000 })
  expect((await net.call('GET', cluster)).json.code).toBe('10008')
})

it('the control API forces states of a SCNet job', async () => {
  const id = (await net.submit()).json.data
  net.sandbox.force('scnet', id, { state: 'statN', outcome: 'NODE_FAIL' })
  net.time.ms += 60_000
  expect(await net.job(id)).toMatchObject({ jobStatus: 'statN', exitCode: '0' })
  net.sandbox.force('scnet', id, { state: 'statZZ' })
  expect((await net.job(id)).jobStatus).toBe('statZZ')
})

it('the SCNet sandbox requires a token except for logins', async () => {
  const paths = ['/ac/openapi/v2/center', '/ac/openapi/v2/tokens/state', `/regions/11112${cluster}`]
  for (const path of paths) expect((await send('GET', net.url + path)).json.code).toBe('10008')
})
