import { afterEach, describe, expect, it, vi } from 'vitest'
import { makeOperatorFetch } from '../../../src/infra/operator-fetch.ts'
import { proxyServerOf } from '../../../src/infra/proxy-server.ts'
import { hasOpenssl, makeCertificateAuthority, opensslSkipped } from '../../support/certificate-authority.ts'
import { startConnectProxy } from '../../support/connect-proxy.ts'
import { useStubServer } from '../../support/stub-server.ts'
import { startSwitchyard } from '../../support/switchyard.ts'
import { useTestDatabase } from '../../support/test-database.ts'
import { startTlsServer } from '../../support/tls-server.ts'

const database = await useTestDatabase()
const stub = await useStubServer()
const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function startProxy() {
  const proxy = await startConnectProxy()
  cleanups.push(() => proxy.close())
  return proxy
}

/** The stub server under a name that only the proxy resolves. */
const stubUrl = () => stub.url.replace('127.0.0.1', 'api.internal')

async function startWithProxy(proxyUrl: string, extraAllowed: readonly string[] = []) {
  const switchyard = await startSwitchyard({
    ...{ databaseUrl: database.url, redis: null, role: 'all' },
    settings: {
      egressAllow: ['api.internal', ...extraAllowed],
      egressProxy: { url: proxyUrl, username: 'us', password: 'proxy-password', noProxy: [] },
      allowsUnresolved: true,
    },
  })
  cleanups.push(() => switchyard.stop())
  return switchyard
}

const connectionTo = (baseUrl: string) => ({
  name: 'behind-a-proxy',
  settings: { dataforest: { baseUrl, accountId: '6COytUeFj7b8eOhq2L5zL' } },
  credentials: { dataforest: { accessKey: 'an-access-key', secretKey: 'a-secret-key' } },
})

describe('installation behind a proxy', () => {
  it('sends provider calls and webhooks through the proxy', async () => {
    const proxy = await startProxy()
    const { api } = await startWithProxy(proxy.url)
    const created = await api.ok('POST', '/connections', connectionTo(stubUrl()))
    await api.call('POST', `/connections/${created.id}/verify`)
    const callCount = stub.requests.length
    expect(callCount).toBeGreaterThan(0)
    expect(proxy.connects.length).toBeGreaterThan(0)

    stub.on('POST /hook', { status: 204 })
    const endpoint = await api.ok('POST', '/webhook-endpoints', { url: `${stubUrl()}/hook` })
    await api.ok('POST', `/webhook-endpoints/${endpoint.id}/test`)
    await vi.waitUntil(() => stub.requests.some(({ target }) => target === '/hook'), { timeout: 30_000 })
    expect(new Set(proxy.connects)).toEqual(new Set([new URL(stubUrl()).host]))
    expect(new Set(proxy.authorizations)).toEqual(
      new Set([`Basic ${Buffer.from('us:proxy-password').toString('base64')}`]),
    )
  })

  it('reports hosts that the proxy denies for connections and webhooks', async () => {
    const proxy = await startProxy()
    proxy.respondWith(403)
    const { api } = await startWithProxy(proxy.url)
    const created = await api.ok('POST', '/connections', { ...connectionTo(stubUrl()), name: 'denied' })
    expect(await api.ok('POST', `/connections/${created.id}/verify`)).toMatchObject({
      ok: false,
      code: 'egress_denied',
      message: expect.stringContaining('the egress proxy (EGRESS_PROXY) does not allow the host (HTTP 403 to CONNECT)'),
      field: 'EGRESS_PROXY',
    })
    const endpoint = await api.ok('POST', '/webhook-endpoints', { url: `${stubUrl()}/denied` })
    const { id } = await api.ok('POST', `/webhook-endpoints/${endpoint.id}/test`)
    const path = `/webhook-endpoints/${endpoint.id}/deliveries/${id}`
    const failed = await api.until(path, ({ lastAttempt }) => lastAttempt !== undefined)
    expect(failed).toMatchObject({ lastAttempt: { reason: 'unreachable' } })
  })
})

describe('OIDC issuer requests', () => {
  it('use the proxy except for bypassed hosts', async () => {
    const proxy = await startProxy()
    stub.on('GET /keys', { body: { keys: [] } })
    const isBypassed = ({ host }: { host: string }) => host === '127.0.0.1'
    const fetch = makeOperatorFetch({ server: proxyServerOf({ url: proxy.url }), isBypassed })
    expect(await (await fetch(`${stubUrl()}/keys`)).json()).toEqual({ keys: [] })
    expect(await (await fetch(`${stub.url}/keys`)).json()).toEqual({ keys: [] })
    expect(proxy.connects).toEqual([new URL(stubUrl()).host])
  })
})

describe.skipIf(!hasOpenssl)(`connection network settings${opensslSkipped}`, () => {
  it('apply the connection proxy and client certificate and report proxy authentication errors', async () => {
    const [siteProxy, connectionProxy] = [await startProxy(), await startProxy()]
    const ca = makeCertificateAuthority()
    const server = await startTlsServer({
      pair: ca.issue('api', 'DNS:api.internal'),
      clientCa: ca.certificate,
    })
    cleanups.push(() => server.close())
    const { api } = await startWithProxy(siteProxy.url, ['127.0.0.1'])
    const created = await api.ok('POST', '/connections', {
      ...connectionTo(`https://api.internal:${server.port}`),
      name: 'with a network',
      network: {
        proxy: { url: connectionProxy.url, username: 'own', password: 'own-password' },
        caCertificate: ca.certificate,
        clientCertificate: ca.issue('team-a'),
      },
    })
    await api.call('POST', `/connections/${created.id}/verify`)
    expect(server.subjects[0]).toBe('team-a')
    expect(connectionProxy.connects[0]).toBe(`api.internal:${server.port}`)
    expect(connectionProxy.authorizations[0]).toBe(`Basic ${Buffer.from('own:own-password').toString('base64')}`)
    expect(siteProxy.connects).not.toContain(`api.internal:${server.port}`)
    connectionProxy.respondWith(407)
    await api.ok('PATCH', `/connections/${created.id}`, { network: { clientCertificate: ca.issue('team-b') } })
    expect(await api.ok('POST', `/connections/${created.id}/verify`)).toMatchObject({
      ...{ ok: false, code: 'unauthenticated', field: 'network.proxy' },
    })
  })
})
