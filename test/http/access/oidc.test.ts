import type { RequestListener } from 'node:http'
import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { makeOidcVerifier } from '../../../src/access/oidc.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { type OidcIssuer, startOidcIssuer } from '../../support/oidc-issuer.ts'
import { startTwoInstances } from './start-two.ts'

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

/** Keys are asked for again at most every two seconds. */
const untilKnown = (token: string) =>
  expect
    .poll(async () => (await two.as(token).call('GET', '/jobs')).status, { timeout: 30_000, interval: 200 })
    .toBe(200)

describe('a token of the issuer', () => {
  it('opens the project that it names, with the scopes that it names', async () => {
    const reader = two.as(await issuer.token({ project: 'research', scope: 'jobs:read' }))
    expect((await reader.call('GET', '/jobs')).status).toBe(200)
    expect((await reader.call('GET', '/environments')).status).toBe(403)
    const byId = two.as(await issuer.token({ project: projectId, scope: 'environments:read jobs:read' }))
    expect((await byId.call('GET', '/environments')).status).toBe(200)
    const { data } = await two.admin.ok('GET', `/audit?projectId=${projectId}&action=request.refused`)
    expect(data).toMatchObject([{ subject: 'oidc:batch', outcome: 'refused' }])
  })

  it('opens nothing when it is meant for somebody else, or names no project', async () => {
    const elsewhere = await issuer.token({ project: 'research', scope: 'jobs:read', audience: 'https://other.test' })
    const nowhere = await issuer.token({ project: 'nobody', scope: 'jobs:read' })
    expect((await two.as(elsewhere).call('GET', '/jobs')).status).toBe(401)
    const { status, body } = await two.as(nowhere).call('GET', '/jobs')
    expect(status).toBe(401)
    expect(body.detail).toContain('does not name an existing project')
  })

  it('is known by a new key of the issuer without a restart', async () => {
    const before = await issuer.token({ project: 'research', scope: 'jobs:read' })
    expect((await two.as(before).call('GET', '/jobs')).status).toBe(200)
    await issuer.rotateKeys()
    const after = await issuer.token({ project: 'research', scope: 'jobs:read environments:read' })
    await untilKnown(after)
  }, 30_000)
})

/** What the issuer itself could have signed. */
const good = () => ({
  ...{ iss: issuer.url, aud: audience, sub: 'batch', project: 'research', scope: 'jobs:read' },
  exp: Math.floor(Date.now() / 1000) + 300,
})
/** As it is after a start: it has asked the issuer for nothing yet. */
const freshVerifier = (settings: Partial<typeof oidc> = {}, clock = makeFixedClock()) =>
  makeOidcVerifier({ settings: { ...oidc, ...settings }, projectOf: async (name) => name, fetch, clock })

describe('a token that the issuer signed', () => {
  it.each<[string, () => object]>([
    ['has expired', () => ({ exp: Math.floor(Date.now() / 1000) - 60 })],
    ['has no end', () => ({ exp: undefined })],
    ['has not begun', () => ({ nbf: Math.floor(Date.now() / 1000) + 60 })],
    ['names another issuer', () => ({ iss: `${issuer.url}/other` })],
    ['is meant for somebody else', () => ({ aud: 'https://other.test' })],
    ['ends never', () => ({ exp: 1e18 })],
    ['ends after the last year', () => ({ exp: Date.UTC(9999, 11, 31) / 1000 + 86_400 })],
    ['is of nobody', () => ({ sub: undefined })],
    ['is of null', () => ({ sub: null })],
    ['is of an object', () => ({ sub: {} })],
    ['is of a number', () => ({ sub: 5 })],
    ['is of an empty text', () => ({ sub: '' })],
    ['is of a text with NUL', () => ({ sub: 'bat\0ch' })],
    ['is of a text with a line end', () => ({ sub: 'batch\nadmin' })],
    ['is of half a character', () => ({ sub: 'batch\ud800' })],
    ['is of a text without end', () => ({ sub: 'a'.repeat(256) })],
    ['names a project with NUL', () => ({ project: 'rese\0arch' })],
    ['names two projects', () => ({ project: ['research', 'other'] })],
    ['names no project', () => ({ project: [] })],
    ['names a number as its project', () => ({ project: 5 })],
  ])('opens nothing when it %s', async (_what, claims) => {
    const verify = freshVerifier()
    expect(await verify(await issuer.sign(good()))).toMatchObject({ subject: 'oidc:batch' })
    await expect(verify(await issuer.sign({ ...good(), ...claims() }))).rejects.toMatchObject({
      code: 'unauthenticated',
    })
  })

  it('is known by whichever of the published keys it was signed with', async () => {
    await issuer.rotateKeys('published')
    const verify = freshVerifier()
    for (const key of ['newest', 'previous'] as const)
      expect(await verify(await issuer.sign(good(), key))).toMatchObject({ projectId: 'research' })
  })
})

