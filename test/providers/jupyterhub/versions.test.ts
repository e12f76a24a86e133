import { Value } from '@sinclair/typebox/value'
import { beforeEach, describe, expect, it } from 'vitest'
import { checkSpec } from '../../../src/providers/field-rules.ts'
import { missingScopes } from '../../../src/providers/jupyterhub/scopes.ts'
import { jupyterhubSettings } from '../../../src/providers/jupyterhub/settings.ts'
import { withPayload } from '../../support/observation-payloads.ts'
import { signal, useTestHub } from './connection.ts'

const hub = await useTestHub()

const versions = ['3.0.0', '4.1.6', '5.5.4', '6.1.1']
const useVersion = (version: string, more: object = {}) =>
  hub.sandbox.changeSettings('jupyterhub', { version, ...more })
const problemsOf = (name: string) => checkSpec({ provider: 'jupyterhub', ...hub.open().driver }, { name })

const isSetting = (settings: object) =>
  Value.Check(jupyterhubSettings, Value.Default(jupyterhubSettings, { baseUrl: hub.url, ...settings }))

/** The title of the page at a URL. */
async function pageAt(url: string | undefined, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(url ?? '', { headers })).text()
}

describe.each(versions)('JupyterHub %s', (version) => {
  beforeEach(() => useVersion(version))

  it('verifies a user that does not exist yet, and reports one that may not be added', async () => {
    await hub.open().provider.verify(signal)
    await expect(hub.open({ createsUsers: false }).provider.verify(signal)).rejects.toMatchObject({
      code: 'not_found',
      field: 'settings.username',
    })
  })

  it('rejects a revoked token with every call', async () => {
    const remoteId = await hub.createReady(hub.open().driver, { name: 'n' })
    const { driver, provider } = hub.open({}, 'a-token-that-was-revoked')
    const rejected = { code: 'unauthenticated', field: 'credentials.token' }
    await expect(provider.verify(signal)).rejects.toMatchObject(rejected)
    await expect(driver.get(remoteId, signal)).rejects.toMatchObject(rejected)
    await expect(driver.create(hub.intent({ name: 'other' }), signal)).rejects.toMatchObject(rejected)
    await expect(driver.controls.stop?.(remoteId, signal)).rejects.toMatchObject(rejected)
    await expect(driver.controls.delete?.(remoteId, signal)).rejects.toMatchObject(rejected)
    await expect(driver.access?.(remoteId, signal)).rejects.toMatchObject(rejected)
  })

  it('rejects a token with insufficient scopes', async () => {
    await hub.createReady(hub.open().driver, { name: 'n' })
    const { provider } = hub.open({}, hub.limitedToken)
    await expect(provider.verify(signal)).rejects.toMatchObject({ code: 'permission_denied' })
    await hub.open({ username: 'ben' }, hub.limitedToken).provider.verify(signal)
  })

  it('stops and deletes a server of a missing user, and reports it as gone', async () => {
    const { driver } = hub.open()
    const remoteId = await hub.createReady(driver, { name: 'n' })
    hub.sandbox.remove('jupyterhub', remoteId)
    hub.sandbox.remove('jupyterhub', 'ada')
    await driver.controls.stop?.(remoteId, signal)
    await driver.controls.delete?.(remoteId, signal)
    expect(await driver.get(remoteId, signal)).toBe('gone')
  })

  it('rejects a create for a missing user with a readable message', async () => {
    const { driver } = hub.open({ createsUsers: false })
    const rejected = { code: 'not_found', message: 'JupyterHub returned HTTP 404: Not Found' }
    await expect(driver.create(hub.intent({ name: 'n' }), signal)).rejects.toMatchObject(rejected)
  })

  it('grants access by header, and to browsers only by a token in the URL', async () => {
    const { driver } = hub.open()
    const remoteId = await hub.createReady(driver, { name: 'n' })
    const { urls = [], token, authorization = '' } = (await driver.access?.(remoteId, signal)) ?? {}
    const url = urls[0]?.url ?? ''
    expect(authorization).toBe(`token ${token}`)
    expect(await pageAt(url, { authorization })).toContain('Jupyter Server')
    const isInUrl = Number.parseInt(version, 10) < 5
    expect(new URL(url).searchParams.get('token')).toBe(isInUrl ? token : null)
    expect(await pageAt(url)).toContain(isInUrl ? 'Jupyter Server' : 'sign in')
  })

  it.each(['yes', 'no'])('follows the connection setting for tokens in URLs: %s', async (tokenInUrl) => {
    useVersion(version, { tokenInUrl })
    const { driver, requests } = hub.open({ tokenInUrl: tokenInUrl === 'yes' })
    const remoteId = await hub.createReady(driver, { name: 'n' })
    const access = await driver.access?.(remoteId, signal)
    expect(await pageAt(access?.urls[0]?.url)).toContain(tokenInUrl === 'yes' ? 'Jupyter Server' : 'sign in')
    expect(requests.map(({ target }) => target)).not.toContain('/hub/api/')
  })

  it.each(['notebook', 'a', 'a1', 'first-try-2', 'exactly-15-char'])('accepts the name %s', async (name) => {
    expect(problemsOf(name)).toEqual([])
    const { driver } = hub.open()
    const { remoteId } = await driver.create(hub.intent({ name }), signal)
    expect(await driver.get(remoteId ?? '', signal)).toMatchObject({ status: 'provisioning' })
  })
})

