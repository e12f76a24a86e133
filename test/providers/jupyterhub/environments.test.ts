import { describe, expect, it } from 'vitest'
import { checkSpec } from '../../../src/providers/field-rules.ts'
import type { EnvironmentSpec } from '../../../src/vocabulary/spec.ts'
import { textOf, withPayload } from '../../support/observation-payloads.ts'
import { signal, useTestHub } from './connection.ts'

const optionKeys = {
  image: 'image',
  cpus: 'cpu_limit',
  memoryMiB: 'mem_limit',
  accelerators: 'gpus',
  environmentVariables: 'environment',
}

const hub = await useTestHub()

const problems = (settings: Parameters<typeof hub.open>[0], spec: EnvironmentSpec) =>
  checkSpec({ provider: 'jupyterhub', ...hub.open(settings).driver }, spec).map(({ pointer }) => pointer)

describe('JupyterHub create', () => {
  it('adds the user and starts a server with options from image and resources', async () => {
    const { driver, requests } = hub.open({ optionKeys, clientOptions: ['zone'] })
    const spec: EnvironmentSpec = {
      name: 'notebook',
      image: 'quay.io/jupyter/base-notebook',
      resources: { cpus: 4, memoryMiB: 4096, accelerator: { kind: 'gpu', count: 1 } },
      environmentVariables: { EPOCHS: '10' },
      providerOptions: { jupyterhub: { userOptions: { zone: 'a' } } },
    }
    await driver.create(hub.intent(spec, 'k7m2q9dxwa01'), signal)
    const sent = requests.map(({ method, target, body }) => [method, target, body])
    expect(sent).toEqual([
      ['POST', '/hub/api/users/ada', undefined],
      [
        'POST',
        '/hub/api/users/ada/servers/notebook-syk7m2q9dxwa01',
        '{"zone":"a","image":"quay.io/jupyter/base-notebook","cpu_limit":4,"mem_limit":"4096M","gpus":1,"environment":{"EPOCHS":"10"}}',
      ],
    ])
    expect(requests[1]?.headers).toMatchObject({ authorization: `token ${hub.sandbox.accounts.jupyterhub.token}` })
  })

  it('keeps the path of the base URL', () => {
    const { driver } = hub.open({ baseUrl: `${hub.url}/jupyter/` })
    expect(driver.plan(hub.intent({ name: 'n' }, 'k7m2q9dxwa01')).target).toBe(
      '/jupyter/hub/api/users/ada/servers/n-syk7m2q9dxwa01',
    )
  })

  it('rejects fields without a configured key', () => {
    expect(problems({}, { name: 'n', image: 'x', resources: { cpus: 1 } })).toEqual(['/image', '/resources/cpus'])
    expect(problems({ optionKeys }, { name: 'n', image: 'x', resources: { cpus: 1 } })).toEqual([])
  })

  it('requires one user from the connection or request, and accepts only listed options', () => {
    const specWith = (jupyterhub: object): EnvironmentSpec => ({ name: 'n', providerOptions: { jupyterhub } as never })
    const atUser = ['/providerOptions/jupyterhub/username']
    const atOption = ['/providerOptions/jupyterhub/userOptions/image']
    expect(problems({ username: undefined }, { name: 'n' })).toEqual(atUser)
    expect(problems({ username: undefined }, specWith({ username: 'eve' }))).toEqual([])
    expect(problems({ username: undefined }, specWith({ username: '..' }))).toEqual(atUser)
    expect(problems({}, specWith({ username: 'eve' }))).toEqual(atUser)
    expect(problems({}, specWith({ username: 'ada' }))).toEqual([])
    expect(problems({}, specWith({ userOptions: { image: 'x' } }))).toEqual(atOption)
    expect(problems({ clientOptions: ['image'] }, specWith({ userOptions: { image: 'x' } }))).toEqual([])
    // A field with that key is the only way to set it.
    expect(problems({ clientOptions: ['image'], optionKeys }, specWith({ userOptions: { image: 'x' } }))).toEqual(
      atOption,
    )
  })

  it.each([
    [{ namedServerLimit: 1 }, { code: 'quota_exceeded' }],
    [{ activeServerLimit: 1 }, { code: 'no_capacity' }],
    [{ concurrentSpawnLimit: 1 }, { code: 'rate_limited', retryAfterMs: 30_000 }],
    [{ allowNamedServers: false }, { code: 'unsupported' }],
  ])('maps the rejection with %j to its error code', async (setting, error) => {
    const { driver } = hub.open()
    await driver.create(hub.intent({ name: 'first' }), signal)
    hub.sandbox.changeSettings('jupyterhub', setting)
    await expect(driver.create(hub.intent({ name: 'second' }), signal)).rejects.toMatchObject(error)
  })

  it('is sent even if the user cannot be added', async () => {
    const { driver } = hub.open({ username: 'ben' }, hub.limitedToken)
    const { remoteId } = await driver.create(hub.intent({ name: 'own' }), signal)
    expect(await driver.get(remoteId ?? '', signal)).toMatchObject({ status: 'provisioning' })
  })

  it('fails for a missing user that may not be added', async () => {
    const { driver, requests } = hub.open({ createsUsers: false })
    await expect(driver.create(hub.intent({ name: 'n' }), signal)).rejects.toMatchObject({ code: 'not_found' })
    expect(requests).toHaveLength(1)
  })
})

