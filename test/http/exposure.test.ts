import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { settingsOf } from '../../src/commands/settings.ts'
import { readConfig } from '../../src/config/config.ts'
import type { Caller } from '../../src/http/caller.ts'
import type { HttpServer } from '../../src/http/server.ts'
import { makeUnconnectedApp } from '../support/unconnected-app.ts'

const apps: HttpServer[] = []
const appOf = async (...options: Parameters<typeof makeUnconnectedApp>) => {
  const app = await makeUnconnectedApp(...options)
  apps.push(app)
  return app
}
afterAll(() => Promise.all(apps.map((app) => app.close())))

const page = { origin: 'https://console.example' }

describe('default exposure', () => {
  let app: HttpServer
  beforeAll(async () => {
    app = await appOf()
  })

  it('denies the API to pages of other origins', async () => {
    const response = await app.inject({ url: '/livez', headers: page })
    expect(Object.keys(response.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    const headers = { ...page, 'access-control-request-method': 'POST' }
    const preflight = await app.inject({ method: 'OPTIONS', url: '/jobs', headers })
    expect(preflight.statusCode).toBe(405)
    expect(preflight.headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('serves /docs with a strict content security policy and without framing', async () => {
    const { statusCode, headers, body } = await app.inject('/docs/')
    expect(statusCode).toBe(200)
    const policy = String(headers['content-security-policy'])
    expect(policy).toMatch(/default-src 'self'/)
    expect(policy).toMatch(/script-src 'self' 'sha256-[\w+/]{43}='; style/)
    // All addresses are relative: neither a host nor a root path.
    expect(body.match(/(?:src|href|"url":) ?=?"[^"]*"/g)).toEqual(['src="js/scalar.js"', '"url": "../openapi.json"'])
    // Over plain HTTP these would redirect the browser to an unused TLS port.
    expect(policy).not.toContain('upgrade-insecure-requests')
    expect(headers).not.toHaveProperty('strict-transport-security')
    expect(headers).toMatchObject({ 'x-frame-options': 'SAMEORIGIN', 'x-content-type-options': 'nosniff' })
  })

  it('serves the contract, the documentation and the metrics', async () => {
    for (const url of ['/openapi.json', '/openapi-3.0.json', '/docs/', '/docs/js/scalar.js'])
      expect((await app.inject(url)).statusCode, url).toBe(200)
    // The route exists, but there is no database here.
    expect((await app.inject('/metrics')).statusCode).not.toBe(404)
  })
})

describe('GET /', () => {
  const html = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

  it('returns links to programs and redirects browsers to the documentation', async () => {
    const app = await appOf()
    const response = await app.inject('/')
    expect([response.statusCode, response.json()]).toEqual([
      200,
      {
        ...{ name: 'Switchyard', version: expect.stringMatching(/^\d/) },
        ...{ documentation: '/docs', openapi: '/openapi.json', health: '/readyz' },
      },
    ])
    const browser = await app.inject({ url: '/', headers: html })
    expect([browser.statusCode, browser.headers.location]).toEqual([302, '/docs'])
    expect((await app.inject({ method: 'POST', url: '/' })).statusCode).toBe(405)
  })

  it('omits the documentation links if the documentation is disabled', async () => {
    const app = await appOf({ environment: { DOCS_ENABLED: 'false' } })
    const response = await app.inject({ url: '/', headers: html })
    expect([response.statusCode, response.json()]).toEqual([
      200,
      { name: 'Switchyard', version: expect.anything(), health: '/readyz' },
    ])
  })
})

describe('PUBLIC_URL', () => {
  const publicUrl = 'https://example.org/switchyard'

  it.each([publicUrl, `${publicUrl}/`])(
    '%s is the server in the contract and the prefix of every Location',
    async (PUBLIC_URL) => {
      const app = await appOf({
        environment: { PUBLIC_URL },
        prepare: (server) => {
          server.post('/create', async (_request, reply) => reply.code(201).header('location', '/jobs/job_1').send())
          server.get('/elsewhere', async (_request, reply) => reply.redirect('https://elsewhere.example/'))
        },
      })
      expect((await app.inject('/openapi.json')).json().servers).toEqual([{ url: publicUrl }])
      const created = await app.inject({ method: 'POST', url: '/create' })
      expect(created.headers.location).toBe(`${publicUrl}/jobs/job_1`)
      expect((await app.inject('/elsewhere')).headers.location).toBe('https://elsewhere.example/')
      expect((await app.inject('/')).json()).toMatchObject({ documentation: `${publicUrl}/docs` })
      const browser = await app.inject({ url: '/', headers: { accept: 'text/html' } })
      expect(browser.headers.location).toBe(`${publicUrl}/docs`)
      expect((await app.inject('/docs')).headers.location).toBe(`${publicUrl}/docs/`)
    },
  )

  it.each(['ftp://example.org', 'https://user:secret@example.org', 'https://example.org/?a', '/switchyard'])(
    'rejects %s',
    (PUBLIC_URL) => {
      expect(() => readConfig({ PUBLIC_URL })).toThrow(/PUBLIC_URL/)
    },
  )
})

it.each([
  [
    { DOCS_ENABLED: 'false' },
    ['/docs', '/docs/', '/docs/js/scalar.js', '/openapi.json', '/openapi-3.0.json', '/problems'],
  ],
  [{ METRICS_ENABLED: 'false' }, ['/metrics']],
])('%o disables %o', async (environment, urls) => {
  const app = await appOf({ environment })
  for (const url of urls) expect((await app.inject(url)).statusCode, url).toBe(404)
  expect((await app.inject('/livez')).statusCode).toBe(200)
})

it('CORS_ORIGINS allows only the listed origins to call the API', async () => {
  const app = await appOf({ environment: { CORS_ORIGINS: `${page.origin}, https://second.example` } })
  const preflight = (origin: string) =>
    app.inject({ method: 'OPTIONS', url: '/jobs', headers: { origin, 'access-control-request-method': 'POST' } })
  const { statusCode, headers } = await preflight(page.origin)
  expect(statusCode).toBe(204)
  expect(headers).toMatchObject({ 'access-control-allow-origin': page.origin, vary: expect.stringContaining('Origin') })
  expect(headers).not.toHaveProperty('access-control-allow-credentials')
  expect((await preflight('https://evil.example')).headers).not.toHaveProperty('access-control-allow-origin')
  expect((await preflight('null')).headers).not.toHaveProperty('access-control-allow-origin')
  const unauthenticated = await app.inject({ url: '/jobs', headers: page })
  expect(unauthenticated.statusCode).toBe(401)
  expect(unauthenticated.headers['access-control-allow-origin']).toBe(page.origin)
})

describe('X-Forwarded-For', () => {
  const addressSeen = async (environment: NodeJS.ProcessEnv, remoteAddress: string) => {
    const seen: string[] = []
    const authenticate = async ({ ip }: { ip: string }): Promise<Caller> => {
      seen.push(ip)
      throw new Error('not authenticated')
    }
    const app = await appOf({ environment, deps: { authHooks: { authenticate, onDenied: async () => {} } } })
    await app.inject({ url: '/jobs', remoteAddress, headers: { 'x-forwarded-for': '192.0.2.7, 10.0.0.9' } })
    return seen
  }

  it('is ignored by default', async () => {
    expect(await addressSeen({}, '10.0.0.1')).toEqual(['10.0.0.1'])
  })

  it('is trusted along an unbroken chain of TRUSTED_PROXIES', async () => {
    expect(await addressSeen({ TRUSTED_PROXIES: '10.0.0.0/8' }, '10.0.0.1')).toEqual(['192.0.2.7'])
    expect(await addressSeen({ TRUSTED_PROXIES: '10.0.0.1' }, '10.0.0.1')).toEqual(['10.0.0.9'])
    expect(await addressSeen({ TRUSTED_PROXIES: '10.0.0.0/8' }, '203.0.113.5')).toEqual(['203.0.113.5'])
  })
})

it('an internal error exposes neither its message nor a stack', async () => {
  const authenticate = async (): Promise<Caller> => {
    throw new Error('an internal detail')
  }
  const app = await appOf({ deps: { authHooks: { authenticate, onDenied: async () => {} } } })
  const { statusCode, body } = await app.inject('/jobs')
  expect(statusCode).toBe(500)
  expect(JSON.parse(body)).toMatchObject({ code: 'internal', errors: [] })
  expect(body).not.toMatch(/internal detail|stack|\.ts|node_modules/)
})

describe('a slow client', () => {
  const timeouts = { headersMs: 200, requestMs: 400, responseMs: 300 }
  let app: HttpServer
  let port: number

  beforeAll(async () => {
    const { edge } = settingsOf(readConfig({}))
    const caller: Caller = {
      ...{ projectId: 'prj', scopes: new Set(['admin']) },
      by: { subject: 'key', address: '', requestId: '' },
    }
    app = await appOf({
      deps: {
        edge: { ...edge, timeouts },
        authHooks: { authenticate: async () => caller, onDenied: async () => {} },
      },
      prepare: (server) => {
        server.get('/large', async () => 'x'.repeat(64 * 1024 * 1024))
        server.get('/delayed', async () => sleep(2 * timeouts.responseMs, { done: true }))
      },
    })
    await app.listen({ host: '127.0.0.1', port: 0 })
    port = (app.server.address() as AddressInfo).port
  })

  async function startRequest(bytes: string): Promise<{ socket: Socket; serverSocket: Socket }> {
    const accepted = once(app.server, 'connection')
    const socket = connect(port, '127.0.0.1').on('error', () => {})
    socket.write(bytes)
    return { socket, serverSocket: (await accepted)[0] as Socket }
  }

  it.each([
    ['the headers', 'GET /jobs HTTP/1.1\r\nHost: a\r\n'],
    ['the body', 'POST /jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"a"'],
    ['the first byte', ''],
  ])('is disconnected with 408 while it delays %s', async (_, bytes) => {
    const { socket } = await startRequest(bytes)
    const response = await text(socket)
    expect(response).toMatch(/^HTTP\/1\.1 408 /)
    expect(response).toContain('"retryable":true')
  })

  it('is disconnected if it does not read the response', async () => {
    const { serverSocket } = await startRequest('GET /large HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(serverSocket, 'close')
  })

  it('is not disconnected while the service prepares the response', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/delayed`)
    expect(await response.json()).toEqual({ done: true })
  })
})
