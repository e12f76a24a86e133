import { beforeEach, describe, expect, it } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { endAfterFile } from '../support/end-after-file.ts'

// Every status and message here was observed on JupyterHub 3.0.0.

const time = { ms: Date.parse('2026-01-05T00:00:00Z') }
const started = await startSandbox({ providers: ['jupyterhub'], clock: { now: () => time.ms } })
const sandbox = endAfterFile(started, ({ close }) => close())
beforeEach(() => sandbox.reset())

interface Options {
  body?: string
  token?: string | null
  headers?: Record<string, string>
}

async function call(method: string, path: string, { body, token, headers }: Options = {}) {
  const authentication = token === null ? {} : { authorization: `token ${token ?? sandbox.accounts.jupyterhub.token}` }
  const content = body === undefined ? {} : { body }
  const url = sandbox.urls.jupyterhub + path
  const response = await fetch(url, {
    method,
    headers: { ...authentication, ...headers },
    redirect: 'manual',
    ...content,
  })
  const text = await response.text()
  return { status: response.status, json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text }
}

const api = (method: string, path: string, options?: Options) => call(method, `/hub/api${path}`, options)
const server = '/users/ada/servers/lab'
const servers = async (query = '') => (await api('GET', `/users/ada${query}`)).json.servers
const stopped = '?include_stopped_servers=1'

async function createReadyServer(body = '{"image":"x"}'): Promise<void> {
  await api('POST', '/users/ada')
  await api('POST', server, { body })
  time.ms += 1000
}

describe('JupyterHub sandbox user', () => {
  it('is created once and unknown before', async () => {
    expect(await api('GET', '/users/ada')).toEqual({ status: 404, json: { status: 404, message: 'Not Found' } })
    expect(await api('POST', '/users/ada')).toMatchObject({
      status: 201,
      json: { kind: 'user', name: 'ada', servers: {} },
    })
    const duplicate = await api('POST', '/users/ada')
    expect(duplicate).toEqual({ status: 409, json: { status: 409, message: 'User ada already exists' } })
  })

  it('is listed in pages only for clients that accept pagination', async () => {
    for (const name of ['a', 'b']) await api('POST', `/users/${name}`)
    const names = (list: { name: string }[]) => list.map(({ name }) => name)
    expect(names((await api('GET', '/users?limit=2')).json)).toEqual(['ben', 'a'])
    const headers = { accept: 'application/jupyterhub-pagination+json' }
    const { items, _pagination } = (await api('GET', '/users?limit=2', { headers })).json
    expect(names(items)).toEqual(['ben', 'a'])
    expect(_pagination).toMatchObject({ offset: 0, limit: 2, total: 3, next: { offset: 2, limit: 2 } })
    const last = (await api('GET', '/users?limit=2&offset=2', { headers })).json
    expect(names(last.items)).toEqual(['b'])
    expect(last._pagination.next).toBeNull()
  })
})