describe('an issuer with claims of its own', () => {
  it.each<[string, Partial<typeof oidc>, object]>([
    ['a client instead of an audience', { audienceClaim: 'client_id' }, { aud: undefined, client_id: audience }],
    ['one of several audiences', { audiences: ['https://other.test', audience] }, {}],
    [
      'scopes in a claim of a claim',
      { scopesClaim: 'access.x.y.roles' },
      { access: { 'x.y': { roles: ['jobs:read'] } } },
    ],
    ['scopes with a prefix', { scopePrefix: 'api/' }, { scope: 'api/jobs:read admin api/other openid' }],
    ['scopes as a list', { scopesClaim: 'scp' }, { scp: ['jobs:read', 5, null, 'other'] }],
    ['a project in a list of one', {}, { project: ['research'] }],
    ['a project in a claim named by a URL', { projectClaim: 'https://a.test/p' }, { 'https://a.test/p': 'research' }],
  ])('is understood: %s', async (_what, settings, claims) => {
    const token = await issuer.sign({ ...good(), project: 'research', ...claims })
    expect(await freshVerifier(settings)(token)).toMatchObject({
      projectId: 'research',
      scopes: new Set(['jobs:read']),
    })
  })

  it.each<[string, Partial<typeof oidc>, object]>([
    ['another client', { audienceClaim: 'client_id' }, { aud: undefined, client_id: 'other' }],
    ['no client', { audienceClaim: 'client_id' }, {}],
    ['an inherited name', { audienceClaim: 'constructor.name', audiences: ['Object'] }, {}],
  ])('opens nothing with %s', async (_what, settings, claims) => {
    const token = await issuer.sign({ ...good(), ...claims })
    await expect(freshVerifier(settings)(token)).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})

describe('an issuer in trouble', () => {
  afterEach(() => issuer.answerKeysWith(null))

  it.each<[string, RequestListener]>([
    ['503', (_request, response) => response.writeHead(503).end()],
    ['a redirect', (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    ['a page', (_request, response) => response.end('<html>maintenance</html>')],
    ['no keys', (_request, response) => response.end('{}')],
    ['nothing', (request) => request.socket.destroy()],
  ])('that answers %s does not make a good token a bad one', async (_answer, listener) => {
    const clock = makeFixedClock()
    const verify = freshVerifier({}, clock)
    const token = await issuer.sign(good())
    issuer.answerKeysWith(listener)
    await expect(verify(token)).rejects.toMatchObject({ code: 'unavailable', retryAfterSeconds: 5 })
    issuer.answerKeysWith(null)
    clock.advance(2000)
    expect(await verify(token)).toMatchObject({ projectId: 'research' })
  })

  it.each([
    ['cannot be discovered', '/.well-known/openid-configuration'],
    ['has no keys', '/jwks'],
  ])('that %s is asked once in two seconds, whatever tokens arrive', async (_what, path) => {
    const asked: string[] = []
    const clock = makeFixedClock()
    const verify = makeOidcVerifier({
      ...{ settings: oidc, projectOf: async (name) => name, clock },
      fetch: async (url, options) => {
        asked.push(String(url))
        return new URL(String(url)).pathname === path ? new Response('no', { status: 503 }) : fetch(url, options)
      },
    })
    const forged = await issuer.sign(good())
    const send = () => Promise.allSettled(Array.from({ length: 50 }, () => verify(forged)))
    await send()
    await send()
    const once = asked.length
    expect(asked.filter((url) => url.endsWith(path))).toHaveLength(1)
    clock.advance(2000)
    for (const result of await send()) expect(result).toMatchObject({ reason: { code: 'unavailable' } })
    expect(asked).toHaveLength(2 * once)
  })

  it('is asked for nothing by what is no token of it', async () => {
    const verify = makeOidcVerifier({
      ...{ settings: oidc, projectOf: async (name) => name, clock: makeFixedClock() },
      fetch: () => Promise.reject(new Error('nothing should be asked')),
    })
    const elsewhere = await issuer.sign({ ...good(), iss: 'https://other.test' })
    for (const token of ['a.b.c', `${btoa('{}')}.${btoa('{}')}.x`.replaceAll('=', ''), elsewhere])
      await expect(verify(token)).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})

describe('a token of nobody', () => {
  const claims = { project: 'research', scope: 'admin' }
  const sign = (key: Parameters<SignJWT['sign']>[0], alg: string) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg, kid: 'key-1' })
      .setIssuer(issuer.url)
      .setAudience(audience)
      .setSubject('mallory')
      .setExpirationTime('5m')
      .sign(key)

  it('is refused when its key or its algorithm is not the issuer’s', async () => {
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

describe('a flood of tokens of nobody', () => {
  // Last, because all tests here have one address.
  it('is refused without being verified, and does not shut out who was in before', async () => {
    const token = await issuer.token({ project: 'research', scope: 'jobs:read' })
    // Another test may have made the issuer's key a new one.
    await untilKnown(token)
    const known = two.as(token)
    const send = (count: number) =>
      Promise.all(Array.from({ length: count }, (_, index) => two.as(`a${index}.b.c`).call('GET', '/jobs')))
    await send(150)
    await send(150)
    expect((await send(1))[0]).toMatchObject({ status: 429, body: { code: 'rate_limited' } })
    await known.ok('GET', '/jobs')
  })
})
