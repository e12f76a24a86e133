import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { decodeToken, send, signLogin } from './scnet-client.ts'
import { startScnet } from './scnet-sandbox.ts'

const net = forEachTest(startScnet, ({ sandbox }) => sandbox.close())

const hourMs = 3_600_000
const rejectedToken = { code: '10008', msg: 'auth_fail', data: 'token is invalid' }
const state = (token?: string) => send('GET', `${net.url}/ac/openapi/v2/tokens/state`, { ...(token && { token }) })
const next = (token: string) => send('POST', `${net.url}/ac/openapi/v2/tokens/next`, { token })
const center = (token: string) => send('GET', `${net.url}/ac/openapi/v2/center`, { token })

describe('SCNet sandbox login', () => {
  it('has the signature of the known vector', () => {
    const keys = { accessKey: '85f96a42b13f4d2c8b760d2775bbcca8', secretKey: 'test-secret', user: 'bob' }
    expect(signLogin(keys, '1764597591')).toBe('c3a95054e89423eb8161db068df56a9298e48259326306a35ea1a66bf095349f')
  })

  it('returns a token per region, null for the suspended one, and the platform as region "0"', async () => {
    const { status, json } = await net.login()
    expect({ status, code: json.code, msg: json.msg }).toEqual({ status: 200, code: '0', msg: 'success' })
    expect(json.data).toEqual([
      { clusterId: '11112', clusterName: expect.any(String), token: expect.any(String) },
      { clusterId: '11276', clusterName: expect.any(String), token: expect.any(String) },
      { clusterId: '10867', clusterName: expect.any(String), token: null },
      { clusterId: '0', clusterName: 'ac', token: expect.any(String) },
    ])
  })

  it('returns a JWT with the documented claims', () => {
    expect(decodeToken(net.session.token)).toEqual({
      header: { alg: 'HS256', typ: 'JWT' },
      claims: {
        computeUser: net.account.clusterUser,
        accountStatus: 'Trial',
        creator: 'ac',
        role: '1',
        expireTime: String(net.time.ms + 24 * hourMs),
        clusterId: '11112',
        invoker: net.account.orgId,
        user: net.account.user,
        userId: net.account.userId,
      },
    })
  })

  it.each([
    ['a signature of another key', { signature: 'a'.repeat(64) }, '10008'],
    ["another user's access key", { accessKey: '0f1c8d5a7e9b4c36a2d4e6f8091b3c5d' }, '10008'],
    ['another user name', { user: 'other' }, '10008'],
    ['an unsigned timestamp', { timestamp: '1764597591' }, '10008'],
    ['a timestamp in milliseconds', { timestamp: '1764597591000' }, '10004'],
    ['no signature', { signature: '' }, '10003'],
    ['no timestamp', { timestamp: '' }, '10003'],
  ])('rejects %s with HTTP 200', async (_name, headers, code) => {
    expect(await net.login(net.account, headers)).toMatchObject({ status: 200, json: { code } })
  })

  it('requires a signature in lower case', async () => {
    const signature = signLogin(net.account, String(net.time.ms / 1000))
    expect((await net.login(net.account, { signature })).json.code).toBe('0')
    expect((await net.login(net.account, { signature: signature.toUpperCase() })).json.code).toBe('10008')
  })

  it('checks the age of a login only if configured', async () => {
    const timestamp = String(net.time.ms / 1000 - 301)
    const oldLogin = { timestamp, signature: signLogin(net.account, timestamp) }
    expect((await net.login(net.account, oldLogin)).json.code).toBe('0')
    net.settings.maxClockSkewMs = 300_000
    expect((await net.login(net.account, oldLogin)).json.code).toBe('10008')
    expect((await net.login()).json.code).toBe('0')
  })

  it('accepts user, password and organization in the old format', async () => {
    const { user, password, orgId } = net.account
    const oldLogin = (headers: Record<string, string>) => send('POST', `${net.url}/ac/openapi/v2/tokens`, { headers })
    const { json } = await oldLogin({ user, password, orgid: orgId })
    expect(json.data.map(({ clusterId }: { clusterId: string }) => clusterId)).toContain('11112')
    expect((await oldLogin({ user, password: 'wrong', orgId })).json.code).toBe('10008')
    expect((await oldLogin({ user, password, orgId: 'wrong' })).json.code).toBe('10008')
    expect((await oldLogin({ user, password })).json.code).toBe('10003')
  })

  it('returns numeric cluster ids and freezes a user by setting', async () => {
    net.settings.numericClusterIds = true
    expect((await net.login()).json.data.at(-1).clusterId).toBe(0)
    net.settings.isUserFrozen = true
    expect((await net.login()).json.code).toBe('10007')
    expect((await state(net.session.token)).json.code).toBe('10007')
  })
})