describe('JupyterHub sandbox named server', () => {
  it('is pending, then ready, and keeps its options', async () => {
    await api('POST', '/users/ada')
    expect(await api('POST', server, { body: '{"image":"x","size":{"cpus":2}}' })).toEqual({ status: 202, json: '' })
    expect((await servers()).lab).toMatchObject({ pending: 'spawn', ready: false, stopped: false })
    expect(await api('POST', server)).toEqual({ status: 202, json: '' })
    expect(await api('DELETE', server)).toMatchObject({
      status: 400,
      json: { message: 'ada:lab is pending spawn, please wait' },
    })
    time.ms += 1000
    expect((await servers()).lab).toMatchObject({
      pending: null,
      ready: true,
      url: '/user/ada/lab/',
      progress_url: '/hub/api/users/ada/servers/lab/progress',
      started: new Date(time.ms - 1000).toISOString().replace('Z', '000Z'),
      user_options: { image: 'x', size: { cpus: 2 } },
    })
    expect(await api('POST', server)).toMatchObject({ status: 400, json: { message: 'ada:lab is already running' } })
  })

  it('is listed on request after a stop, and restarts with its options', async () => {
    await createReadyServer()
    expect((await api('DELETE', server)).status).toBe(202)
    expect((await servers()).lab).toMatchObject({ pending: 'stop', ready: false })
    time.ms += 1000
    expect(await servers()).toEqual({})
    expect(await servers(stopped)).toMatchObject({
      '': { name: '', stopped: true },
      lab: { stopped: true, started: null, user_options: { image: 'x' } },
    })
    expect((await api('DELETE', server)).status).toBe(204)
    expect((await api('POST', server)).status).toBe(202)
    time.ms += 1000
    expect((await servers()).lab).toMatchObject({ ready: true, user_options: { image: 'x' } })
  })

  it('is removed immediately or after it has stopped', async () => {
    await createReadyServer()
    const body = '{"remove":true}'
    expect((await api('DELETE', server, { body })).status).toBe(202)
    expect((await servers(stopped)).lab).toMatchObject({ pending: 'stop' })
    time.ms += 1000
    expect((await servers(stopped)).lab).toBeUndefined()
    const message = "ada has no server named 'lab'"
    expect(await api('DELETE', server, { body })).toEqual({ status: 404, json: { status: 404, message } })
  })

  it('returns 404 for a start and 500 for a stop of an unknown user', async () => {
    expect((await api('POST', '/users/unknown/servers/x')).status).toBe(404)
    expect((await api('DELETE', '/users/unknown/servers/x')).status).toBe(500)
  })

  it('exists as stopped after a late rejection', async () => {
    await api('POST', '/users/ada')
    const message = 'Invalid JSON in body of request'
    expect(await api('POST', server, { body: 'x' })).toEqual({ status: 400, json: { status: 400, message } })
    expect((await servers(stopped)).lab).toMatchObject({ stopped: true, last_activity: null, user_options: {} })
  })
})

describe('JupyterHub sandbox token', () => {
  it('is rejected for its scopes if unknown or missing, and with Forbidden on /user', async () => {
    for (const token of [null, 'unknown']) {
      const self = await api('GET', '/user', { token })
      expect(self).toEqual({ status: 403, json: { status: 403, message: 'Forbidden' } })
      const { status, json } = await api('POST', server, { token })
      expect({ status, ...json }).toMatchObject({
        status: 403,
        message: 'Action is not authorized with current scopes; requires any of [servers]',
      })
    }
  })

  it('of one user does not show other users', async () => {
    const token = sandbox.otherAccounts.jupyterhub[0]?.token ?? ''
    await createReadyServer()
    const message = 'No access to resources or resources not found'
    expect(await api('GET', '/users/ada', { token })).toEqual({ status: 404, json: { status: 404, message } })
    expect((await api('POST', server, { token })).status).toBe(404)
    expect((await api('POST', '/users/eve', { token })).status).toBe(403)
    expect((await api('GET', '/users', { token })).status).toBe(403)
    expect((await api('POST', '/users/ben/servers/own', { token })).status).toBe(202)
  })

  it('for one server gives access to it until it expires', async () => {
    await createReadyServer()
    const body = JSON.stringify({ expires_in: 60, scopes: ['access:servers!server=ada/lab'] })
    const { status, json } = await api('POST', '/users/ada/tokens', { body })
    expect({ status, ...json }).toMatchObject({ status: 201, user: 'ada', scopes: ['access:servers!server=ada/lab'] })
    const open = () => call('GET', `/user/ada/lab/api/status?token=${json.token}`, { token: null })
    expect(await open()).toMatchObject({ status: 200, json: { kernels: 0 } })
    expect((await api('GET', '/users/ada', { token: json.token })).status).toBe(403)
    time.ms += 60_000
    expect(await open()).toEqual({ status: 403, json: { message: 'Forbidden', reason: null } })
  })

  it('has no more scopes than its user', async () => {
    await api('POST', '/users/ada')
    const body = '{"scopes":["admin:users"]}'
    expect(await api('POST', '/users/ada/tokens', { body })).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining('not held by User ada') },
    })
    expect((await api('POST', '/users/unknown/tokens')).status).toBe(403)
  })
})
