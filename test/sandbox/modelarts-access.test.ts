import { describe, expect, it } from 'vitest'
import { forEachTest } from '../support/for-each-test.ts'
import { send } from './modelarts-client.ts'
import { startModelarts } from './modelarts-sandbox.ts'

const arts = forEachTest(startModelarts, ({ sandbox }) => sandbox.close())

const minuteMs = 60_000
const list = 'GET v1/demanager/instances?de_type=Notebook'
const path = () => `/v1/${arts.account.projectId}/notebooks`
const withToken = (token: string, target = path()) =>
  send(arts.url, { method: 'GET', path: target, headers: { 'x-auth-token': token } })

describe('ModelArts sandbox IAM', () => {
  it('returns the token in a header and its claims in the body', async () => {
    const { status, headers, text, json } = await arts.login()
    expect(status).toBe(201)
    expect(json.token).toMatchObject({
      expires_at: '2026-01-06T00:00:00.000000Z',
      issued_at: '2026-01-05T00:00:00.000000Z',
      methods: ['password'],
      project: { id: arts.account.projectId, name: 'eu-de' },
      user: { id: arts.account.userId, name: 'sandbox-user' },
    })
    expect(text).not.toContain(String(headers['x-subject-token']))
  })

  it('returns the ModelArts endpoint in the catalog', async () => {
    const { json } = await arts.login()
    const urls = json.token.catalog.flatMap((entry: { endpoints: { url: string }[] }) => entry.endpoints)
    expect(urls.map(({ url }: { url: string }) => url)).toContain(`${arts.url}/v1/${arts.account.projectId}`)
  })

  it.each([
    ['a wrong password', { password: 'wrong' }],
    ['an unknown user', { userName: 'unknown' }],
    ["another's domain", { domainName: 'elsewhere' }],
  ])('rejects %s with an integer code', async (_name, wrong) => {
    const { status, json } = await arts.login({ ...arts.account, ...wrong } as typeof arts.account)
    expect(status).toBe(401)
    expect(json).toEqual({ error: { message: expect.any(String), code: 401, title: 'Unauthorized' } })
  })

  it('rejects a project of another user and an invalid body', async () => {
    expect((await arts.login(arts.account, { project: { name: 'eu-fr' } })).status).toBe(404)
    const emptyLogin = { method: 'POST', path: '/v3/auth/tokens', headers: {}, body: '{}' }
    expect((await send(arts.url, emptyLogin)).json.error.code).toBe(400)
  })

  it('finds a project id by name, for keys and tokens', async () => {
    const query = [['name', 'eu-de']] as const
    const { json } = await arts.signed('GET', '/v3/projects', { query })
    expect(json.projects).toMatchObject([{ id: arts.account.projectId, name: 'eu-de' }])
    expect((await withToken(await arts.tokenOf(), '/v3/projects')).json.projects).toHaveLength(2)
    expect((await withToken('rubbish', '/v3/projects')).json.error.code).toBe(401)
  })

  it('checks a token with HEAD', async () => {
    const token = await arts.tokenOf()
    const check = (subject: string) =>
      send(arts.url, {
        method: 'HEAD',
        path: '/v3/auth/tokens',
        headers: { 'x-auth-token': token, 'x-subject-token': subject },
      })
    expect((await check(token)).status).toBe(200)
    expect((await check('rubbish')).status).toBe(404)
  })
})

