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
  refusal,
  signal,
  v1,
  v2,
} from './connection.ts'

let on: Connection
afterEach(() => on.close())

const tokens = 'POST /v3/auth/tokens?nocatalog=true'
const list = v1('GET', 'demanager/instances?de_type=Notebook&workspace_id=0')
const nothing = { body: { total_count: 0, instances: [] } }
const token = (value: string, expires_at = '2024-01-03T03:04:05.123456Z') => ({
  status: 201,
  headers: { 'X-Subject-Token': value },
  body: { token: { expires_at, methods: ['password'] } },
})
const look = () => on.driver('environment').list({ cursor: null, watched: [] }, signal)
const used = () =>
  on.stub.requests.filter(({ target }) => target.startsWith('/v1')).map(({ headers }) => headers['x-auth-token'])
const asked = () => on.stub.requests.filter(({ target }) => target.startsWith('/v3')).length

describe('a user and a password', () => {
  it('become a token of the project, once for all calls', async () => {
    on = await connect({}, login)
    on.stub.once(tokens, token('tok-1'))
    on.stub.on(list, nothing)
    await Promise.all([look(), look(), look()])
    await look()
    expect(JSON.parse(on.stub.requests[0]?.body ?? '')).toEqual({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'dev', password: login.password, domain: { name: 'ACME' } } },
        },
        scope: { project: { id: projectId } },
      },
    })
    expect(used()).toEqual(['tok-1', 'tok-1', 'tok-1', 'tok-1'])
    expect(asked()).toBe(1)
    expect(on.stub.requests.at(-1)?.headers).not.toHaveProperty('authorization')
  })

  it('ask by the name of the project where the connection has one, below the path of the IAM URL', async () => {
    on = await connect({ projectName: 'eu-de' }, login, '/gate/')
    on.stub.once('POST /gate/v3/auth/tokens?nocatalog=true', token('tok-1'))
    on.stub.once(list.replace(' /', ' /gate/'), nothing)
    await look()
    expect(JSON.parse(on.stub.requests[0]?.body ?? '').auth.scope).toEqual({ project: { name: 'eu-de' } })
  })

  it('are asked again shortly before the token ends', async () => {
    on = await connect({}, login)
    on.stub.once(tokens, token('tok-1', '2024-01-02T04:04:05.000000Z'))
    on.stub.once(tokens, token('tok-2', '2024-01-02T05:04:05.000000Z'))
    on.stub.on(list, nothing)
    await look()
    on.clock.advance(54 * 60_000)
    await look()
    on.clock.advance(2 * 60_000)
    await look()
    expect(used()).toEqual(['tok-1', 'tok-1', 'tok-2'])
  })

  it.each([
    ['HTTP 401', { status: 401, body: '' }],
    ['an expired token', refusal('0202', 401)],
    ['an invalid token with HTTP 403', refusal('0203', 403)],
    ['6401', refusal('6401')],
    ['the gateway', { status: 401, body: { error_code: 'APIG.0307', error_msg: 'The token must be updated.' } }],
  ])('replace a token once that was used before and is rejected by %s', async (_name, rejection) => {
    on = await connect({}, login)
    on.stub.once(tokens, token('tok-1'))
    on.stub.once(tokens, token('tok-2'))
    on.stub.once(list, nothing)
    await look()
    on.stub.once(list, rejection)
    on.stub.once(list, nothing)
    await look()
    expect(used()).toEqual(['tok-1', 'tok-1', 'tok-2'])
  })

  it('do not replace a fresh token, nor one of the wrong project', async () => {
    on = await connect({}, login)
    on.stub.once(tokens, token('tok-1'))
    on.stub.once(list, refusal('0202', 401))
    expect(await failureOf(look())).toMatchObject({ code: 'unauthenticated' })
    on.stub.once(tokens, token('tok-2'))
    on.stub.once(list, nothing)
    await look()
    on.stub.once(list, refusal('0210', 403))
    expect(await failureOf(look())).toMatchObject({ code: 'unauthenticated', field: 'settings.projectId' })
    expect(asked()).toBe(2)
  })

  it('send a create again only where the documents say that the token was rejected before', async () => {
    on = await connect({}, login)
    on.stub.on(tokens, token('tok'))
    on.stub.once(list, nothing)
    await look()
    const spec = { name: 'n', image: 'i:1', script: 'ls', resources: { flavor: 'f' } }
    const jobs = v2('POST', 'training-jobs')
    on.stub.once(jobs, { status: 401, body: '<html>' })
    const failure = await failureOf(on.driver('job').create(on.intent<'job'>(spec), signal))
    expect(failure).toMatchObject({ code: 'outcome_unknown', httpStatus: 401 })
    on.stub.once(jobs, refusal('0202', 401))
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
    ['not reachable', { isReset: true as const }, 'unavailable', 'settings.iamUrl'],
    ['not answered', { isSilent: true as const }, 'timeout', 'settings.iamUrl'],
    ['answered without a token', { status: 201, body: { token: {} } }, 'bad_response', undefined],
  ])('%s: the create that needed the token was not sent', async (_name, answer, code, field) => {
    on = await connect({}, login)
    on.stub.once(tokens, answer)
    const spec = { name: 'n', image: 'i:1', script: 'ls', resources: { flavor: 'f' } }
    const failure = await failureOf(on.driver('job').create(on.intent<'job'>(spec), signal))
    expect(failure).toMatchObject({ code, field, notSent: true })
    expect(on.stub.requests).toHaveLength(1)
  })

  it('do not show in an error that echoes the token', async () => {
    on = await connect({}, login)
    on.stub.once(tokens, token('tok-very-secret'))
    on.stub.once(list, { status: 400, body: { error_code: 'ModelArts.0101', error_msg: 'bad header tok-very-secret' } })
    expect((await failureOf(look())).message).not.toContain('tok-very-secret')
  })
})

