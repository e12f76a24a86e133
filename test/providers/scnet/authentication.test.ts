import { describe, expect, it } from 'vitest'
import {
  accessKey,
  centerOf,
  centerRoute,
  environmentIntent,
  failed,
  failureOf,
  firstToken,
  jwt,
  loginRoute,
  ok,
  rejected,
  secretKey,
  signal,
  useScnetStub,
} from './scnet-stub.ts'

const stub = useScnetStub()
const detail = 'GET /ai/openapi/v2/instance-service/c1/detail'
const task = 'POST /ai/openapi/v2/instance-service/task'
const next = 'POST /ac/openapi/v2/tokens/next'
const running = ok({ id: 'c1', status: 'Running' })
const tokensUsed = (target: string) =>
  stub.server.requests.filter((request) => request.target.startsWith(target)).map(({ headers }) => headers.token)
const requestLines = () => stub.server.requests.map(({ method, target }) => `${method} ${target}`)

describe('SCNet login', () => {
  it('sends the documented signed headers and uses the token of the configured region', async () => {
    stub.server.on(detail, running)
    await stub.environment().get('c1', signal)
    const [login, center, call] = stub.server.requests
    expect(login?.headers).toMatchObject({ user: 'bob', accesskey: accessKey, timestamp: '1764595591' })
    expect(login?.headers.signature).toMatch(/^[0-9a-f]{64}$/)
    expect(center?.headers.token).toBe(firstToken)
    expect(call?.headers.token).toBe(firstToken)
    expect(requestLines()).toEqual([loginRoute, centerRoute, detail])
  })

  it('accepts a password with orgId in the old format', async () => {
    stub.server.on('POST /ac/openapi/v2/tokens', ok([{ clusterId: 11112, clusterName: 'East', token: firstToken }]))
    stub.server.on(detail, running)
    const provider = stub.open({}, { password: 'hunter2', orgId: '6048ce7ba15c2af2e8cec12991ec13cf' })
    await provider.drivers.environment?.get('c1', signal)
    expect(stub.server.requests[0]?.headers).toMatchObject({
      user: 'bob',
      password: 'hunter2',
      orgid: '6048ce7ba15c2af2e8cec12991ec13cf',
    })
    expect(stub.server.requests[0]?.body).toBe('')
  })

  it('is shared by concurrent calls, as is the discovery', async () => {
    stub.server.on(detail, running)
    const driver = stub.environment()
    await Promise.all([driver.get('c1', signal), driver.get('c1', signal), driver.get('c1', signal)])
    expect(requestLines().filter((each) => each !== detail)).toEqual([loginRoute, centerRoute])
  })

  it('selects the region by its name', async () => {
    stub.server.on(detail, running)
    await stub.environment({ clusterId: '11112', clusterName: 'East' }).get('c1', signal)
    await stub.environment({ clusterName: 'East' }).get('c1', signal)
    const error = await failureOf(stub.environment({ clusterName: 'South' }).get('c1', signal))
    expect(error).toMatchObject({ code: 'permission_denied', field: 'settings.clusterName', notSent: true })
    expect(error.message).toContain('11112 (East)')
  })

  it('reports a suspended account with its region', async () => {
    const error = await failureOf(stub.environment({ clusterId: '11113' }).get('c1', signal))
    expect(error).toMatchObject({ code: 'permission_denied', field: 'settings.clusterId', notSent: true })
    expect(error.message).toContain('11113 (West)')
    expect(error.message).toContain('suspended')
  })

  it.each([
    ['10008', 'unauthenticated', 'credentials'],
    ['10004', 'unauthenticated', 'credentials'],
    ['10007', 'permission_denied', 'settings.user'],
    ['10012', 'unavailable', undefined],
  ])('reports error %s as %s and marks the create as not sent', async (code, providerErrorCode, field) => {
    stub.server.on(loginRoute, failed(code, 'no'))
    const create = stub.environment().create(environmentIntent(stub.clock, { name: 'x' }, 's7k2m9qd4x'), signal)
    expect(await failureOf(create)).toMatchObject({ code: providerErrorCode, providerCode: code, field, notSent: true })
  })

  it('reports the login URL if there is no response', async () => {
    stub.server.on(loginRoute, { isReset: true })
    const error = await failureOf(stub.open().verify(signal))
    expect(error).toMatchObject({ code: 'unavailable', field: 'settings.loginUrl', notSent: true })
  })

  it('is rejected locally if a key pair is incomplete', async () => {
    const driver = stub.open({}, { accessKey }).drivers.environment
    const error = await failureOf(driver?.get('c1', signal) ?? Promise.resolve())
    expect(error).toMatchObject({ code: 'unauthenticated', field: 'credentials', notSent: true })
    expect(stub.server.requests).toEqual([])
  })
})

