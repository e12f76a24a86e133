import { afterEach, describe, expect, it } from 'vitest'
import { modelartsProvider } from '../../../src/providers/modelarts/index.ts'
import type { JsonObject } from '../../../src/vocabulary/json.ts'
import {
  type Connection,
  connect,
  expectSigned,
  failureOf,
  keys,
  login,
  projectId,
  rejection,
  signal,
  v1,
  v2,
} from './connection.ts'

let on: Connection
afterEach(() => on.close())

const tokens = 'POST /v3/auth/tokens?nocatalog=true'
const list = v1('GET', 'demanager/instances?de_type=Notebook&workspace_id=0')
const emptyList = { body: { total_count: 0, instances: [] } }
const token = (value: string, expires_at = '2024-01-03T03:04:05.123456Z') => ({
  status: 201,
  headers: { 'X-Subject-Token': value },
  body: { token: { expires_at, methods: ['password'] } },
})
const listEnvironments = () => on.driver('environment').list({ cursor: null, watched: [] }, signal)
const usedTokens = () =>
  on.stub.requests.filter(({ target }) => target.startsWith('/v1')).map(({ headers }) => headers['x-auth-token'])
const loginCount = () => on.stub.requests.filter(({ target }) => target.startsWith('/v3')).length

describe('ModelArts password credentials', () => {
  it('obtain one project token for all calls', async () => {
    on = await connect({}, login)
    on.stub.once(tokens, token('tok-1'))
    on.stub.on(list, emptyList)
    await Promise.all([listEnvironments(), listEnvironments(), listEnvironments()])
    await listEnvironments()
    expect(JSON.parse(on.stub.requests[0]?.body ?? '')).toEqual({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'dev', password: login.password, domain: { name: 'ACME' } } },
        },
        scope: { project: { id: projectId } },
      },
    })
    expect(usedTokens()).toEqual(['tok-1', 'tok-1', 'tok-1', 'tok-1'])
    expect(loginCount()).toBe(1)
    expect(on.stub.requests.at(-1)?.headers).not.toHaveProperty('authorization')
  })

  it('use the project name if configured, and the path of the IAM URL', async () => {
    on = await connect({ projectName: 'eu-de' }, login, '/gate/')
    on.stub.once('POST /gate/v3/auth/tokens?nocatalog=true', token('tok-1'))
    on.stub.once(list.replace(' /', ' /gate/'), emptyList)
    await listEnvironments()
    expect(JSON.parse(on.stub.requests[0]?.body ?? '').auth.scope).toEqual({ project: { name: 'eu-de' } })
  })

  it('renew the token shortly before it expires', async () => {
    on = await connect({}, login)
    on.stub.once(tokens, token('tok-1', '2024-01-02T04:04:05.000000Z'))
    on.stub.once(tokens, token('tok-2', '2024-01-02T05:04:05.000000Z'))
    on.stub.on(list, emptyList)
    await listEnvironments()
    on.clock.advance(54 * 60_000)
    await listEnvironments()
    on.clock.advance(2 * 60_000)
    await listEnvironments()
    expect(usedTokens()).toEqual(['tok-1', 'tok-1', 'tok-2'])
  })

  it.each([
    ['HTTP 401', { status: 401, body: '' }],
    ['an expired token', rejection('0202', 401)],
    ['an invalid token with HTTP 403', rejection('0203', 403)],
    ['6401', rejection('6401')],
    ['the gateway', { status: 401, body: { error_code: 'APIG.0307', error_msg: 'The token must be updated.' } }],
  ])('replace a used token once after its rejection by %s', async (_name, rejection) => {
    on = await connect({}, login)
    on.stub.once(tokens, token('tok-1'))
    on.stub.once(tokens, token('tok-2'))
    on.stub.once(list, emptyList)
    await listEnvironments()
    on.stub.once(list, rejection)
    on.stub.once(list, emptyList)
    await listEnvironments()
    expect(usedTokens()).toEqual(['tok-1', 'tok-1', 'tok-2'])
  })

  it('do not replace an unused token or a token of another project', async () => {
    on = await connect({}, login)
    on.stub.once(tokens, token('tok-1'))
    on.stub.once(list, rejection('0202', 401))
    expect(await failureOf(listEnvironments())).toMatchObject({ code: 'unauthenticated' })
    on.stub.once(tokens, token('tok-2'))
    on.stub.once(list, emptyList)
    await listEnvironments()
    on.stub.once(list, rejection('0210', 403))
    expect(await failureOf(listEnvironments())).toMatchObject({ code: 'unauthenticated', field: 'settings.projectId' })
    expect(loginCount()).toBe(2)
  })

  it('repeat a create only after a documented rejection of the token', async () => {
    on = await connect({}, login)
    on.stub.on(tokens, token('tok'))
    on.stub.once(list, emptyList)
    await listEnvironments()
    const spec = { name: 'n', image: 'i:1', script: 'ls', resources: { flavor: 'f' } }
    const jobs = v2('POST', 'training-jobs')
    on.stub.once(jobs, { status: 401, body: '<html>' })
    const failure = await failureOf(on.driver('job').create(on.intent<'job'>(spec), signal))
    expect(failure).toMatchObject({ code: 'outcome_unknown', httpStatus: 401 })
    on.stub.once(jobs, rejection('0202', 401))
    on.stub.once(jobs, { status: 201, body: { metadata: { id: 'j1' } } })
    expect(await on.driver('job').create(on.intent<'job'>(spec), signal)).toMatchObject({ remoteId: 'j1' })
    expect(on.stub.requests.filter(({ target }) => target.startsWith('/v2'))).toHaveLength(3)
  })

  it.each([
    [
      'rejected',
      { status: 401, body: { error: { message: 'The username or password is wrong.', code: 401 } } },
      'unauthenticated',
      'credentials.password',
    ],
    ['unreachable', { isReset: true as const }, 'unavailable', 'settings.iamUrl'],
    ['timed out', { isSilent: true as const }, 'timeout', 'settings.iamUrl'],
    ['without a token', { status: 201, body: { token: {} } }, 'bad_response', undefined],
  ])('leave a create unsent if the login is %s', async (_name, response, code, field) => {
    on = await connect({}, login)
    on.stub.once(tokens, response)
    const spec = { name: 'n', image: 'i:1', script: 'ls', resources: { flavor: 'f' } }
    const failure = await failureOf(on.driver('job').create(on.intent<'job'>(spec), signal))
    expect(failure).toMatchObject({ code, field, notSent: true })
    expect(on.stub.requests).toHaveLength(1)
  })

  it('redact a token that the vendor repeats in an error', async () => {
    on = await connect({}, login)
    on.stub.once(tokens, token('tok-very-secret'))
    on.stub.once(list, { status: 400, body: { error_code: 'ModelArts.0101', error_msg: 'bad header tok-very-secret' } })
    expect((await failureOf(listEnvironments())).message).not.toContain('tok-very-secret')
  })
})

