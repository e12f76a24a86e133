import type { RequestListener } from 'node:http'
import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { makeOidcVerifier } from '../../../src/projects/oidc.ts'
import { type OidcIssuer, startOidcIssuer } from '../../support/oidc-issuer.ts'
import { startTwoInstances } from './start-two.ts'

const issuer: OidcIssuer = await startOidcIssuer()
const oidc = { issuer: issuer.url, audience: 'https://switchyard.test', projectClaim: 'project', scopesClaim: 'scope' }
const two = startTwoInstances({ oidc })
let projectId: string

beforeAll(async () => {
  projectId = (await two.admin.ok('POST', '/projects', { name: 'research' })).id
})
afterAll(() => issuer.stop())

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
    expect(body.detail).toContain('names no project')
  })

  it('is known by a new key of the issuer without a restart', async () => {
    const before = await issuer.token({ project: 'research', scope: 'jobs:read' })
    expect((await two.as(before).call('GET', '/jobs')).status).toBe(200)
    await issuer.rotateKeys()
    const after = await issuer.token({ project: 'research', scope: 'jobs:read environments:read' })
    // Keys are asked for again at most every two seconds.
    const untilMs = performance.now() + 10_000
    let { status } = await two.as(after).call('GET', '/jobs')
    while (status !== 200 && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      status = (await two.as(after).call('GET', '/jobs')).status
    }
    expect(status).toBe(200)
  }, 30_000)
})

/** What the issuer itself could have signed. */
const good = () => ({
  ...{ iss: issuer.url, aud: oidc.audience, sub: 'batch', project: 'research', scope: 'jobs:read' },
  exp: Math.floor(Date.now() / 1000) + 300,
})
/** As it is after a start: it has asked the issuer for nothing yet. */
const freshVerifier = () => makeOidcVerifier({ settings: oidc, projectOf: async (name) => name, fetch })

describe('a token that the issuer signed', () => {
  it.each<[string, () => object]>([
    ['has expired', () => ({ exp: Math.floor(Date.now() / 1000) - 60 })],
    ['has no end', () => ({ exp: undefined })],
    ['has not begun', () => ({ nbf: Math.floor(Date.now() / 1000) + 60 })],
    ['names another issuer', () => ({ iss: `${issuer.url}/other` })],
    ['is meant for somebody else', () => ({ aud: 'https://other.test' })],
    ['is of nobody', () => ({ sub: undefined })],
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

describe('an issuer in trouble', () => {
  afterEach(() => issuer.answerKeysWith(null))

  it.each<[string, RequestListener]>([
    ['503', (_request, response) => response.writeHead(503).end()],
    ['a redirect', (_request, response) => response.writeHead(302, { location: '/elsewhere' }).end()],
    ['a page', (_request, response) => response.end('<html>maintenance</html>')],
    ['no keys', (_request, response) => response.end('{}')],
    ['nothing', (request) => request.socket.destroy()],
  ])('that answers %s does not make a good token a bad one', async (_answer, listener) => {
    const verify = freshVerifier()
    const token = await issuer.sign(good())
    issuer.answerKeysWith(listener)
    await expect(verify(token)).rejects.toMatchObject({ code: 'overloaded', retryAfterSeconds: 5 })
    issuer.answerKeysWith(null)
    expect(await verify(token)).toMatchObject({ projectId: 'research' })
  })
})

describe('a token of nobody', () => {
  const claims = { project: 'research', scope: 'admin' }
  const sign = (key: Parameters<SignJWT['sign']>[0], alg: string) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg, kid: 'key-1' })
      .setIssuer(issuer.url)
      .setAudience(oidc.audience)
      .setSubject('mallory')
      .setExpirationTime('5m')
      .sign(key)

  it('is refused when its key or its algorithm is not the issuer’s', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const unsigned = ['{"alg":"none"}', JSON.stringify({ ...claims, iss: issuer.url, aud: oidc.audience, sub: 'x' })]
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