describe('SCNet sandbox token', () => {
  it('has a readable state', async () => {
    expect((await state(net.session.token)).json).toEqual({ code: '0', msg: 'success', data: 'token is valid' })
    expect((await state()).json).toEqual(rejectedToken)
  })

  it('is rejected after it expires, and renewed until 24 hours later', async () => {
    net.time.ms += 24 * hourMs
    expect(await state(net.session.token)).toMatchObject({ status: 200, json: rejectedToken })
    net.time.ms += 24 * hourMs - 1
    const { json } = await next(net.session.token)
    expect(json).toEqual({ code: '0', msg: 'success', data: [{ token: expect.any(String) }] })
    expect((await state(json.data[0].token)).json.code).toBe('0')
    expect(decodeToken(json.data[0].token).claims).toMatchObject({ clusterId: '11112' })
    net.time.ms += 1
    expect((await next(net.session.token)).json).toEqual(rejectedToken)
  })

  it('is renewed as an array, an object or a string', async () => {
    net.settings.nextTokenForm = 'object'
    expect((await next(net.session.token)).json.data).toEqual({ token: expect.any(String) })
    net.settings.nextTokenForm = 'string'
    expect((await next(net.session.token)).json.data).toEqual(expect.any(String))
  })

  it('is rejected if it is forged', async () => {
    const [header = '', payload = '', signature = ''] = net.session.token.split('.')
    const { claims } = decodeToken(net.session.token)
    const later = encode({ ...claims, expireTime: '9999999999999' })
    const foreign = createHmac('sha256', 'guess').update(`${header}.${payload}`).digest('base64url')
    const unsigned = `${encode({ alg: 'none', typ: 'JWT' })}.${payload}.`
    const forged = [
      `${header}.${later}.${signature}`,
      `${header}.${payload}.${foreign}`,
      unsigned,
      'x',
      `${header}.e30`,
    ]
    for (const token of forged) expect((await state(token)).json).toEqual(rejectedToken)
  })

  it('is valid for one region, and the platform token for none', async () => {
    const { '11276': otherRegion, '0': platform } = await net.tokens()
    expect((await net.call('GET', '/hpc/openapi/v2/cluster')).json.code).toBe('0')
    expect((await net.call('GET', '/hpc/openapi/v2/cluster', { token: otherRegion ?? '' })).json).toEqual(rejectedToken)
    expect((await net.call('GET', '/hpc/openapi/v2/cluster', { token: platform ?? '' })).json.code).toBe('10009')
    expect((await center(platform ?? '')).json.code).toBe('10009')
  })

  it('is rejected while its region is suspended', async () => {
    net.settings.suspendedRegions = '10867, 11112'
    expect((await net.tokens())['11112']).toBeNull()
    expect((await net.call('GET', '/hpc/openapi/v2/cluster')).json.code).toBe('10007')
  })
})

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

describe('SCNet sandbox discovery', () => {
  it('returns the cluster user and the service URLs, with enable as text', async () => {
    const { json } = await center(net.session.token)
    expect(json.data).toMatchObject({
      id: '11112',
      clusterUserInfo: { userName: net.account.clusterUser, homePath: `/public/home/${net.account.clusterUser}` },
    })
    expect(net.account.clusterUser).not.toBe(net.account.user)
    expect(json.data.aiUrls).toEqual([
      { url: `${net.url}/regions/11112-off/ai`, enable: 'false', version: '2.0', nodeName: '11112-off' },
      { url: `${net.url}/regions/11112/ai`, enable: 'true', version: '2.0', nodeName: '11112' },
    ])
    expect(json.data.hpcUrls[1].url).toBe(`${net.url}/regions/11112`)
    expect(json.data.efileUrls[1].url).toBe(`${net.url}/regions/11112/efile`)
  })

  it('returns 404 for a disabled URL or a doubled suffix', async () => {
    const { token } = net.session
    for (const base of ['/regions/11112-off', '/regions/11112/hpc']) {
      const reply = await send('GET', `${net.url}${base}/hpc/openapi/v2/cluster`, { token })
      expect(reply).toMatchObject({ status: 404, json: { status: 404, error: 'Not Found' } })
      expect(reply.json).not.toHaveProperty('code')
    }
  })

  it('returns an array, booleans and URL suffixes by setting', async () => {
    Object.assign(net.settings, { centerIsArray: true, enableIsBoolean: true, urlSuffixes: 'always' })
    const { json } = await center(net.session.token)
    expect(json.data[0].hpcUrls[1]).toMatchObject({ url: `${net.url}/regions/11112/hpc`, enable: true })
    net.settings.urlSuffixes = 'never'
    expect((await center(net.session.token)).json.data[0].aiUrls[1].url).toBe(`${net.url}/regions/11112`)
  })

  it('returns a second URL with delayed objects if configured', async () => {
    net.settings.secondUrlLagMs = 1000
    const { json } = await center(net.session.token)
    expect(json.data.aiUrls[2]).toMatchObject({ url: `${net.url}/regions/11112-b/ai`, enable: 'true' })
    const id = (await net.create()).json.data
    const path = `${json.data.aiUrls[2].url}/openapi/v2/instance-service/${id}/detail`
    expect((await send('GET', path, { token: net.session.token })).json.code).toBe('10004')
    net.time.ms += 1000
    expect((await send('GET', path, { token: net.session.token })).json.data.id).toBe(id)
  })
})