describe('ModelArts access key', () => {
  it('signs with the security token of a temporary key', async () => {
    on = await connect({}, { ...keys, securityToken: 'sts-token' })
    on.stub.once(list, emptyList)
    await listEnvironments()
    for (const request of on.stub.requests) expectSigned(request, 'sts-token')
  })

  it('signs the path of the base URL', async () => {
    on = await connect({}, keys, '/gäte/')
    on.stub.once(list.replace(' /', ' /g%C3%A4te/'), emptyList)
    await listEnvironments()
    for (const request of on.stub.requests) expectSigned(request)
  })

  it('is not retried after a rejected signature, with a delay of five minutes', async () => {
    on = await connect()
    on.stub.once(list, {
      status: 401,
      body: {
        error_code: 'APIG.0301',
        error_msg: 'Incorrect IAM authentication information: verify aksk signature fail',
      },
    })
    expect(await failureOf(listEnvironments())).toMatchObject({
      code: 'unauthenticated',
      field: 'credentials.secretKey',
      retryAfterMs: 300_000,
    })
    expect(on.stub.requests).toHaveLength(1)
  })
})

describe('incomplete ModelArts credentials', () => {
  it.each<[JsonObject, string]>([
    [{ accessKey: 'AK', securityToken: 't' }, 'credentials.secretKey'],
    [{ secretKey: keys.secretKey, securityToken: 't' }, 'credentials.accessKey'],
    [{ username: 'dev', password: login.password }, 'credentials.domainName'],
    [{ username: 'dev', domainName: 'ACME' }, 'credentials.password'],
    [{ password: login.password, domainName: 'ACME' }, 'credentials.username'],
    [{ ...keys, password: login.password }, 'credentials.password'],
  ])('report the missing field without a request (case %#)', async (credentials, field) => {
    on = await connect({}, credentials)
    expect(await failureOf(on.provider.verify(signal))).toMatchObject({ code: 'unauthenticated', field, notSent: true })
    expect(on.stub.requests).toEqual([])
  })
})