describe('JupyterHub read', () => {
  it('omits variable values and spawner state', async () => {
    const { driver } = hub.open({ optionKeys })
    const remoteId = await hub.createReady(driver, {
      name: 'n',
      image: 'x',
      environmentVariables: { KEY: 'hush-hush' },
    })
    const seen = await driver.get(remoteId, signal)
    expect(withPayload(seen)).toMatchObject({
      payload: { user_options: { image: 'x', environment: { KEY: '[redacted]' } } },
    })
    expect(textOf(seen)).not.toContain('hush-hush')
    expect(textOf(seen)).not.toContain('4242')
  })

  it('contains the start time and the last activity', async () => {
    const { driver } = hub.open()
    const createdAt = hub.clock.now()
    const remoteId = await hub.createReady(driver, { name: 'n' })
    const ready = new Date(createdAt.getTime() + 300)
    expect(await driver.get(remoteId, signal)).toMatchObject({
      rawState: 'ready',
      startedAt: createdAt,
      result: { lastActivityAt: ready.toISOString() },
    })
  })

  it('fails or is inconclusive if the token does not cover the server', async () => {
    const service = hub.open()
    const remoteId = await hub.createReady(service.driver, { name: 'n' })
    const intent = hub.intent({ name: 'never' })
    // The same connection after its token lost all but one user.
    const { driver } = hub.open({}, hub.limitedToken)
    const denied = { code: 'permission_denied', field: 'credentials.token' }
    await expect(driver.get(remoteId, signal)).rejects.toMatchObject(denied)
    await expect(driver.list({ cursor: null, watched: [] }, signal)).rejects.toMatchObject(denied)
    await expect(driver.controls.delete?.(remoteId, signal)).rejects.toMatchObject(denied)
    expect((await driver.find([intent], signal)).get(intent.correlationTag)).toHaveProperty('inconclusive')
    expect((await service.driver.find([intent], signal)).get(intent.correlationTag)).toEqual({ absent: true })
  })

  it.each(['ben/notebook', '../../x', 'ada', 'ada/..', 'ada/a/b', ''])(
    'sends nothing for %j, which is not a server of the connection',
    async (remoteId) => {
      const { driver, requests } = hub.open()
      expect(await driver.get(remoteId, signal)).toBe('gone')
      await expect(driver.controls.start?.(remoteId, signal)).rejects.toMatchObject({ code: 'not_found' })
      await expect(driver.access?.(remoteId, signal)).rejects.toMatchObject({ code: 'not_found' })
      await driver.controls.delete?.(remoteId, signal)
      expect(requests).toEqual([])
    },
  )

  it('lists the servers of all users page by page', async () => {
    const { driver, requests } = hub.open({ username: undefined })
    const usernames = Array.from({ length: 120 }, (_, index) => `user-${index}`)
    for (const username of usernames) {
      const spec = { name: 'n', providerOptions: { jupyterhub: { username } } }
      await driver.create(hub.intent(spec), signal)
    }
    const first = await driver.list({ cursor: null, watched: [] }, signal)
    expect(first.next).toBe('100')
    const second = await driver.list({ cursor: first.next, watched: [] }, signal)
    expect(second.next).toBeNull()
    const owners = [...first.seen, ...second.seen].map(({ remoteId }) => remoteId.split('/')[0])
    expect(new Set(owners)).toEqual(new Set(usernames))
    expect(requests.at(-1)?.target).toBe('/hub/api/users?include_stopped_servers=1&offset=100&limit=100')
  })
})

describe('JupyterHub server', () => {
  it('restarts with its previous options', async () => {
    const { driver, requests } = hub.open({ optionKeys })
    const remoteId = await hub.createReady(driver, { name: 'n', image: 'x' })
    await driver.controls.stop?.(remoteId, signal)
    hub.clock.advance(1000)
    expect(await driver.get(remoteId, signal)).toMatchObject({ status: 'stopped' })
    await driver.controls.start?.(remoteId, signal)
    expect(requests.at(-1)).not.toHaveProperty('body')
    hub.clock.advance(1000)
    expect(withPayload(await driver.get(remoteId, signal))).toMatchObject({
      status: 'running',
      payload: { user_options: { image: 'x' } },
    })
  })

  it('is stopped if it cannot be started, also if the hub reports that immediately', async () => {
    hub.sandbox.changeSettings('jupyterhub', { failSpawns: true })
    const { driver } = hub.open()
    expect(await driver.get(await hub.createReady(driver, { name: 'slow' }), signal)).toMatchObject({
      status: 'stopped',
    })
    hub.sandbox.changeSettings('jupyterhub', { spawnMs: 0 })
    const intent = hub.intent({ name: 'quick' })
    await expect(driver.create(intent, signal)).rejects.toMatchObject({ code: 'unavailable', notSent: false })
    expect((await driver.find([intent], signal)).get(intent.correlationTag)).toMatchObject({
      found: [{ status: 'stopped' }],
    })
  })

  it('rejects stop and delete with conflict while it is starting', async () => {
    const { driver } = hub.open()
    const { remoteId } = await driver.create(hub.intent({ name: 'n' }), signal)
    await expect(driver.controls.stop?.(remoteId ?? '', signal)).rejects.toMatchObject({ code: 'conflict' })
    await expect(driver.controls.delete?.(remoteId ?? '', signal)).rejects.toMatchObject({ code: 'conflict' })
    expect(driver.traits.deletableIn).not.toContain('provisioning')
  })

  it('is gone with its user, although the hub returns an error', async () => {
    const { driver } = hub.open()
    const remoteId = await hub.createReady(driver, { name: 'n' })
    hub.sandbox.remove('jupyterhub', remoteId)
    hub.sandbox.remove('jupyterhub', 'ada')
    await driver.controls.stop?.(remoteId, signal)
    await driver.controls.delete?.(remoteId, signal)
    expect(await driver.get(remoteId, signal)).toBe('gone')
  })
})