describe('ModelArts sandbox token', () => {
  it('stays valid after a newer one is issued', async () => {
    const first = await arts.tokenOf()
    await arts.tokenOf()
    expect((await withToken(first)).status).toBe(200)
  })

  it.each([
    ['', 'ModelArts.0201'],
    ['rubbish', 'ModelArts.0203'],
  ])('%j is rejected with %s', async (token, code) => {
    expect(await withToken(token)).toMatchObject({ status: 401, json: { error_code: code } })
  })

  it('is rejected after a change of one character', async () => {
    const token = await arts.tokenOf()
    const changed = token.slice(0, 40) + (token[40] === 'A' ? 'B' : 'A') + token.slice(41)
    expect((await withToken(changed)).status).toBe(401)
  })

  it('expires after 24 hours', async () => {
    const token = await arts.tokenOf()
    arts.time.ms += 24 * 60 * minuteMs - 1
    expect((await withToken(token)).status).toBe(200)
    arts.time.ms += 1
    expect((await withToken(token)).json.error_code).toBe('ModelArts.0202')
    arts.settings.tokenErrorsFrom = 'gateway'
    expect((await withToken(token)).json).toMatchObject({ error_code: 'APIGW.0307', request_id: expect.any(String) })
  })

  it('is invalid after a change of the password', async () => {
    const token = await arts.tokenOf()
    arts.time.ms += 1
    arts.settings.tokensValidFrom = arts.time.ms
    expect((await withToken(token)).status).toBe(401)
    expect((await withToken(await arts.tokenOf())).status).toBe(200)
  })

  it('needs the scope of a project, this region and the path', async () => {
    const unscoped = await arts.tokenOf(arts.account, {})
    expect(await withToken(unscoped)).toMatchObject({ status: 401, json: { error_code: 'ModelArts.0212' } })
    const otherRegion = await arts.tokenOf(arts.account, { project: { name: 'eu-nl' } })
    expect(await withToken(otherRegion)).toMatchObject({ status: 401, json: { error_code: 'APIGW.0307' } })
    const token = await arts.tokenOf()
    const foreign = '0'.repeat(32)
    expect(await withToken(token, `/v1/${foreign}/notebooks`)).toMatchObject({
      status: 403,
      json: { error_code: 'ModelArts.0210' },
    })
    expect(await withToken(token, `/v2/${foreign}/training-job-flavors`)).toMatchObject({
      status: 404,
      json: { error_code: 'ModelArts.2786' },
    })
  })

  it('is not accepted as a bearer token', async () => {
    const headers = { authorization: `Bearer ${await arts.tokenOf()}` }
    expect((await send(arts.url, { method: 'GET', path: path(), headers })).status).toBe(401)
  })
})

describe('ModelArts sandbox key pair', () => {
  it('signs reads and writes with a body', async () => {
    expect((await arts.signed('GET', path(), { query: [['name', 'a b+ü']] })).status).toBe(200)
    const body = { description: 'Übung' }
    const reply = await arts.signed('PUT', `${path()}/none`, { body })
    expect(reply.json.error_code).toBe('ModelArts.6404')
  })

  it.each([
    ['no authorization', { authorization: '' }],
    ['another date than the signed one', { 'X-Sdk-Date': '20260105T000001Z' }],
  ])('is rejected with %s', async (_name, unsigned) => {
    const reply = await arts.signed('GET', path(), { unsigned })
    expect(reply.status).toBe(401)
  })

  it('is rejected if the body differs from the signed one', async () => {
    const options = { body: { description: 'one' }, sentBody: { description: 'two' } }
    expect((await arts.signed('PUT', `${path()}/none`, options)).json).toMatchObject({
      error_code: 'APIGW.0301',
      error_msg: 'Incorrect IAM authentication information: verify aksk signature fail',
    })
  })

  it('is accepted with a clock skew of at most fifteen minutes', async () => {
    expect((await arts.signed('GET', path(), { at: arts.time.ms - 15 * minuteMs })).status).toBe(200)
    expect((await arts.signed('GET', path(), { at: arts.time.ms + 15 * minuteMs + 1000 })).json).toMatchObject({
      error_code: 'APIGW.0301',
      error_msg: 'Incorrect IAM authentication information: signature expired',
    })
  })

  it('is locked for five minutes after five consecutive failures', async () => {
    const wrong = { keys: { accessKey: arts.account.accessKey, secretKey: 'wrong' } }
    for (let count = 0; count < 4; count += 1) await arts.signed('GET', path(), wrong)
    expect((await arts.signed('GET', path())).status).toBe(200)
    for (let count = 0; count < 5; count += 1) await arts.signed('GET', path(), wrong)
    const locked = await arts.signed('GET', path())
    expect(locked).toMatchObject({
      status: 401,
      json: { error_msg: expect.stringContaining('reach the limit,forbidden') },
    })
    arts.time.ms += 5 * minuteMs - 1
    expect((await arts.signed('GET', path())).status).toBe(401)
    arts.time.ms += 1
    expect((await arts.signed('GET', path())).status).toBe(200)
  })

  it('needs its security token if it is temporary', async () => {
    const { temporaryAccessKey, temporarySecretKey, securityToken } = arts.account
    const keys = { accessKey: temporaryAccessKey, secretKey: temporarySecretKey }
    expect((await arts.signed('GET', path(), { keys })).status).toBe(401)
    const headers = { 'X-Security-Token': securityToken }
    expect((await arts.signed('GET', path(), { keys, headers })).status).toBe(200)
    expect((await arts.signed('GET', path(), { headers })).status).toBe(200)
  })

  it('rejects another X-Project-Id than the path, and a missing one if required', async () => {
    const foreign = { 'X-Project-Id': '0'.repeat(32) }
    expect((await arts.signed('GET', path(), { headers: foreign })).json.error_code).toBe('ModelArts.0210')
    const withoutHeader = { headers: { 'X-Project-Id': '' } }
    const unsigned = { ...withoutHeader, unsigned: { 'X-Project-Id': arts.account.projectId } }
    expect((await arts.signed('GET', path(), withoutHeader)).status).toBe(200)
    expect((await arts.signed('GET', path(), unsigned)).status).toBe(200)
    arts.settings.requireProjectHeader = true
    expect((await arts.signed('GET', path(), withoutHeader)).json.error_code).toBe('ModelArts.0210')
    expect((await arts.signed('GET', path(), unsigned)).json.error_code).toBe('ModelArts.0210')
    expect((await arts.signed('GET', path())).status).toBe(200)
  })

  it('is rejected by its own message if it is unknown', async () => {
    const keys = { accessKey: 'UNKNOWNKEY', secretKey: 'x' }
    expect((await arts.signed('GET', path(), { keys })).json.error_msg).toContain('Get secretKey failed')
  })

  it('does not show objects of another user', async () => {
    const [other] = arts.sandbox.otherAccounts.modelarts
    if (other === undefined) throw new Error('missing second account')
    const token = await arts.tokenOf(other as typeof arts.account)
    expect((await withToken(token)).json.error_code).toBe('ModelArts.0210')
    expect((await withToken(token, `/v1/${other.projectId}/notebooks`)).json.total).toBe(0)
  })
})

