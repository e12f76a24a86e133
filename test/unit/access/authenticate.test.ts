import { describe, expect, it } from 'vitest'
import { makeAuthenticate } from '../../../src/access/authenticate.ts'
import { makeOidcVerifier } from '../../../src/access/oidc.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'

const issuer = 'https://issuer.test'
const settings = {
  ...{ issuer, audiences: ['switchyard'], audienceClaim: 'aud' },
  ...{ projectClaim: 'project', scopesClaim: 'scope', scopePrefix: '' },
}

/** Signed by nobody, and all that can be seen of it without the issuer's keys is right. */
function unsigned(count: number): string {
  const claims = { iss: issuer, aud: 'switchyard', sub: `junk-${count}`, project: 'p', exp: 4_000_000_000 }
  const parts = [JSON.stringify({ alg: 'RS256', kid: 'k' }), JSON.stringify(claims), 'no signature']
  return parts.map((part) => Buffer.from(part).toString('base64url')).join('.')
}

/** Beside an issuer that is away, and a database that has one key. */
function setup() {
  const clock = makeFixedClock()
  let asked = 0
  const away = async (): Promise<Response> => {
    asked += 1
    throw new Error('connection refused')
  }
  const verifyToken = makeOidcVerifier({ settings, projectOf: async (name) => name, fetch: away, clock })
  const key = 'a-key-that-is-good'
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
          () => 'taken',
          (error: { code: string }) => error.code,
        ),
      ),
    )
  return { clock, key, send, sendJunk, asked: () => asked }
}

describe('tokens that nobody can examine, while their issuer is away', () => {
  it('are refused as too many after a while, for a minute, by the network that they come from', async () => {
    const { clock, sendJunk, asked } = setup()
    expect(new Set(await sendJunk(300))).toEqual(new Set(['unavailable']))
    clock.advance(10_000)
    const before = asked()
    expect(new Set(await sendJunk(20))).toEqual(new Set(['rate_limited']))
    expect(asked()).toBe(before)
    expect(await sendJunk(1, '198.51.100.7')).toEqual(['unavailable'])
    clock.advance(50_000)
    expect(await sendJunk(1)).toEqual(['unavailable'])
  })

  it('do not keep out a key that comes from the same network', async () => {
    const { key, send, sendJunk } = setup()
    await sendJunk(400)
    expect(await send(key)).toMatchObject({ projectId: 'p' })
  })
})