describe('SCNet token', () => {
  const second = jwt('second', '2025-12-03T13:00:00Z')

  it.each([
    ['a string', second],
    ['an object', { token: second }],
    [
      'an array',
      [
        { clusterId: '1', token: 'other' },
        { clusterId: '11112', token: second },
      ],
    ],
  ])('is renewed before it expires, from a response with %s', async (_form, data) => {
    stub.server.on(detail, running)
    stub.server.on(next, ok(data))
    const driver = stub.environment({ aiUrl: stub.server.url })
    await driver.get('c1', signal)
    stub.clock.advance(23.6 * 3_600_000)
    await driver.get('c1', signal)
    expect(tokensUsed('/ac/openapi/v2/tokens/next')).toEqual([firstToken])
    expect(tokensUsed('/ai/')).toEqual([firstToken, second])
  })

  it.each([
    ['the configured region at any position', { clusterName: 'East' }, 'East', second],
    ['only another name', { clusterName: 'East' }, 'North', firstToken],
    ['only another id', { clusterId: '11112' }, 'East', firstToken],
  ])('is renewed from a response that lists %s (%j)', async (_which, region, clusterName, used) => {
    stub.server.on(detail, running)
    const renewed = { clusterId: '2', clusterName, token: second }
    stub.server.on(next, ok([{ clusterId: '1', clusterName: 'West', token: 'other' }, renewed]))
    const driver = stub.environment({ aiUrl: stub.server.url, ...region })
    await driver.get('c1', signal)
    stub.clock.advance(23.6 * 3_600_000)
    await driver.get('c1', signal)
    expect(tokensUsed('/ai/')).toEqual([firstToken, used])
  })

  it('is obtained by a new login more than a day after it expired', async () => {
    stub.server.on(detail, running)
    const driver = stub.environment({ aiUrl: stub.server.url })
    await driver.get('c1', signal)
    stub.clock.advance(49 * 3_600_000)
    await driver.get('c1', signal)
    expect(requestLines()).toEqual([loginRoute, detail, loginRoute, detail])
  })

  it('is renewed after a rejection, and the call is repeated once', async () => {
    stub.server.once(task, rejected)
    stub.server.once(task, ok('530491fa7c8e47348f01de73e627a6a7'))
    stub.server.on(next, ok(second))
    const driver = stub.environment({ aiUrl: stub.server.url })
    const created = await driver.create(environmentIntent(stub.clock, { name: 'x' }, 's7k2m9qd4x'), signal)
    expect(created).toEqual({ remoteId: '530491fa7c8e47348f01de73e627a6a7' })
    expect(tokensUsed('/ai/')).toEqual([firstToken, second])
  })

  it('is obtained by a new login if it cannot be renewed', async () => {
    stub.server.once(loginRoute, ok([{ clusterId: '11112', token: firstToken }]))
    stub.server.once(loginRoute, ok([{ clusterId: '11112', token: second }]))
    stub.server.once(detail, { body: { code: '1001', message: 'jwt token is invalid' } })
    stub.server.once(detail, running)
    stub.server.on(next, rejected)
    await stub.environment({ aiUrl: stub.server.url }).get('c1', signal)
    expect(tokensUsed('/ai/')).toEqual([firstToken, second])
  })

  it('reports permission_denied after a second rejection, and the next call logs in', async () => {
    stub.server.on(task, rejected)
    stub.server.on(next, ok(second))
    const driver = stub.environment({ aiUrl: stub.server.url })
    const error = await failureOf(driver.create(environmentIntent(stub.clock, { name: 'x' }, 's7k2m9qd4x'), signal))
    expect(error).toMatchObject({ code: 'permission_denied', providerCode: '10008', notSent: false })
    expect(requestLines()).toEqual([loginRoute, task, next, task])
    stub.server.on(detail, running)
    await driver.get('c1', signal)
    expect(requestLines().slice(4)).toEqual([loginRoute, detail])
  })

  it('does not repeat a create after a 401 without a code', async () => {
    stub.server.on(task, { status: 401, body: { timestamp: 'x', status: 401, error: 'Unauthorized', path: '/v2' } })
    const driver = stub.environment({ aiUrl: stub.server.url })
    const error = await failureOf(driver.create(environmentIntent(stub.clock, { name: 'x' }, 's7k2m9qd4x'), signal))
    expect(error).toMatchObject({ code: 'outcome_unknown', httpStatus: 401 })
    expect(requestLines()).toEqual([loginRoute, task])
  })

  it('is used for an hour if its expiry is unreadable', async () => {
    stub.server.on(loginRoute, ok([{ clusterId: '11112', token: 'opaque' }]))
    stub.server.on(detail, running)
    stub.server.on(next, rejected)
    const driver = stub.environment({ aiUrl: stub.server.url })
    await driver.get('c1', signal)
    stub.clock.advance(50 * 60_000)
    await driver.get('c1', signal)
    stub.clock.advance(6 * 60_000)
    await driver.get('c1', signal)
    expect(requestLines().filter((each) => each === loginRoute)).toHaveLength(2)
  })
})

