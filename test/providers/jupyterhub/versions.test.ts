import { Value } from '@sinclair/typebox/value'
import { beforeEach, describe, expect, it } from 'vitest'
import { checkSpec } from '../../../src/providers/field-rules.ts'
import { missingScopes } from '../../../src/providers/jupyterhub/scopes.ts'
import { jupyterhubSettings } from '../../../src/providers/jupyterhub/settings.ts'
import { shown } from '../../support/shown.ts'
import { signal, useTestHub } from './connection.ts'

const hub = await useTestHub()

const versions = ['3.0.0', '4.1.6', '5.5.4', '6.1.1']
const be = (version: string, more: object = {}) => hub.sandbox.changeSettings('jupyterhub', { version, ...more })
const faultsOf = (name: string) => checkSpec({ provider: 'jupyterhub', ...hub.open().driver }, { name })

const isSetting = (settings: object) =>
  Value.Check(jupyterhubSettings, Value.Default(jupyterhubSettings, { baseUrl: hub.url, ...settings }))

/** Where an address leads: the title of the page at its end. */
async function pageAt(url: string | undefined, headers: Record<string, string> = {}): Promise<string> {
  return (await fetch(url ?? '', { headers })).text()
}

describe.each(versions)('on JupyterHub %s', (version) => {
  beforeEach(() => be(version))

  it('verify accepts a user who does not exist yet, and names one who may not be added', async () => {
    await hub.open().provider.verify(signal)
    await expect(hub.open({ createsUsers: false }).provider.verify(signal)).rejects.toMatchObject({
      code: 'not_found',
      field: 'settings.username',
    })
  })

  it('a token that was revoked is rejected credentials, whatever is asked with it', async () => {
    const remoteId = await hub.make(hub.open().driver, { name: 'n' })
    const { driver, provider } = hub.open({}, 'a-token-that-was-revoked')
    const rejected = { code: 'unauthenticated', field: 'credentials.token' }
    await expect(provider.verify(signal)).rejects.toMatchObject(rejected)
    await expect(driver.get(remoteId, signal)).rejects.toMatchObject(rejected)
    await expect(driver.create(hub.intent({ name: 'other' }), signal)).rejects.toMatchObject(rejected)
    await expect(driver.controls.stop?.(remoteId, signal)).rejects.toMatchObject(rejected)
    await expect(driver.controls.delete?.(remoteId, signal)).rejects.toMatchObject(rejected)
    await expect(driver.access?.(remoteId, signal)).rejects.toMatchObject(rejected)
  })

  it('a token with too few scopes is rejected as such', async () => {
    await hub.make(hub.open().driver, { name: 'n' })
    const { provider } = hub.open({}, hub.limitedToken)
    await expect(provider.verify(signal)).rejects.toMatchObject({ code: 'permission_denied' })
    await hub.open({ username: 'ben' }, hub.limitedToken).provider.verify(signal)
  })

  it('a server of a user who is gone is stopped, deleted and gone', async () => {
    const { driver } = hub.open()
    const remoteId = await hub.make(driver, { name: 'n' })
    hub.sandbox.remove('jupyterhub', remoteId)
    hub.sandbox.remove('jupyterhub', 'ada')
    await driver.controls.stop?.(remoteId, signal)
    await driver.controls.delete?.(remoteId, signal)
    expect(await driver.get(remoteId, signal)).toBe('gone')
  })

  it('a create for a user who is not there is refused, in words', async () => {
    const { driver } = hub.open({ createsUsers: false })
    const refused = { code: 'not_found', message: 'JupyterHub returned HTTP 404: Not Found' }
    await expect(driver.create(hub.intent({ name: 'n' }), signal)).rejects.toMatchObject(refused)
  })

  it('the address of a server, with the header, opens it; in a browser the hub decides', async () => {
    const { driver } = hub.open()
    const remoteId = await hub.make(driver, { name: 'n' })
    const { urls = [], token, authorization = '' } = (await driver.access?.(remoteId, signal)) ?? {}
    const url = urls[0]?.url ?? ''
    expect(authorization).toBe(`token ${token}`)
    expect(await pageAt(url, { authorization })).toContain('Jupyter Server')
    const isInUrl = Number.parseInt(version, 10) < 5
    expect(new URL(url).searchParams.get('token')).toBe(isInUrl ? token : null)
    expect(await pageAt(url)).toContain(isInUrl ? 'Jupyter Server' : 'sign in')
  })

  it.each(['yes', 'no'])(
    'a connection can say whether servers take a token from the address: %s',
    async (tokenInUrl) => {
      be(version, { tokenInUrl })
      const { driver, requests } = hub.open({ tokenInUrl: tokenInUrl === 'yes' })
      const remoteId = await hub.make(driver, { name: 'n' })
      const access = await driver.access?.(remoteId, signal)
      expect(await pageAt(access?.urls[0]?.url)).toContain(tokenInUrl === 'yes' ? 'Jupyter Server' : 'sign in')
      expect(requests.map(({ target }) => target)).not.toContain('/hub/api/')
    },
  )

  it.each(['notebook', 'a', 'a1', 'first-try-2', 'exactly-15-char'])('the name %s is taken', async (name) => {
    expect(faultsOf(name)).toEqual([])
    const { driver } = hub.open()
    const { remoteId } = await driver.create(hub.intent({ name }), signal)
    expect(await driver.get(remoteId ?? '', signal)).toMatchObject({ status: 'provisioning' })
  })
})

