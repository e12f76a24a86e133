import type { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { type EgressRoute, makeEgress } from '../../src/infra/egress.ts'
import { parseEgressRules } from '../../src/infra/egress-rules.ts'
import { proxyServerOf } from '../../src/infra/proxy-server.ts'
import { makeHttpClient } from '../../src/providers/kit/http.ts'
import type { ProviderError } from '../../src/providers/provider-error.ts'
import { hasOpenssl, makeCertificateAuthority, opensslSkipped } from '../support/certificate-authority.ts'
import { startConnectProxy } from '../support/connect-proxy.ts'
import { makeFixedClock } from '../support/fixed-clock.ts'
import { startOpensslServer } from '../support/openssl-server.ts'
import { resolverOf } from '../support/resolvers.ts'
import { startTlsServer } from '../support/tls-server.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const { lookup } = resolverOf({ 'hub.example': ['127.0.0.1'], 'proxy.example': ['127.0.0.1'] })

function clientOf(route: EgressRoute, allowed: readonly string[] = ['hub.example']) {
  const egress = makeEgress({ rules: parseEgressRules(allowed), lookup })
  const sockets: Socket[] = []
  const dial = egress.connector(2000, route)
  const connect: buildConnector.connector = (options, callback) =>
    dial(options, (...result) => {
      if (result[1] !== null) sockets.push(result[1])
      callback(...result)
    })
  const http = makeHttpClient({
    ...{ baseUrl: 'https://unused.test', connect, connectTimeoutMs: 2000 },
    ...{ timeoutMs: 5000, maxResponseBytes: 1000, clock: makeFixedClock() },
  })
  cleanups.push(() => http.close())
  const post = (port: number) =>
    http.send({
      ...{ method: 'POST', target: '/x', body: 'a create', origin: `https://hub.example:${port}` },
      signal: new AbortController().signal,
    })
  const failure = (port: number): Promise<ProviderError> =>
    post(port).then(
      ({ status }) => {
        throw new Error(`unexpected response ${status}`)
      },
      (error: ProviderError) => error,
    )
  return { post, failure, sockets }
}

describe.skipIf(!hasOpenssl)(`connection with certificates${opensslSkipped}`, () => {
  const ca = hasOpenssl ? makeCertificateAuthority() : null
  const authority = () => {
    if (ca === null) throw new Error('openssl is not installed')
    return ca
  }

  async function hub({ requestsClientCertificate = false }: { requestsClientCertificate?: boolean } = {}) {
    const pair = authority().issue('hub', 'DNS:hub.example')
    const clientAuth = requestsClientCertificate ? { clientCa: authority().certificate } : {}
    const server = await startTlsServer({ pair, ...clientAuth })
    cleanups.push(() => server.close())
    return server
  }

  async function proxyFor(tls?: { cert: string; key: string }) {
    const proxy = await startConnectProxy(tls === undefined ? {} : { tls })
    cleanups.push(() => proxy.close())
    return proxy
  }

  it('trusts its own certificate authority instead of the default ones', async () => {
    const { port } = await hub()
    expect(await clientOf({ caCertificate: authority().certificate }).post(port)).toMatchObject({ status: 200 })
    const other = makeCertificateAuthority('Another CA').certificate
    for (const route of [{}, { caCertificate: other }])
      expect(await clientOf(route).failure(port)).toMatchObject({ code: 'unavailable', notSent: true })
  })

  it('rejects a certificate of that authority for another name', async () => {
    const server = await startTlsServer({ pair: authority().issue('other', 'DNS:other.example') })
    cleanups.push(() => server.close())
    const error = await clientOf({ caCertificate: authority().certificate }).failure(server.port)
    expect(error).toMatchObject({ code: 'unavailable', notSent: true })
    expect(error.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID')
  })

  it('presents its client certificate', async () => {
    const { port, subjects } = await hub({ requestsClientCertificate: true })
    const route = { caCertificate: authority().certificate, clientCertificate: authority().issue('team-a') }
    expect(await clientOf(route).post(port)).toMatchObject({ status: 200 })
    expect(subjects).toEqual(['team-a'])
  })

  it('does not share sockets or TLS sessions with a connection of another certificate', async () => {
    const { port, subjects, connections } = await hub({ requestsClientCertificate: true })
    const clients = ['team-a', 'team-b'].map((name) =>
      clientOf({ caCertificate: authority().certificate, clientCertificate: authority().issue(name) }),
    )
    for (const { post } of [...clients, ...clients]) {
      await post(port)
      await new Promise(setImmediate)
    }
    expect(subjects).toEqual(['team-a', 'team-b', 'team-a', 'team-b'])
    expect(connections()).toBe(2)
  })

  it.each(['tls1_3', 'tls1_2'] as const)(
    'reports a request as not sent if a %s alert rejects the client certificate',
    async (version) => {
      const pair = authority().issue('hub', 'DNS:hub.example')
      const server = await startOpensslServer({ pair, clientCa: authority().certificate, version })
      cleanups.push(() => server.close())
      const caCertificate = authority().certificate
      const clientCertificate = makeCertificateAuthority('Another CA').issue('stranger')
      const error = await clientOf({ caCertificate, clientCertificate }).failure(server.port)
      expect(error).toMatchObject({ code: 'unauthenticated', field: 'network.clientCertificate', notSent: true })
      expect(error.message).toContain('requires another client certificate')
    },
  )

  it('reports an unknown outcome after an alert during the second request', async () => {
    const pair = authority().issue('hub', 'DNS:hub.example')
    const server = await startTlsServer({ pair, maxResponses: 1 })
    cleanups.push(() => server.close())
    const { post, failure, sockets } = clientOf({ caCertificate: authority().certificate })
    await post(server.port)
    // undici releases the socket after it has passed on the response.
    await new Promise((resolve) => setImmediate(resolve))
    const second = failure(server.port)
    await expect.poll(() => server.subjects).toHaveLength(2)
    const alert = Object.assign(new Error('alert'), { code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REVOKED' })
    sockets[0]?.emit('error', alert)
    const error = await second
    expect([server.connections(), error.code, error.notSent]).toEqual([1, 'unavailable', false])
  })

  it('requires a client certificate if the server requests one', async () => {
    const pair = authority().issue('hub', 'DNS:hub.example')
    const server = await startOpensslServer({ pair, clientCa: authority().certificate, version: 'tls1_3' })
    cleanups.push(() => server.close())
    const error = await clientOf({ caCertificate: authority().certificate }).failure(server.port)
    expect(error).toMatchObject({ code: 'unauthenticated', field: 'network.clientCertificate', notSent: true })
  })

  it('presents its client certificate through a proxy to the provider, not to the proxy', async () => {
    const { port, subjects } = await hub({ requestsClientCertificate: true })
    const pair = authority().issue('proxy', 'DNS:proxy.example')
    const proxy = await proxyFor({ cert: pair.certificate, key: pair.key })
    const route = {
      proxy: proxyServerOf({ url: `https://proxy.example:${proxy.port}`, username: 'u', password: 'p' }),
      caCertificate: authority().certificate,
      clientCertificate: authority().issue('team-a'),
    }
    expect(await clientOf(route, ['hub.example', 'proxy.example']).post(port)).toMatchObject({ status: 200 })
    expect(proxy.connects).toEqual([`hub.example:${port}`])
    expect(subjects).toEqual(['team-a'])
  })

  it('rejects a private, plain http or metadata proxy that is not allowed', async () => {
    const { port } = await hub()
    const proxy = await proxyFor()
    for (const url of [proxy.url, `http://proxy.example:${proxy.port}`, 'http://169.254.169.254']) {
      const error = await clientOf({ proxy: proxyServerOf({ url }) }).failure(port)
      expect(error, url).toMatchObject({ code: 'egress_denied', field: 'network.proxy', notSent: true })
    }
    expect(proxy.connects).toEqual([])
  })

  it('reports rejected credentials of its proxy without disclosing them', async () => {
    const { port } = await hub()
    const proxy = await proxyFor()
    proxy.respondWith(407)
    const route = { proxy: proxyServerOf({ url: proxy.url, username: 'u', password: 'secret-pw' }) }
    const error = await clientOf(route, ['hub.example', '127.0.0.1']).failure(port)
    expect(error).toMatchObject({ code: 'unauthenticated', field: 'network.proxy', notSent: true })
    expect(error.message).not.toContain('secret-pw')
  })
})
