import { beforeEach, describe, expect, it } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { endAfterFile } from '../support/end-after-file.ts'

// Every answer here was recorded from JupyterHub 3.0.0, 4.1.6, 5.5.4 and 6.1.1.

const time = { ms: Date.parse('2026-01-05T00:00:00Z') }
const started = await startSandbox({ providers: ['jupyterhub'], clock: { now: () => time.ms } })
const sandbox = endAfterFile(started, ({ close }) => close())
beforeEach(() => sandbox.reset())

const be = (version: string) => sandbox.changeSettings('jupyterhub', { version })

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
const said = async (...request: Parameters<typeof call>) => {
  const { status, json } = await call(...request)
  return [status, json.message]
}
const server = '/hub/api/users/ada/servers/lab'
const shown = async () => (await call('GET', '/hub/api/users/ada?include_stopped_servers=1')).json.servers.lab

async function ready(): Promise<void> {
  await call('POST', '/hub/api/users/ada')
  await call('POST', server, { body: '{"image":"x"}' })
  time.ms += 1000
}

describe.each([
  ['3.0.0', 'Action is not authorized with current scopes; requires any of [servers]', 500],
  ['4.1.6', 'Missing or invalid credentials.', 500],
  ['5.5.4', 'Missing or invalid credentials.', 404],
  ['6.1.1', 'Missing or invalid credentials.', 404],
])('JupyterHub %s', (version, unidentified, stopOfNobody) => {
  const isSix = version.startsWith('6')
  beforeEach(() => be(version))

  it('names what it has no words for by its status, from 6.0 on by nothing', async () => {
    expect(await said('GET', '/hub/api/users/ada')).toEqual([404, isSix ? null : 'Not Found'])
    expect(await said('POST', server)).toEqual([404, isSix ? null : 'Not Found'])
    expect(await said('GET', '/hub/api/user', { token: 'nobodys' })).toEqual([403, isSix ? null : 'Forbidden'])
    expect(await said('POST', server, { token: 'nobodys' })).toEqual([403, unidentified])
  })

  it('answers a stop for a user who is not there', async () => {
    expect((await call('DELETE', server)).status).toBe(stopOfNobody)
  })

  it('takes a stop while a server starts from 5.0 on', async () => {
    await call('POST', '/hub/api/users/ada')
    await call('POST', server)
    const isTaken = version > '5'
    expect((await call('DELETE', server)).status).toBe(isTaken ? 204 : 400)
    expect(await shown()).toMatchObject(isTaken ? { stopped: true } : { pending: 'spawn' })
  })

  it("takes a user's token in the address of a server, up to 4.x, and never at the hub", async () => {
    await ready()
    const body = '{"scopes":["access:servers!server=ada/lab"]}'
    const { token } = (await call('POST', '/hub/api/users/ada/tokens', { body })).json
    const none = { token: 'nobodys' }
    const isTaken = version < '5'
    // Without an `Authorization`, which would come first.
    const bare = (path: string) => fetch(`${sandbox.urls.jupyterhub}${path}?token=${token}`, { redirect: 'manual' })
    expect((await bare('/user/ada/lab/api/status')).status).toBe(isTaken ? 200 : 403)
    const page = await bare('/user/ada/lab/')
    expect([page.status, page.headers.get('location')]).toEqual(
      isTaken ? [200, null] : [302, '/hub/login?next=%2Fuser%2Fada%2Flab%2F'],
    )
    expect((await bare('/hub/api/user')).status).toBe(403)
    expect((await call('GET', '/user/ada/lab/', { token })).status).toBe(200)
    expect((await call('GET', '/user/ada/lab/', none)).status).toBe(302)
  })

  it('shows the fields of its models', async () => {
    await ready()
    const fields = { '3': [], '4': [], '5': ['full_name', 'full_url'], '6': ['display_name', 'full_name', 'full_url'] }
    const known = fields[version.slice(0, 1) as keyof typeof fields]
    const model = await shown()
    expect(['display_name', 'full_name', 'full_url'].filter((name) => name in model)).toEqual(known)
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
  ])('takes a server by the name %s: from 6.0 on where it is a slug', async (name, isSlug) => {
    await call('POST', '/hub/api/users/ada')
    const answer = await said('POST', `/hub/api/users/ada/servers/${name}`)
    expect(answer).toEqual(isSix && !isSlug ? [400, `Invalid server_name: '${name}'`] : [202, undefined])
  })

  it.each([
    ['{"image":"y"}', { image: 'y' }, { image: 'y' }],
    ['{"user_options":{"z":1},"image":"y"}', { user_options: { z: 1 }, image: 'y' }, { z: 1 }],
    ['{"display_name":"x","image":"y"}', { display_name: 'x', image: 'y' }, {}],
    ['{"user_options":"x"}', { user_options: 'x' }, 'user_options must be an object or null'],
    ['[1]', [1], 'Body must be a JSON object'],
  ])('reads the body %s', async (body, asOptions, fromSix) => {
    await call('POST', '/hub/api/users/ada')
    const { status, json } = await call('POST', server, { body })
    if (isSix && typeof fromSix === 'string') return expect([status, json.message]).toEqual([400, fromSix])
    expect((await shown()).user_options).toEqual(isSix ? fromSix : asOptions)
  })

  it('asks for a separate scope to start, from 6.0 on, which `servers` includes', async () => {
    const { scopes } = (await call('GET', '/hub/api/user')).json
    expect(scopes.includes('start:servers')).toBe(isSix)
    const token = sandbox.otherAccounts.jupyterhub[0]?.token ?? ''
    expect((await call('POST', '/hub/api/users/ben/servers/own', { token })).status).toBe(202)
  })
})

it('an address that is opened without a token ends at the login', async () => {
  be('6.1.1')
  await ready()
  const response = await fetch(`${sandbox.urls.jupyterhub}/user/ada/lab/`)
  expect([response.status, new URL(response.url).pathname]).toEqual([200, '/hub/login'])
})