describe('ModelArts verification', () => {
  const first = v1('GET', 'demanager/instances?de_type=Notebook&limit=1&workspace_id=0')

  it('lists environments of the configured API', async () => {
    on = await connect()
    on.stub.once(first, emptyList)
    await expect(on.provider.verify(signal)).resolves.toBeUndefined()
    await on.close()
    on = await connect({ environmentApi: 'notebooks' })
    on.stub.once(v1('GET', 'notebooks?limit=10&offset=0&workspaceId=0&workspace_id=0'), {
      body: { total: 0, data: [] },
    })
    await expect(on.provider.verify(signal)).resolves.toBeUndefined()
  })

  it.each([
    [
      'the API is unpublished',
      { status: 404, body: { error_code: 'APIG.0101', error_msg: 'not published' } },
      'settings.environmentApi',
    ],
    ['the project is wrong', rejection('0210', 403), 'settings.projectId'],
    ['the workspace is unknown', rejection('0102'), 'settings.workspaceId'],
    [
      'the token is of another region',
      { status: 401, body: { error_code: 'APIG.0307', error_msg: 'x' } },
      'settings.region',
    ],
    ['the clock is wrong', { status: 401, body: { error_code: 'APIG.0301', error_msg: 'signature expired' } }, 'clock'],
  ])('reports the field if %s', async (_name, response, field) => {
    on = await connect()
    on.stub.once(first, response)
    expect(await failureOf(on.provider.verify(signal))).toMatchObject({ field })
  })

  it('reports the base URL if nothing responds', async () => {
    on = await connect()
    const closed = await connect()
    await closed.close()
    await on.close()
    expect(await failureOf(closed.provider.verify(signal))).toMatchObject({
      code: 'unavailable',
      field: 'settings.baseUrl',
    })
    on = await connect()
  })
})

describe('ModelArts settings', () => {
  it('determine the endpoints and the scope of workloads', async () => {
    on = await connect()
    const huawei = { region: 'cn-north-4', domain: 'myhuaweicloud.com', projectId }
    expect(modelartsProvider.baseUrl({ region: 'eu-de', projectId })).toBe('https://modelarts.eu-de.otc.t-systems.com')
    expect(modelartsProvider.baseUrl(huawei)).toBe('https://modelarts.cn-north-4.myhuaweicloud.com')
    expect(modelartsProvider.scope(huawei)).toEqual({
      region: 'cn-north-4',
      baseUrl: 'https://modelarts.cn-north-4.myhuaweicloud.com',
      projectId,
      workspaceId: '0',
      environmentApi: 'demanager',
    })
  })
})
