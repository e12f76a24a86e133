import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** The claims of a token. Times are epoch ms by the wall clock. */
export interface TokenClaims {
  readonly userId: string
  /** `null`: the token covers the whole domain. */
  readonly projectId: string | null
  readonly issuedAt: number
  readonly expiresAt: number
}

// Not a secret: it only lets the sandbox detect tokens that it did not issue or that were changed.
const sealingKey = 'sandbox-iam-token-seal'

/** Creates a token that contains its claims, so that it survives a restart of the sandbox like a real one. */
export function sealToken(claims: TokenClaims): string {
  const nonce = randomBytes(9).toString('base64url')
  const payload = Buffer.from(JSON.stringify({ ...claims, nonce })).toString('base64url')
  return `MIIC${payload}.${seal(payload).toString('base64url')}`
}

/** Reads a token; `null` if the sandbox did not issue it. It may have expired. */
export function openToken(token: string): TokenClaims | null {
  const [, payload, given] = /^MIIC([\w-]+)\.([\w-]{43})$/.exec(token) ?? []
  if (payload === undefined || given === undefined) return null
  if (!timingSafeEqual(Buffer.from(given, 'base64url'), seal(payload))) return null
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
}

function seal(payload: string): Buffer {
  return createHmac('sha256', sealingKey).update(payload).digest()
}
