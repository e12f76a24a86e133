import { describe, expect, it } from 'vitest'
import { makeAuthenticate } from '../../../src/access/authenticate.ts'
import { makeOidcVerifier } from '../../../src/access/oidc.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'

const issuer = 'https://issuer.test'
const settings = {
  ...{ issuer, audiences: ['switchyard'], audienceClaim: 'aud' },
  ...{ projectClaim: 'project', scopesClaim: 'scope', scopePrefix: '' },
}

/** A token with valid claims and no signature. */
function unsigned(count: number): string {
  const claims = { iss: issuer, aud: 'switchyard', sub: `junk-${count}`, project: 'p', exp: 4_000_000_000 }
  const parts = [JSON.stringify({ alg: 'RS256', kid: 'k' }), JSON.stringify(claims), 'no signature']
  return parts.map((part) => Buffer.from(part).toString('base64url')).join('.')
}

/** An authenticator with an unreachable issuer and a database with one key. */
function setup() {
  const clock = makeFixedClock()
  let issuerRequests = 0
  const unreachable = async (): Promise<Response> => {
    issuerRequests += 1
    throw new Error('connection refused')
  }
  const verifyToken = makeOidcVerifier({ settings, projectOf: async (name) => name, fetch: unreachable, clock })
  const key = 'a-valid-key'
  const authenticate = makeAuthenticate({
    keys: {
      valid: async ({ hash }) => ({ id: 'key_1', projectId: 'p', hash, scopes: ['jobs:read'], expiresAt: null }),
      used: async () => {},
    },
    ...{ verifyToken, clock, log: { warn: () => {} } },
  })
  const send = (secret: string, ip = '203.0.113.5') =>
    authenticate({ headers: { authorization: `Bearer ${secret}` }, ip, id: 'req' } as Parameters<
      typeof authenticate
    >[0])
  const sendJunk = async (count: number, ip?: string) =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        send(unsigned(index), ip).then(
          () => 'accepted',
          (error: { code: string }) => error.code,
        ),
      ),
    )
  return { clock, key, send, sendJunk, issuerRequests: () => issuerRequests }
}

describe('rate limit of unverifiable tokens', () => {
  it('rejects a network for one minute after 300 failures', async () => {
    const { clock, sendJunk, issuerRequests } = setup()
    expect(new Set(await sendJunk(300))).toEqual(new Set(['unavailable']))
    clock.advance(10_000)
    const before = issuerRequests()
    expect(new Set(await sendJunk(20))).toEqual(new Set(['rate_limited']))
    expect(issuerRequests()).toBe(before)
    expect(await sendJunk(1, '198.51.100.7')).toEqual(['unavailable'])
    clock.advance(50_000)
    expect(await sendJunk(1)).toEqual(['unavailable'])
  })

  it('does not affect a valid key from the same network', async () => {
    const { key, send, sendJunk } = setup()
    await sendJunk(400)
    expect(await send(key)).toMatchObject({ projectId: 'p' })
  })
})