describe('JupyterHub name without a valid slug', () => {
  it.each(['notebook-for-vision', 'sixteen-chars-xy', '1st-try', 'a--b', 'a-', '-a', 'Upper', 'a_b', 'a.b'])(
    '%s is rejected before the request, as by JupyterHub 6',
    async (name) => {
      expect(problemsOf(name)).toMatchObject([{ pointer: '/name' }])
      useVersion('6.1.1')
      await expect(hub.open().driver.create(hub.intent({ name }), signal)).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringContaining('Invalid server_name'),
      })
    },
  )
})

describe('JupyterHub user_options key', () => {
  it.each(['user_options', 'display_name'])(
    'cannot be %s, which JupyterHub 6 interprets as another body format',
    (key) => {
      expect(isSetting({ optionKeys: { image: key } })).toBe(false)
      expect(isSetting({ clientOptions: [key] })).toBe(false)
      expect(isSetting({ optionKeys: { image: `${key}s` }, clientOptions: [`${key}2`] })).toBe(true)
    },
  )
})

describe('JupyterHub 6', () => {
  beforeEach(() => useVersion('6.1.1'))

  it('rejects a stop during a rename and reports no status', async () => {
    const { driver } = hub.open()
    const remoteId = await hub.createReady(driver, { name: 'n' })
    hub.sandbox.force('jupyterhub', remoteId, { state: 'rename' })
    expect(await driver.get(remoteId, signal)).toMatchObject({ status: null, rawState: 'rename' })
    await expect(driver.controls.delete?.(remoteId, signal)).rejects.toMatchObject({ code: 'conflict' })
  })

  it('accepts the scope to start servers in place of `servers`', () => {
    const owner = { scopes: ['start:servers!user=ada', 'delete:servers'] }
    expect(missingScopes(owner, ['servers', 'delete:servers'], 'ada')).toEqual([])
    expect(missingScopes(owner, ['servers', 'read:servers'], 'eve')).toEqual(['servers', 'read:servers'])
  })

  it('sends options in the same way', async () => {
    const { driver } = hub.open({ optionKeys: { image: 'image' } })
    const remoteId = await hub.createReady(driver, { name: 'n', image: 'x' })
    expect(withPayload(await driver.get(remoteId, signal))).toMatchObject({ payload: { user_options: { image: 'x' } } })
  })
})
