import { generateKeyPair, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
    // The library asks for keys again at most every ten seconds.
    const untilMs = performance.now() + 14_000
    let { status } = await two.as(after).call('GET', '/jobs')
    while (status !== 200 && performance.now() < untilMs) {
      await new Promise((resolve) => setTimeout(resolve, 500))
      status = (await two.as(after).call('GET', '/jobs')).status
    }
    expect(status).toBe(200)
  }, 30_000)
})

describe('a token of nobody', () => {
  const claims = { project: 'research', scope: 'admin' }
  const sign = (key: Parameters<SignJWT['sign']>[0], alg: string, more: object = {}) =>
    new SignJWT({ ...claims, ...more })
      .setProtectedHeader({ alg, kid: 'key-1' })
      .setIssuer(issuer.url)
      .setAudience(oidc.audience)
      .setSubject('mallory')
      .setExpirationTime('5m')
      .sign(key)

  it('is refused when its key, its algorithm or its time is not the issuer’s', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const unsigned = ['{"alg":"none"}', JSON.stringify({ ...claims, iss: issuer.url, aud: oidc.audience, sub: 'x' })]
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.')
    const forged = [
      await sign(privateKey, 'ES256'),
      await sign(new TextEncoder().encode('a shared secret of thirty-two bytes'), 'HS256'),
      await sign(privateKey, 'ES256', { exp: 1 }),
      `${unsigned}.AAAA`,
    ]
    for (const token of forged) {
      const { status, body } = await two.as(token).call('GET', '/jobs')
      expect(status).toBe(401)
      expect(JSON.stringify(body)).not.toContain(token)
    }
  })
})
