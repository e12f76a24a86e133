import { createHmac, timingSafeEqual } from 'node:crypto'
import { isRecord } from '../fields.ts'
import type { ScnetAccount } from './wire.ts'

/** The claims of a token; every value is a string. There is no `exp`. */
export interface Claims {
  readonly computeUser: string
  readonly accountStatus: string
  readonly creator: string
  readonly role: string
  /** Epoch ms. */
  readonly expireTime: string
  readonly clusterId: string
  readonly invoker: string
  readonly user: string
  readonly userId: string
}

/** How long after its expiry a token can be renewed: 24 hours. */
export const renewalMs = 24 * 3_600_000

const platformKey = 'the key of the emulated platform, which no client knows'
const header = base64url(JSON.stringify({ alg: 'HS256', typ: 'JWT' }))

/** A JWT for one region: HS256 with the platform's key, and the claims of documented tokens in their order. */
export function makeToken(account: ScnetAccount, clusterId: string, expireTime: number): string {
  const claims: Claims = {
    computeUser: account.clusterUser,
    accountStatus: 'Trial',
    creator: 'ac',
    role: '1',
    expireTime: String(expireTime),
    clusterId,
    invoker: account.orgId,
    user: account.user,
    userId: account.userId,
  }
  const content = `${header}.${base64url(JSON.stringify(claims))}`
  return `${content}.${sign(platformKey, content).toString('base64url')}`
}

/** The claims of a token signed by this platform, expired or not; else `null`. */
export function readToken(token: unknown): Claims | null {
  if (typeof token !== 'string') return null
  const [given, payload, signature, ...more] = token.split('.')
  if (given !== header || payload === undefined || signature === undefined || more.length > 0) return null
  const expected = sign(platformKey, `${given}.${payload}`)
  if (!areEqual(Buffer.from(signature, 'base64url'), expected)) return null
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  // Signed with the key above, so `makeToken` created it.
  return isRecord(claims) ? (claims as unknown as Claims) : null
}

/**
 * Verifies the login's signature: lower-case hex HMAC-SHA256 with the secret key, over compact JSON in this order.
 * https://www.scnet.cn/ac/openapi/doc/2.0/api/safecertification/get-user-tokens-aksk.html
 */
export function hasSigned(account: ScnetAccount, timestamp: string, signature: string): boolean {
  const { accessKey, secretKey, user } = account
  const expected = sign(secretKey, JSON.stringify({ accessKey, timestamp, user })).toString('hex')
  return areEqual(Buffer.from(signature), Buffer.from(expected))
}

/** Compares secrets in constant time. */
export function areEqual(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function sign(key: string, content: string): Buffer {
  return createHmac('sha256', key).update(content, 'utf8').digest()
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url')
}
