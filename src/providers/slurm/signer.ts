import { createHmac } from 'node:crypto'
import { readId, readNumber } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { tryParseJson } from '../kit/json.ts'
import type { SlurmCredentials } from './settings.ts'

/** Validity of a generated token: far longer than a call, short enough to limit a leak. */
const lifetimeSeconds = 600

/**
 * The token of one call: the given one, or a new one signed with the cluster's key. HS256 with the claims that Slurm
 * reads: `exp`, `iat`, and `sun`, the user.
 * Source: https://slurm.schedmd.com/jwt.html
 */
export function tokenFor(user: string, { token, key = '' }: SlurmCredentials, now: Date): string {
  if (token !== undefined) return token
  const iat = Math.floor(now.getTime() / 1000)
  const signed = [
    { alg: 'HS256', typ: 'JWT' },
    { exp: iat + lifetimeSeconds, iat, sun: user },
  ]
    .map(encode)
    .join('.')
  return `${signed}.${createHmac('sha256', Buffer.from(key, 'base64')).update(signed).digest('base64url')}`
}

export interface TokenClaims {
  /** Absent if the token has no expiry or is not a JWT. */
  expiresAt?: Date
  user?: string
}

/** The claims of a token, not verified: that is left to the cluster. */
export function claimsOf(token: string): TokenClaims {
  const claims = tryParseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
  const expiry = readNumber(claims, 'exp')
  const user = readId(claims, 'sun') ?? readId(claims, 'username')
  return given({ user, expiresAt: expiry === undefined ? undefined : new Date(expiry * 1000) })
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
