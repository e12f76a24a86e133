import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { providers } from '../../src/providers/registry.ts'
import { quickSettings, type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import type { HubPrograms, HubVersion } from './jupyterhub-install.ts'
import { startCuttingProxy } from './jupyterhub-proxy.ts'
import { pathBehind, type ServerAccess, startHub, statusBehind, type TestHub } from './jupyterhub-server.ts'
import { describeReal } from './requirements.ts'

const optionKeys = { image: 'image', flavor: 'profile', memoryMiB: 'mem_limit', environmentVariables: 'environment' }
const user = 'ada'

/** The whole service with a real JupyterHub of a version. */
export function describeHub(version: HubVersion, { requirements, binDir }: HubPrograms): void {
  describeReal(`JupyterHub (${version}) behind Switchyard`, requirements, () => defineTests(binDir))
}

function defineTests(binDir: string | null): void {
  let hub: TestHub
  let database: TestDatabase
  let switchyard: Switchyard

  beforeAll(async () => {
    ;[hub, database] = await Promise.all([startHub(binDir), createTestDatabase()])
    // A real server is slow: the response to a stop arrives after the stop.
    const timing = { callTimeoutMs: 15_000, sendWithinMs: 5000 }
    const sweep = { ...quickSettings.sweep, callTimeoutMs: timing.callTimeoutMs }
    const settings = { timing, sweep, leaseMs: 40_000 }
    // The drivers with their own settings.
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null, parts: { providers }, settings })
  }, 120_000)

  afterAll(async () => {
    await switchyard?.stop()
    await Promise.all([hub?.stop(), database?.drop()])
  })

  const path = ({ id }: ApiRecord) => `/environments/${id}`
  const follow = (environment: ApiRecord, ...statuses: string[]) =>
    switchyard.api.until(path(environment), ({ status }) => statuses.includes(status), 60_000)

  let counter = 0
  async function connect({ url = hub.url, token = hub.token, settings = {} } = {}): Promise<string> {
    counter += 1
    const connection = await switchyard.api.ok('POST', '/connections', {
      name: `hub-${counter}`,
      settings: { jupyterhub: { baseUrl: url, username: user, optionKeys, ...settings } },
      credentials: { jupyterhub: { token } },
    })
    return connection.id
  }

  const create = (connectionId: string, name: string, more: object = {}): Promise<ApiRecord> =>
    switchyard.api.ok('POST', '/environments', { connectionId, name, ...more })

  /** A running environment and the name of its server. */
  async function running(connectionId: string, name: string, more: object = {}) {
    const environment = await follow(await create(connectionId, name, more), 'running', 'failed', 'stopped')
    expect(environment.status).toBe('running')
    const server = String(environment.remote?.id).slice(user.length + 1)
    return { environment, server }
  }

  async function accessTo(environment: ApiRecord): Promise<ServerAccess> {
    const access = await switchyard.api.ok('GET', `${path(environment)}/access`)
    const { urls, ...credentials } = access as unknown as {
      urls: { url: string }[]
      token?: string
      authorization?: string
    }
    return { url: urls[0]?.url ?? '', ...credentials }
  }

  async function remove(environment: ApiRecord): Promise<void> {
    await switchyard.api.ok('DELETE', path(environment))
    await follow(environment, 'deleted')
  }

  // Concurrent: an outcome is delayed by half a minute while an earlier start may still be executed.
  describe.concurrent('running hub', () => {
    describe('notebook server', () => {
      it('is started, opened, stopped, restarted with its options, and deleted', async () => {
        const requested = {
          image: 'quay.io/jupyter/base-notebook',
          resources: { flavor: 'small' },
          environmentVariables: { A: 'b' },
        }
        const { environment, server } = await running(await connect(), 'life', requested)
        const options = { image: 'quay.io/jupyter/base-notebook', profile: 'small', environment: { A: 'b' } }
        expect((await hub.servers(user))[server]).toMatchObject({ ready: true, user_options: options })
        expect(environment.result).toMatchObject({ jupyterhub: { lastActivityAt: expect.any(String) } })

        const access = await accessTo(environment)
        expect(await statusBehind(access)).toMatchObject({ kernels: 0, started: expect.any(String) })
        const { token: accessToken = '' } = access
        expect(accessToken).not.toBe(hub.token)
        // By version, a browser with only the URL has access or is redirected to the login of the hub.
        const { version } = (await hub.call('GET', '/')).body as { version: string }
        const isTokenInUrl = Number.parseInt(version, 10) < 5
        expect(new URL(access.url).searchParams.get('token')).toBe(isTokenInUrl ? accessToken : null)
        expect(await pathBehind(access)).toMatch(isTokenInUrl ? /welcome\.txt$/ : /^\/hub\/login$/)
        // The token is valid for this server only.
        const other = await hub.call('POST', `/users/${user}/servers/other`, { token: accessToken })
        expect(other.status).toBe(403)

        await switchyard.api.ok('POST', `${path(environment)}/stop`)
        await follow(environment, 'stopped')
        expect(await statusBehind(access)).toBeNull()
        expect(Object.keys(await hub.servers(user, { withStopped: false }))).not.toContain(server)
        expect(Object.keys(await hub.servers(user))).toContain(server)

        await switchyard.api.ok('POST', `${path(environment)}/start`)
        await follow(environment, 'running')
        expect(await statusBehind(await accessTo(environment))).toMatchObject({ kernels: 0 })
        expect((await hub.servers(user))[server]).toMatchObject({ ready: true, user_options: options })

        await remove(environment)
        expect(Object.keys(await hub.servers(user))).not.toContain(server)
      })

      it('is deleted during its start', async () => {
        const environment = await create(await connect(), 'hasty')
        await follow(environment, 'provisioning')
        await remove(environment)
        expect(Object.keys(await hub.servers(user)).filter((name) => name.startsWith('hasty-'))).toEqual([])
      })

      it('is stopped with a reason after a failed start, and can be deleted', async () => {
        const environment = await create(await connect(), 'broken', { image: 'no-such-image' })
        expect(await follow(environment, 'running', 'stopped', 'failed')).toMatchObject({
          status: 'stopped',
          statusReason: 'launch_failed',
        })
        await remove(environment)
        expect(Object.keys(await hub.servers(user)).filter((name) => name.startsWith('broken-'))).toEqual([])
      })

      it('is stopped with a reason after a stop at the hub', async () => {
        const { environment, server } = await running(await connect(), 'culled')
        await hub.call('DELETE', `/users/${user}/servers/${server}`)
        expect(await follow(environment, 'stopped')).toMatchObject({ statusReason: 'stopped_remotely' })
        await remove(environment)
      })
    })

    describe('server name', () => {
      const preview = async (name: string, connectionId: string) =>
        (await switchyard.api.call('POST', '/environments/preview', { body: { connectionId, name } })).body

      it.each(['notebook-for-vision', '1st-try', 'a--b', 'a-', 'Upper'])(
        '%s is rejected before the request',
        async (name) => {
          expect(await preview(name, await connect())).toMatchObject({
            valid: false,
            problems: [{ pointer: '/name' }],
          })
        },
      )

      it('with fifteen characters is accepted by every version', async () => {
        const connectionId = await connect()
        expect(await preview('exactly-15-char', connectionId)).toMatchObject({ valid: true })
        const { environment } = await running(connectionId, 'exactly-15-char')
        await remove(environment)
      })
    })

    describe('hub user', () => {
      it('is created by the first start, and not required by verification', async () => {
        const connectionId = await connect({ settings: { username: 'newcomer' } })
        expect(await switchyard.api.ok('POST', `/connections/${connectionId}/verify`)).toMatchObject({ ok: true })
        expect((await hub.call('GET', '/users/newcomer')).status).toBe(404)
        const environment = await follow(await create(connectionId, 'first'), 'running', 'failed', 'stopped')
        expect(environment.status).toBe('running')
        await remove(environment)
      })

      it('leaves environments that can be deleted after its own deletion', async () => {
        const connectionId = await connect({ settings: { username: 'leaver' } })
        const environment = await follow(await create(connectionId, 'last'), 'running', 'failed', 'stopped')
        await switchyard.api.ok('POST', `${path(environment)}/stop`)
        await follow(environment, 'stopped')
        expect((await hub.call('DELETE', '/users/leaver')).status).toBe(204)
        await remove(environment)
      })
    })

    describe('hub token', () => {
      it('can be replaced after a revocation, and pending actions continue', async () => {
        const created = await hub.call('POST', `/users/${user}/tokens`, { body: { note: 'of a connection' } })
        const { id: tokenId, token } = created.body as { id: string; token: string }
        const connectionId = await connect({ token })
        const { environment } = await running(connectionId, 'revoked')
        expect((await hub.call('DELETE', `/users/${user}/tokens/${tokenId}`)).status).toBe(204)
        await switchyard.api.ok('POST', `${path(environment)}/stop`)
        await switchyard.api.until(path(environment), ({ statusReason }) => statusReason === 'credentials_rejected')
        await switchyard.api.ok('PATCH', `/connections/${connectionId}`, {
          credentials: { jupyterhub: { token: hub.token } },
        })
        await follow(environment, 'stopped')
        await remove(environment)
      })
    })
  })

  describe('hub outage', () => {
    it('keeps environments and actions across a kill and restart of the hub', async () => {
      const connectionId = await connect()
      const kept = await running(connectionId, 'kept')
      const ended = await running(connectionId, 'ended')
      await hub.kill()
      await switchyard.api.ok('POST', `${path(ended.environment)}/stop`)
      const requested = await create(connectionId, 'asked')
      for (const each of [ended.environment, requested]) {
        await switchyard.api.until(path(each), ({ statusReason }) => statusReason === 'provider_unavailable')
      }
      await hub.start()
      await follow(ended.environment, 'stopped')
      await follow(requested, 'running')
      expect((await switchyard.api.ok('GET', path(kept.environment))).status).toBe('running')
      expect(await statusBehind(await accessTo(kept.environment))).toMatchObject({ kernels: 0 })
      const servers = await hub.servers(user)
      expect(servers[kept.server]).toMatchObject({ ready: true })
      expect(servers[ended.server]).toMatchObject({ stopped: true })
      await Promise.all([kept.environment, ended.environment, requested].map(remove))
    })

    it('reports an unknown token, insufficient permissions and a missing user on verification', async () => {
      const verify = async (connection: Promise<string>) =>
        switchyard.api.ok('POST', `/connections/${await connection}/verify`)
      expect(await verify(connect())).toMatchObject({ ok: true })
      expect(await verify(connect({ token: 'f'.repeat(64) }))).toMatchObject({
        ok: false,
        code: 'unauthenticated',
        field: 'credentials.token',
      })
      expect(await verify(connect({ token: hub.otherToken }))).toMatchObject({
        ok: false,
        code: 'permission_denied',
        field: 'credentials.token',
        message: expect.stringContaining('delete:servers'),
      })
      expect(await verify(connect({ settings: { username: 'unknown', createsUsers: false } }))).toMatchObject({
        ok: false,
        code: 'not_found',
        field: 'settings.username',
      })
    })

    it('recovers a start with a lost response, and creates one server', async () => {
      const proxy = await startCuttingProxy(hub.url)
      try {
        const connectionId = await connect({ url: proxy.url })
        proxy.cutNext('POST', /\/servers\//)
        const { environment, server } = await running(connectionId, 'cut-off')
        const { data } = await switchyard.api.ok('GET', `${path(environment)}/attempts`)
        expect(data).toMatchObject([{ outcome: 'recovered' }])
        expect(proxy.requests.filter((each) => each.startsWith('POST') && each.includes('/servers/'))).toHaveLength(1)
        expect(Object.keys(await hub.servers(user)).filter((name) => name.startsWith('cut-off-'))).toEqual([server])
        expect(await statusBehind(await accessTo(environment))).toMatchObject({ kernels: 0 })
        await remove(environment)
      } finally {
        await proxy.close()
      }
    })
  })
}
