import type { RequestListener } from 'node:http'
import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { makeOidcVerifier } from '../../../src/access/oidc.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { type OidcIssuer, startOidcIssuer } from '../../support/oidc-issuer.ts'
import { startTwoInstances } from './two-instances.ts'

const issuer: OidcIssuer = await startOidcIssuer()
const audience = 'https://switchyard.test'
const oidc = {
  ...{ issuer: issuer.url, audiences: [audience], audienceClaim: 'aud' },
  ...{ projectClaim: 'project', scopesClaim: 'scope', scopePrefix: '' },
}
const two = startTwoInstances({ oidc })
let projectId: string

beforeAll(async () => {
  projectId = (await two.admin.ok('POST', '/projects', { name: 'research' })).id
})
afterAll(() => issuer.stop())

/** The verifier fetches the keys of the issuer at most every two seconds. */
const untilAccepted = (token: string) =>
  expect
    .poll(async () => (await two.as(token).call('GET', '/jobs')).status, { timeout: 30_000, interval: 200 })
    .toBe(200)

describe('an OIDC token', () => {
  it('authenticates for its project with its scopes', async () => {
    const reader = two.as(await issuer.token({ project: 'research', scope: 'jobs:read' }))
    expect((await reader.call('GET', '/jobs')).status).toBe(200)
    expect((await reader.call('GET', '/environments')).status).toBe(403)
    const byId = two.as(await issuer.token({ project: projectId, scope: 'environments:read jobs:read' }))
    expect((await byId.call('GET', '/environments')).status).toBe(200)
    const { data } = await two.admin.ok('GET', `/audit?projectId=${projectId}&action=request.refused`)
    expect(data).toMatchObject([{ subject: 'oidc:batch', outcome: 'refused' }])
  })

  it('is rejected with another audience or an unknown project', async () => {
    const otherAudience = await issuer.token({
      project: 'research',
      scope: 'jobs:read',
      audience: 'https://other.test',
    })
    const unknownProject = await issuer.token({ project: 'nobody', scope: 'jobs:read' })
    expect((await two.as(otherAudience).call('GET', '/jobs')).status).toBe(401)
    const { status, body } = await two.as(unknownProject).call('GET', '/jobs')
    expect(status).toBe(401)
    expect(body.detail).toContain('does not name an existing project')
  })

  it('is accepted after key rotation without a restart', async () => {
    const before = await issuer.token({ project: 'research', scope: 'jobs:read' })
    expect((await two.as(before).call('GET', '/jobs')).status).toBe(200)
    await issuer.rotateKeys()
    const after = await issuer.token({ project: 'research', scope: 'jobs:read environments:read' })
    await untilAccepted(after)
  })
})

/** Claims of a valid token. */
const validClaims = () => ({
  ...{ iss: issuer.url, aud: audience, sub: 'batch', project: 'research', scope: 'jobs:read' },
  exp: Math.floor(Date.now() / 1000) + 300,
})
/** A verifier that has not fetched any keys. */
const startVerifier = (settings: Partial<typeof oidc> = {}, clock = makeFixedClock()) =>
  makeOidcVerifier({ settings: { ...oidc, ...settings }, projectOf: async (name) => name, fetch, clock })

describe('a signed token', () => {
  it.each<[string, () => object]>([
    ['has expired', () => ({ exp: Math.floor(Date.now() / 1000) - 60 })],
    ['has no expiry', () => ({ exp: undefined })],
    ['is not yet valid', () => ({ nbf: Math.floor(Date.now() / 1000) + 60 })],
    ['has another issuer', () => ({ iss: `${issuer.url}/other` })],
    ['has another audience', () => ({ aud: 'https://other.test' })],
    ['has an invalid expiry', () => ({ exp: 1e18 })],
    ['expires after the year 9999', () => ({ exp: Date.UTC(9999, 11, 31) / 1000 + 86_400 })],
    ['has no subject', () => ({ sub: undefined })],
    ['has a null subject', () => ({ sub: null })],
    ['has an object as its subject', () => ({ sub: {} })],
    ['has a number as its subject', () => ({ sub: 5 })],
    ['has an empty subject', () => ({ sub: '' })],
    ['has a NUL in its subject', () => ({ sub: 'bat\0ch' })],
    ['has a line feed in its subject', () => ({ sub: 'batch\nadmin' })],
    ['has an unpaired surrogate in its subject', () => ({ sub: 'batch\ud800' })],
    ['has an oversized subject', () => ({ sub: 'a'.repeat(256) })],
    ['has a NUL in its project', () => ({ project: 'rese\0arch' })],
    ['has two projects', () => ({ project: ['research', 'other'] })],
    ['has no project', () => ({ project: [] })],
    ['has a number as its project', () => ({ project: 5 })],
  ])('is rejected if it %s', async (_name, claims) => {
    const verify = startVerifier()
    expect(await verify(await issuer.sign(validClaims()))).toMatchObject({ subject: 'oidc:batch' })
    await expect(verify(await issuer.sign({ ...validClaims(), ...claims() }))).rejects.toMatchObject({
      code: 'unauthenticated',
    })
  })

  it('is accepted with any published key', async () => {
    await issuer.rotateKeys('published')
    const verify = startVerifier()
    for (const key of ['newest', 'previous'] as const)
      expect(await verify(await issuer.sign(validClaims(), key))).toMatchObject({ projectId: 'research' })
  })
})

