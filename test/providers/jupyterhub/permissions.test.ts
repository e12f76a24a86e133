import { describe, expect, it } from 'vitest'
import { signal, useTestHub } from './connection.ts'

const hub = await useTestHub()

describe('JupyterHub access', () => {
  it('is a URL with a temporary token of the user for this server only', async () => {
    const { driver } = hub.open({ accessSeconds: 60 })
    const remoteId = await hub.createReady(driver, { name: 'n' })
    const other = await hub.createReady(driver, { name: 'other' })
    const access = await driver.access?.(remoteId, signal)
    const token = access?.token ?? ''
    expect(token).not.toBe(hub.sandbox.accounts.jupyterhub.token)
    expect(access?.urls).toEqual([{ name: 'jupyter', url: `${hub.url}/user/${remoteId}/?token=${token}` }])
    const status = async (id: string) => (await fetch(`${hub.url}/user/${id}/api/status?token=${token}`)).status
    expect(await status(remoteId)).toBe(200)
    expect(await status(other)).toBe(403)
    hub.clock.advance(60_000)
    expect(await status(remoteId)).toBe(403)
  })

  it('has no URL and no token before the server is ready', async () => {
    const { driver, requests } = hub.open()
    const { remoteId } = await driver.create(hub.intent({ name: 'n' }), signal)
    expect(await driver.access?.(remoteId ?? '', signal)).toEqual({ urls: [] })
    expect(requests.some(({ target }) => target.endsWith('/tokens'))).toBe(false)
  })

  it('is a URL without a token if the connection may not create tokens', async () => {
    const { driver } = hub.open()
    const remoteId = await hub.createReady(driver, { name: 'n' })
    hub.sandbox.faults.add({ kind: 'credentials', reason: 'forbidden', operation: 'tokens.create' })
    expect(await driver.access?.(remoteId, signal)).toEqual({
      urls: [{ name: 'jupyter', url: `${hub.url}/user/${remoteId}/` }],
    })
  })
})

describe('JupyterHub rejection with an unknown cause', () => {
  it.each([
    ['unavailable', { kind: 'error_before' }],
    ['unreadable', { kind: 'html_body' }],
    ['unreachable', { kind: 'reset' }],
  ] as const)('is reported as unavailable while the hub is %s', async (_name, fault) => {
    const { driver } = hub.open({ createsUsers: false }, 'unknown-token')
    hub.sandbox.faults.add({ ...fault, operation: 'self.get', times: 1 })
    const intent = hub.intent({ name: 'n' })
    await expect(driver.create(intent, signal)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(driver.create(intent, signal)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it.each([
    ['unavailable', { kind: 'error_before' }],
    ['too busy', { kind: 'rate_limited' }],
    ['unreachable', { kind: 'reset' }],
  ] as const)('leaves the create unsent if the user cannot be added because the hub is %s', async (_name, fault) => {
    const { driver } = hub.open({ username: undefined })
    hub.sandbox.faults.add({ ...fault, operation: 'users.create', times: 1 })
    const intent = hub.intent({ name: 'n', providerOptions: { jupyterhub: { username: 'newcomer' } } })
    await expect(driver.create(intent, signal)).rejects.toMatchObject({ notSent: true })
    await driver.create(intent, signal)
  })

  it('makes a delete repeatable', async () => {
    const { driver } = hub.open()
    const remoteId = await hub.createReady(driver, { name: 'n' })
    await driver.controls.delete?.(remoteId, signal)
    hub.clock.advance(1000)
    hub.sandbox.faults.add({ kind: 'error_before', operation: 'users.get', times: 1 })
    await expect(driver.controls.delete?.(remoteId, signal)).rejects.toMatchObject({ code: 'unavailable' })
    await driver.controls.delete?.(remoteId, signal)
  })
})

describe('JupyterHub verification', () => {
  it('distinguishes an unknown token from one without the required scopes, and names the scopes', async () => {
    const field = 'credentials.token'
    await expect(hub.open({}, 'unknown-token').provider.verify(signal)).rejects.toMatchObject({
      code: 'unauthenticated',
      field,
    })
    await expect(hub.open({}, hub.limitedToken).provider.verify(signal)).rejects.toMatchObject({
      code: 'permission_denied',
      field,
      message: expect.stringContaining('read:servers, servers, delete:servers'),
    })
    await hub.open({ username: 'ben' }, hub.limitedToken).provider.verify(signal)
    await expect(hub.open({ username: undefined }, hub.limitedToken).provider.verify(signal)).rejects.toMatchObject({
      message: expect.stringContaining('list:users'),
    })
  })

  it('reports a missing user that may not be added', async () => {
    await hub.open().provider.verify(signal)
    await expect(hub.open({ createsUsers: false }).provider.verify(signal)).rejects.toMatchObject({
      code: 'not_found',
      field: 'settings.username',
    })
  })

  it('reports a base URL without a hub or with an old one', async () => {
    const field = 'settings.baseUrl'
    await expect(hub.open({ baseUrl: `${hub.url}/elsewhere` }).provider.verify(signal)).rejects.toMatchObject({ field })
    hub.sandbox.changeSettings('jupyterhub', { version: '2.3.1' })
    await expect(hub.open().provider.verify(signal)).rejects.toMatchObject({ code: 'unsupported', field })
    hub.sandbox.changeSettings('jupyterhub', { version: '5.2.1' })
    await hub.open().provider.verify(signal)
  })
})