describe('ModelArts sandbox errors', () => {
  it('come from the gateway for unknown paths', async () => {
    expect(await arts.call('GET v1/nothing')).toMatchObject({ status: 404, json: { error_code: 'APIGW.0101' } })
    arts.settings.gatewayPrefix = 'APIG'
    expect((await arts.call('GET v1/nothing')).json.error_code).toBe('APIG.0101')
  })

  it('of demanager use error_message or error_msg, optionally with HTTP 200', async () => {
    const missing = 'GET v1/demanager/instances/none'
    const message = 'The instance does not exist.'
    expect((await arts.call(missing)).json).toEqual({ error_message: message, error_code: 'ModelArts.6309' })
    arts.settings.v1ErrorField = 'error_msg'
    expect((await arts.call(missing)).json).toEqual({ error_msg: message, error_code: 'ModelArts.6309' })
    arts.settings.errorsIn200 = true
    const { status, json } = await arts.call(missing)
    expect([status, json.is_success]).toEqual([200, false])
  })

  it('of an invalid token are 403 on v2 paths if configured', async () => {
    arts.settings.jobTokenErrorsAre403 = true
    const reply = await arts.call('GET v2/training-job-flavors', undefined, { 'x-auth-token': 'rubbish' })
    expect(reply).toMatchObject({ status: 403, json: { error_code: 'ModelArts.2784' } })
  })

  it.each([
    ['rate_limited', {}, 429, 'APIGW.0308'],
    ['credentials', { reason: 'invalid' }, 401, 'APIGW.0301'],
    ['credentials', { reason: 'expired' }, 401, 'ModelArts.0202'],
    ['credentials', { reason: 'forbidden' }, 403, 'APIGW.0302'],
    ['error_before', {}, 500, 'ModelArts.0010'],
    ['error_before', { status: 504 }, 504, 'APIGW.0203'],
    ['error_body', {}, 200, 'ModelArts.0010'],
  ] as const)('for the fault %s %j are documented ones', async (kind, detail, status, code) => {
    arts.sandbox.faults.add({ kind, ...detail, operation: 'instances.list' })
    expect(await arts.call(list)).toMatchObject({ status, json: { error_code: code } })
  })
})