describe('custom claims of an issuer', () => {
  it.each<[string, Partial<typeof oidc>, object]>([
    ['a client id as the audience', { audienceClaim: 'client_id' }, { aud: undefined, client_id: audience }],
    ['one of several audiences', { audiences: ['https://other.test', audience] }, {}],
    ['scopes in a nested claim', { scopesClaim: 'access.x.y.roles' }, { access: { 'x.y': { roles: ['jobs:read'] } } }],
    ['scopes with a prefix', { scopePrefix: 'api/' }, { scope: 'api/jobs:read admin api/other openid' }],
    ['scopes as a list', { scopesClaim: 'scp' }, { scp: ['jobs:read', 5, null, 'other'] }],
    ['a project in a list with one item', {}, { project: ['research'] }],
    ['a project in a claim named by a URL', { projectClaim: 'https://a.test/p' }, { 'https://a.test/p': 'research' }],
  ])('are supported: %s', async (_name, settings, claims) => {
    const token = await issuer.sign({ ...validClaims(), project: 'research', ...claims })
    expect(await startVerifier(settings)(token)).toMatchObject({
      projectId: 'research',
      scopes: new Set(['jobs:read']),
    })
  })

  it.each<[string, Partial<typeof oidc>, object]>([
    ['another client', { audienceClaim: 'client_id' }, { aud: undefined, client_id: 'other' }],
    ['no client', { audienceClaim: 'client_id' }, {}],
    ['an inherited name', { audienceClaim: 'constructor.name', audiences: ['Object'] }, {}],
  ])('are rejected with %s', async (_name, settings, claims) => {
    const token = await issuer.sign({ ...validClaims(), ...claims })
    await expect(startVerifier(settings)(token)).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})

describe('an unavailable issuer', () => {
  afterEach(() => issuer.overrideJwks(null))

  it.each<[string, RequestListener]>([
    ['503', (_request, response) => response.writeHead(503).end()],
    ['a redirect', (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    ['an HTML page', (_request, response) => response.end('<html>maintenance</html>')],
    ['no keys', (_request, response) => response.end('{}')],
    ['a closed connection', (request) => request.socket.destroy()],
  ])('causes 503, not 401, if it returns %s', async (_response, listener) => {
    const clock = makeFixedClock()
    const verify = startVerifier({}, clock)
    const token = await issuer.sign(validClaims())
    issuer.overrideJwks(listener)
    await expect(verify(token)).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 5 })
    issuer.overrideJwks(null)
    clock.advance(2000)
    expect(await verify(token)).toMatchObject({ projectId: 'research' })
  })

  it.each([
    ['no discovery metadata', '/.well-known/openid-configuration'],
    ['no keys', '/jwks'],
  ])('with %s is called once per two seconds for any number of tokens', async (_name, path) => {
    const requested: string[] = []
    const clock = makeFixedClock()
    const verify = makeOidcVerifier({
      ...{ settings: oidc, projectOf: async (name) => name, clock },
      fetch: async (url, options) => {
        requested.push(String(url))
        return new URL(String(url)).pathname === path ? new Response('no', { status: 503 }) : fetch(url, options)
      },
    })
    const token = await issuer.sign(validClaims())
    const send = () => Promise.allSettled(Array.from({ length: 50 }, () => verify(token)))
    await send()
    await send()
    const requestsPerAttempt = requested.length
    expect(requested.filter((url) => url.endsWith(path))).toHaveLength(1)
    clock.advance(2000)
    for (const result of await send()) expect(result).toMatchObject({ reason: { code: 'unavailable' } })
    expect(requested).toHaveLength(2 * requestsPerAttempt)
  })

  it('is not called for tokens of other issuers', async () => {
    const verify = makeOidcVerifier({
      ...{ settings: oidc, projectOf: async (name) => name, clock: makeFixedClock() },
      fetch: () => Promise.reject(new Error('unexpected request')),
    })
    const otherIssuer = await issuer.sign({ ...validClaims(), iss: 'https://other.test' })
    for (const token of ['a.b.c', `${btoa('{}')}.${btoa('{}')}.x`.replaceAll('=', ''), otherIssuer])
      await expect(verify(token)).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})

describe('a forged token', () => {
  const claims = { project: 'research', scope: 'admin' }
  const sign = (key: Parameters<SignJWT['sign']>[0], alg: string) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg, kid: 'key-1' })
      .setIssuer(issuer.url)
      .setAudience(audience)
      .setSubject('mallory')
      .setExpirationTime('5m')
      .sign(key)

  it('returns 401 for a key or an algorithm that the issuer does not use', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const unsigned = ['{"alg":"none"}', JSON.stringify({ ...claims, iss: issuer.url, aud: audience, sub: 'x' })]
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')
    const forged = [
      await sign(privateKey, 'ES256'),
      await sign(new TextEncoder().encode('a shared secret of thirty-two bytes'), 'HS256'),
      `${unsigned}.AAAA`,
    ]
    for (const token of forged) {
      const { status, body } = await two.as(token).call('GET', '/jobs')
      expect(status).toBe(401)
      expect(JSON.stringify(body)).not.toContain(token)
    }
  })
})

describe('a flood of forged tokens', () => {
  // Last, because all tests in this file share one client address.
  it('is rate limited without blocking a known token', async () => {
    const token = await issuer.token({ project: 'research', scope: 'jobs:read' })
    // Another test may have rotated the key of the issuer.
    await untilAccepted(token)
    const known = two.as(token)
    const send = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, index) => two.as(`a${index}.b.c`).call('GET', '/jobs')))
    await send(150)
    await send(150)
    expect((await send(1))[0]).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
    await known.ok('GET', '/jobs')
  })
})
