import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** What a token says of its bearer. Times are epoch ms by the wall clock. */
export interface TokenClaims {
  readonly userId: string
  /** `null`: the token was made for the whole domain. */
  readonly projectId: string | null
  readonly issuedAt: number
  readonly expiresAt: number
}

// Protects nothing but the sandbox's own honesty: a token that it did not issue, or that was changed, is not one.
const sealingKey = 'sandbox-iam-token-seal'

/** Makes a token. It carries its claims, so that it outlives a restart of the sandbox as a real one would. */
export function sealToken(claims: TokenClaims): string {
  const nonce = randomBytes(9).toString('base64url')
  const payload = Buffer.from(JSON.stringify({ ...claims, nonce })).toString('base64url')
  return `MIIC${payload}.${seal(payload).toString('base64url')}`
}

/** Reads a token back; `null` when the sandbox never issued it. It may have expired. */
export function openToken(token: string): TokenClaims | null {
  const [, payload, given] = /^MIIC([\w-]+)\.([\w-]{43})$/.exec(token) ?? []
  if (payload === undefined || given === undefined) return null
  if (!timingSafeEqual(Buffer.from(given, 'base64url'), seal(payload))) return null
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
}

function seal(payload: string): Buffer {
  return createHmac('sha256', sealingKey).update(payload).digest()
}