describe('an access key', () => {
  it('signs with the security token of a temporary key', async () => {
    on = await connect({}, { ...keys, securityToken: 'sts-token' })
    on.stub.once(list, nothing)
    await look()
    for (const request of on.stub.requests) expectSigned(request, 'sts-token')
  })

  it('signs the path of a base URL that has one', async () => {
    on = await connect({}, keys, '/gäte/')
    on.stub.once(list.replace(' /', ' /g%C3%A4te/'), nothing)
    await look()
    for (const request of on.stub.requests) expectSigned(request)
  })

  it('is not tried again when its signature is rejected, and rests for five minutes', async () => {
    on = await connect()
    on.stub.once(list, {
      status: 401,
      body: {
        error_code: 'APIG.0301',
        error_msg: 'Incorrect IAM authentication information: verify aksk signature fail',
      },
    })
    expect(await failureOf(look())).toMatchObject({
      code: 'unauthenticated',
      field: 'credentials.secretKey',
      retryAfterMs: 300_000,
    })
    expect(on.stub.requests).toHaveLength(1)
  })
})

describe('incomplete credentials', () => {
  it.each<[JsonObject, string]>([
    [{ accessKey: 'AK', securityToken: 't' }, 'credentials.secretKey'],
    [{ secretKey: keys.secretKey, securityToken: 't' }, 'credentials.accessKey'],
    [{ username: 'dev', password: login.password }, 'credentials.domainName'],
    [{ username: 'dev', domainName: 'ACME' }, 'credentials.password'],
    [{ password: login.password, domainName: 'ACME' }, 'credentials.username'],
    [{ ...keys, password: login.password }, 'credentials.password'],
  ])('%# name the field, and nothing is sent', async (credentials, field) => {
    on = await connect({}, credentials)
    expect(await failureOf(on.provider.verify(signal))).toMatchObject({ code: 'unauthenticated', field, notSent: true })
    expect(on.stub.requests).toEqual([])
  })
})

describe('verifying a connection', () => {
  const first = v1('GET', 'demanager/instances?de_type=Notebook&limit=1&workspace_id=0')

  it('lists environments of the API that was chosen', async () => {
    on = await connect()
    on.stub.once(first, nothing)
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
      'the API is not published',
      { status: 404, body: { error_code: 'APIG.0101', error_msg: 'not published' } },
      'settings.environmentApi',
    ],
    ['the project is another', refusal('0210', 403), 'settings.projectId'],
    ['the workspace is unknown', refusal('0102'), 'settings.workspaceId'],
    [
      'the token is of another region',
      { status: 401, body: { error_code: 'APIG.0307', error_msg: 'x' } },
      'settings.region',
    ],
    ['the clock is wrong', { status: 401, body: { error_code: 'APIG.0301', error_msg: 'signature expired' } }, 'clock'],
  ])('names the field where %s', async (_name, answer, field) => {
    on = await connect()
    on.stub.once(first, answer)
    expect(await failureOf(on.provider.verify(signal))).toMatchObject({ field })
  })

  it('names the base URL if nothing responds', async () => {
    on = await connect()
    const gone = await connect()
    await gone.close()
    await on.close()
    expect(await failureOf(gone.provider.verify(signal))).toMatchObject({
      code: 'unavailable',
      field: 'settings.baseUrl',
    })
    on = await connect()
  })
})

describe('the settings', () => {
  it('make the endpoints, and what a workload is bound to', async () => {
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
