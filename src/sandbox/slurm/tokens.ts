import { createHmac, timingSafeEqual } from 'node:crypto'
import { isRecord } from '../fields.ts'
import type { Call } from '../provider.ts'
import { isDataParser } from './data-parser-responses.ts'
import type { SlurmAccount } from './wire.ts'

/**
 * Whether the headers are present, which is all that slurmrestd itself checks. Since 23.11 or earlier (measured on
 * 24.11.5) the token alone is enough, also as a bearer token.
 */
export function hasHeaders({ headers, params }: Call): boolean {
  if (isDataParser(params.version)) return tokenIn(headers) !== undefined
  return headers['x-slurm-user-name'] !== undefined && headers['x-slurm-user-token'] !== undefined
}

function tokenIn(headers: Call['headers']): string | undefined {
  const token = headers['x-slurm-user-token'] ?? /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
  return token === undefined ? undefined : String(token)
}

/**
 * The caller by the controller's rules: an unexpired HS256 JWT of the cluster's key, for the user that the other header
 * names. Null: the controller closes the connection.
 */
export function callerOf(call: Call, accounts: readonly SlurmAccount[]): SlurmAccount | null {
  const token = tokenIn(call.headers) ?? ''
  const user = call.headers['x-slurm-user-name'] ?? userIn(token)
  const account = accounts.find((each) => each.user === user)
  if (account === undefined) return null
  const claims = verified(token, account.key)
  if (claims === null || typeof claims.exp !== 'number' || claims.exp * 1000 <= call.wallClockMs) return null
  return (claims.sun ?? claims.username) === account.user ? account : null
}

function userIn(token: string): unknown {
  const claims = parse(token.split('.')[1] ?? '')
  return claims?.sun ?? claims?.username
}

function verified(token: string, key: string): Record<string, unknown> | null {
  const [header = '', payload = '', signature = ''] = token.split('.')
  if (parse(header)?.alg !== 'HS256') return null
  const expected = createHmac('sha256', Buffer.from(key, 'base64')).update(`${header}.${payload}`).digest()
  const given = Buffer.from(signature, 'base64url')
  return given.length === expected.length && timingSafeEqual(given, expected) ? parse(payload) : null
}

function parse(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}
