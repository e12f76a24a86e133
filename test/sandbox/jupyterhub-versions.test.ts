import { beforeEach, describe, expect, it } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { endAfterFile } from '../support/end-after-file.ts'

// Every response here was recorded from JupyterHub 3.0.0, 4.1.6, 5.5.4 and 6.1.1.

const time = { ms: Date.parse('2026-01-05T00:00:00Z') }
const started = await startSandbox({ providers: ['jupyterhub'], clock: { now: () => time.ms } })
const sandbox = endAfterFile(started, ({ close }) => close())
beforeEach(() => sandbox.reset())

const useVersion = (version: string) => sandbox.changeSettings('jupyterhub', { version })

async function call(method: string, path: string, { token, body }: { token?: string; body?: string } = {}) {
  const authorization = `token ${token ?? sandbox.accounts.jupyterhub.token}`
  const init = {
    method,
    headers: { authorization },
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  } as const
  const response = await fetch(sandbox.urls.jupyterhub + path, init)
  const text = await response.text()
  return { status: response.status, json: text.startsWith('{') ? JSON.parse(text) : text, headers: response.headers }
}
const statusAndMessage = async (...request: Parameters<typeof call>) => {
  const { status, json } = await call(...request)
  return [status, json.message]
}
const server = '/hub/api/users/ada/servers/lab'
const serverModel = async () => (await call('GET', '/hub/api/users/ada?include_stopped_servers=1')).json.servers.lab

async function createReadyServer(): Promise<void> {
  await call('POST', '/hub/api/users/ada')
  await call('POST', server, { body: '{"image":"x"}' })
  time.ms += 1000
}

describe.each([
  ['3.0.0', 'Action is not authorized with current scopes; requires any of [servers]', 500],
  ['4.1.6', 'Missing or invalid credentials.', 500],
  ['5.5.4', 'Missing or invalid credentials.', 404],
  ['6.1.1', 'Missing or invalid credentials.', 404],
])('JupyterHub sandbox %s', (version, unauthenticatedMessage, stopOfUnknownUser) => {
  const isSix = version.startsWith('6')
  beforeEach(() => useVersion(version))

  it('reports errors without a specific message by the status text, from 6.0 by null', async () => {
    expect(await statusAndMessage('GET', '/hub/api/users/ada')).toEqual([404, isSix ? null : 'Not Found'])
    expect(await statusAndMessage('POST', server)).toEqual([404, isSix ? null : 'Not Found'])
    expect(await statusAndMessage('GET', '/hub/api/user', { token: 'unknown' })).toEqual([
      403,
      isSix ? null : 'Forbidden',
    ])
    expect(await statusAndMessage('POST', server, { token: 'unknown' })).toEqual([403, unauthenticatedMessage])
  })

  it('returns the recorded status for a stop of an unknown user', async () => {
    expect((await call('DELETE', server)).status).toBe(stopOfUnknownUser)
  })

  it('accepts a stop during a start from 5.0', async () => {
    await call('POST', '/hub/api/users/ada')
    await call('POST', server)
    const isAccepted = version > '5'
    expect((await call('DELETE', server)).status).toBe(isAccepted ? 204 : 400)
    expect(await serverModel()).toMatchObject(isAccepted ? { stopped: true } : { pending: 'spawn' })
  })

  it('accepts a user token in a server URL up to 4.x, and never at the hub', async () => {
    await createReadyServer()
    const body = '{"scopes":["access:servers!server=ada/lab"]}'
    const { token } = (await call('POST', '/hub/api/users/ada/tokens', { body })).json
    const unknownToken = { token: 'unknown' }
    const isAccepted = version < '5'
    // An `Authorization` header would take precedence.
    const withTokenInUrl = (path: string) =>
      fetch(`${sandbox.urls.jupyterhub}${path}?token=${token}`, { redirect: 'manual' })
    expect((await withTokenInUrl('/user/ada/lab/api/status')).status).toBe(isAccepted ? 200 : 403)
    const page = await withTokenInUrl('/user/ada/lab/')
    expect([page.status, page.headers.get('location')]).toEqual(
      isAccepted ? [200, null] : [302, '/hub/login?next=%2Fuser%2Fada%2Flab%2F'],
    )
    expect((await withTokenInUrl('/hub/api/user')).status).toBe(403)
    expect((await call('GET', '/user/ada/lab/', { token })).status).toBe(200)
    expect((await call('GET', '/user/ada/lab/', unknownToken)).status).toBe(302)
  })

  it('returns the fields of its models', async () => {
    await createReadyServer()
    const fields = { '3': [], '4': [], '5': ['full_name', 'full_url'], '6': ['display_name', 'full_name', 'full_url'] }
    const expectedFields = fields[version.slice(0, 1) as keyof typeof fields]
    const model = await serverModel()
    expect(['display_name', 'full_name', 'full_url'].filter((name) => name in model)).toEqual(expectedFields)
  })

  it.each([
    ['lab', true],
    [`a${'x'.repeat(29)}`, true],
    [`a${'x'.repeat(30)}`, false],
    ['1st', false],
    ['a--b', false],
    ['a-', false],
    ['Upper', false],
    ['a_b', false],
  ])('accepts the server name %s, from 6.0 only if it is a slug', async (name, isSlug) => {
    await call('POST', '/hub/api/users/ada')
    const answer = await statusAndMessage('POST', `/hub/api/users/ada/servers/${name}`)
    expect(answer).toEqual(isSix && !isSlug ? [400, `Invalid server_name: '${name}'`] : [202, undefined])
  })

  it.each([
    ['{"image":"y"}', { image: 'y' }, { image: 'y' }],
    ['{"user_options":{"z":1},"image":"y"}', { user_options: { z: 1 }, image: 'y' }, { z: 1 }],
    ['{"display_name":"x","image":"y"}', { display_name: 'x', image: 'y' }, {}],
    ['{"user_options":"x"}', { user_options: 'x' }, 'user_options must be an object or null'],
    ['[1]', [1], 'Body must be a JSON object'],
  ])('parses the body %s', async (body, asOptions, fromSix) => {
    await call('POST', '/hub/api/users/ada')
    const { status, json } = await call('POST', server, { body })
    if (isSix && typeof fromSix === 'string') return expect([status, json.message]).toEqual([400, fromSix])
    expect((await serverModel()).user_options).toEqual(isSix ? fromSix : asOptions)
  })

  it('has a separate scope for starts from 6.0, which `servers` includes', async () => {
    const { scopes } = (await call('GET', '/hub/api/user')).json
    expect(scopes.includes('start:servers')).toBe(isSix)
    const token = sandbox.otherAccounts.jupyterhub[0]?.token ?? ''
    expect((await call('POST', '/hub/api/users/ben/servers/own', { token })).status).toBe(202)
  })
})

it('the JupyterHub sandbox redirects a server URL without a token to the login', async () => {
  useVersion('6.1.1')
  await createReadyServer()
  const response = await fetch(`${sandbox.urls.jupyterhub}/user/ada/lab/`)
  expect([response.status, new URL(response.url).pathname]).toEqual([200, '/hub/login'])
})