describe('SCNet discovery', () => {
  it('accepts an array and selects the same enabled URL in any order', async () => {
    const { url } = stub.server
    const later = { url: url.replace('http://127', 'http://localhost.invalid'), enable: 'true' }
    const unsupported = { url: 'ftp://127.0.0.1/', enable: 'true' }
    const urls = [later, { url, enable: 'true' }, unsupported]
    stub.server.on(
      centerRoute,
      ok([
        { ...centerOf(url), id: 1, aiUrls: [] },
        { ...centerOf(url), aiUrls: urls },
      ]),
    )
    stub.server.on(detail, running)
    await stub.environment().get('c1', signal)
    stub.server.on(centerRoute, ok([{ ...centerOf(url), aiUrls: [...urls].reverse() }]))
    await stub.environment().get('c1', signal)
    expect(requestLines().filter((each) => each === detail)).toHaveLength(2)
  })

  it('selects the region by its name or id, never by its position', async () => {
    const { url } = stub.server
    stub.server.on(centerRoute, ok([{ ...centerOf('https://west.invalid'), id: 1, name: 'West' }, centerOf(url)]))
    stub.server.on(detail, running)
    await stub.environment({ clusterName: 'East' }).get('c1', signal)
    const others = ['West', 'North'].map((name, id) => ({ ...centerOf(url), id, name }))
    stub.server.on(centerRoute, ok(others))
    const byName = await failureOf(stub.environment({ clusterName: 'East' }).get('c1', signal))
    expect(byName).toMatchObject({ code: 'permission_denied', field: 'settings.clusterName', notSent: true })
    expect(byName.message).toContain('0 (West), 1 (North)')
    const byId = await failureOf(stub.environment().get('c1', signal))
    expect(byId).toMatchObject({ code: 'permission_denied', field: 'settings.clusterId' })
  })

  it('is repeated after an hour', async () => {
    stub.server.on(detail, running)
    const driver = stub.environment()
    await driver.get('c1', signal)
    stub.clock.advance(3_600_001)
    await driver.get('c1', signal)
    expect(requestLines().filter((each) => each === centerRoute)).toHaveLength(2)
  })

  it('reports the setting of a URL for a region without an enabled service', async () => {
    stub.server.on(centerRoute, ok({ ...centerOf(stub.server.url), aiUrls: [{ url: 'https://x', enable: 'false' }] }))
    const error = await failureOf(stub.environment().get('c1', signal))
    expect(error).toMatchObject({ code: 'permission_denied', field: 'settings.aiUrl', notSent: true })
  })

  it('leaves a create unsent if it fails, regardless of the error code', async () => {
    stub.server.on(centerRoute, failed('10004', 'bad'))
    const error = await failureOf(
      stub.environment().create(environmentIntent(stub.clock, { name: 'x' }, 's7k2m9qd4x'), signal),
    )
    expect(error).toMatchObject({ code: 'unavailable', providerCode: '10004', notSent: true })
  })
})

describe('SCNet verification', () => {
  const groups = 'GET /ai/openapi/v2/instance-service/resource-group'

  it('logs in and makes a read-only call to each service', async () => {
    stub.server.on(groups, ok([]))
    await stub.open().verify(signal)
    expect(requestLines()).toContain('GET /hpc/openapi/v2/cluster')
  })

  it('accepts a region without containers for HPC jobs, but not for container jobs', async () => {
    stub.server.on(centerRoute, ok({ ...centerOf(stub.server.url), aiUrls: [] }))
    await stub.open().verify(signal)
    const error = await failureOf(stub.open({ jobApi: 'container' }).verify(signal))
    expect(error.field).toBe('settings.aiUrl')
  })

  it('reports an unknown scheduler, and requires one if there are several', async () => {
    stub.server.on(groups, ok([]))
    expect((await failureOf(stub.open({ schedulerId: '7' }).verify(signal))).field).toBe('settings.schedulerId')
    stub.server.on('GET /hpc/openapi/v2/cluster', ok([{ id: 1 }, { id: 2 }]))
    const error = await failureOf(stub.open().verify(signal))
    expect(error).toMatchObject({ field: 'settings.schedulerId' })
    expect(error.message).toContain('1, 2')
  })

  it('reports the configured URL if no SCNet service responds there', async () => {
    stub.server.on(groups, { status: 404, body: '<html>not here</html>' })
    const error = await failureOf(stub.open({ aiUrl: stub.server.url }).verify(signal))
    expect(error).toMatchObject({ code: 'bad_response', field: 'settings.aiUrl' })
  })

  it('redacts secrets that the vendor repeats', async () => {
    stub.server.on(groups, failed('10004', `token ${firstToken} of ${secretKey}`))
    const error = await failureOf(stub.open().verify(signal))
    expect(error.message).toContain('[redacted]')
  })
})
