import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeEgress } from '../../src/infra/egress.ts'
import { parseEgressRules } from '../../src/infra/egress-rules.ts'
import { proxyServerOf } from '../../src/infra/proxy-server.ts'
import { makeHttpClient } from '../../src/providers/kit/http.ts'
import { hasProgram } from '../real/requirements.ts'
import { makeFixedClock } from '../support/fixed-clock.ts'
import { type RealProxy, startRealProxy } from '../support/real-proxies.ts'
import { type StubServer, startStubServer } from '../support/stub-server.ts'

const user = { username: 'switchyard', password: 'proxy-password' }

describe.each(['tinyproxy', 'squid'] as const)('provider calls behind %s', (program) => {
  const isMissing = !hasProgram(program)
  if (isMissing) process.stderr.write(`behind ${program} [skipped: get it with: apt-get install ${program}]\n`)

  let proxy: RealProxy
  let server: StubServer
  let other: StubServer

  beforeAll(async () => {
    if (isMissing) return
    server = await startStubServer()
    other = await startStubServer()
    server.on('GET /x', { body: { ok: true } })
    proxy = await startRealProxy(program, { ...user, allowedPort: Number(new URL(server.url).port) })
  })

  afterAll(async () => {
    await proxy?.stop()
    await server?.close()
    await other?.close()
  })

  /** Calls the stub server by name, since a local address would bypass the proxy. */
  const get = async (url: string, credentials: object = user) => {
    const egress = makeEgress({
      rules: parseEgressRules(['localhost']),
      proxy: {
        server: proxyServerOf({ url: proxy.url, ...credentials }),
        isBypassed: () => false,
      },
    })
    const http = makeHttpClient({
      ...{ baseUrl: url.replace('127.0.0.1', 'localhost'), connect: egress.connector(5000), connectTimeoutMs: 5000 },
      ...{ timeoutMs: 10_000, maxResponseBytes: 1000, clock: makeFixedClock() },
    })
    const request = { method: 'GET', target: '/x', signal: new AbortController().signal }
    return http.send(request).finally(() => http.close())
  }

  it.skipIf(isMissing)('use the tunnel with the proxy credentials', async () => {
    expect(await get(server.url)).toMatchObject({ status: 200 })
    expect(server.requests).toHaveLength(1)
  })

  it.skipIf(isMissing)('report wrong proxy credentials and are not sent', async () => {
    const expected = {
      code: 'unavailable',
      notSent: true,
      message: expect.stringContaining('the egress proxy (EGRESS_PROXY) requires other credentials'),
    }
    await expect(get(server.url, { ...user, password: 'wrong' })).rejects.toMatchObject(expected)
    await expect(get(server.url, {})).rejects.toMatchObject(expected)
  })

  it.skipIf(isMissing)('report a destination denied by the proxy and are not sent', async () => {
    await expect(get(other.url)).rejects.toMatchObject({
      code: 'egress_denied',
      notSent: true,
      message: expect.stringContaining('the egress proxy (EGRESS_PROXY) does not allow the host (HTTP 403 to CONNECT)'),
    })
    expect(other.requests).toEqual([])
  })

  it.skipIf(isMissing)('report an unavailable destination as unavailable', async () => {
    const { url } = server
    await server.close()
    await expect(get(url)).rejects.toMatchObject({ code: 'unavailable', notSent: true })
  })
})