describe('a name that no slug can be made of', () => {
  it.each(['notebook-for-vision', 'sixteen-chars-xy', '1st-try', 'a--b', 'a-', '-a', 'Upper', 'a_b', 'a.b'])(
    '%s is refused before it is sent, as JupyterHub 6 would',
    async (name) => {
      expect(faultsOf(name)).toMatchObject([{ pointer: '/name' }])
      be('6.1.1')
      await expect(hub.open().driver.create(hub.intent({ name }), signal)).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringContaining('Invalid server_name'),
      })
    },
  )
})

describe('a key of user_options', () => {
  it.each(['user_options', 'display_name'])('cannot be %s, by which JupyterHub 6 tells another form of body', (key) => {
    expect(isSetting({ optionKeys: { image: key } })).toBe(false)
    expect(isSetting({ clientOptions: [key] })).toBe(false)
    expect(isSetting({ optionKeys: { image: `${key}s` }, clientOptions: [`${key}2`] })).toBe(true)
  })
})

describe('on JupyterHub 6', () => {
  beforeEach(() => be('6.1.1'))

  it('a server that is being renamed takes no stop now, and is what it was', async () => {
    const { driver } = hub.open()
    const remoteId = await hub.make(driver, { name: 'n' })
    hub.sandbox.force('jupyterhub', remoteId, { state: 'rename' })
    expect(await driver.get(remoteId, signal)).toMatchObject({ status: null, rawState: 'rename' })
    await expect(driver.controls.delete?.(remoteId, signal)).rejects.toMatchObject({ code: 'conflict' })
  })

  it('a token may have the scope of a start in place of `servers`, which includes it', () => {
    const owner = { scopes: ['start:servers!user=ada', 'delete:servers'] }
    expect(missingScopes(owner, ['servers', 'delete:servers'], 'ada')).toEqual([])
    expect(missingScopes(owner, ['servers', 'read:servers'], 'eve')).toEqual(['servers', 'read:servers'])
  })

  it('options arrive as they do elsewhere', async () => {
    const { driver } = hub.open({ optionKeys: { image: 'image' } })
    const remoteId = await hub.make(driver, { name: 'n', image: 'x' })
    expect(shown(await driver.get(remoteId, signal))).toMatchObject({ payload: { user_options: { image: 'x' } } })
  })
})
