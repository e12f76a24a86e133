import type { JWTPayload } from 'jose'
import { ApiError } from '../vocabulary/api-error.ts'
import { isScope, type Scope } from '../vocabulary/scopes.ts'

export interface ClaimSettings {
  /** Issuer URL, exactly as in the tokens. */
  issuer: string
  /** Accepted audiences; a token must name one of them. */
  audiences: readonly string[]
  /** Claim with the audience: `aud`, or the issuer's equivalent. */
  audienceClaim: string
  /** Claim with the project's id or name. Each of these claims is a name or a dotted path: `a.b`. */
  projectClaim: string
  /** Claim with the scopes, as a list or separated by spaces. */
  scopesClaim: string
  /** Prefix of each scope; scopes without it are ignored. Empty = no prefix. */
  scopePrefix: string
}

/** Tolerance added to a token's expiry for clock skew. */
export const toleratedSeconds = 30
/** Limit of RFC 3339, and of all other timestamps here. */
const latestEndSeconds = Date.UTC(9999, 11, 31) / 1000
/** OpenID Connect Core: at most 255 characters. Control characters are not storable everywhere. */
const text = /^[^\p{Cc}\p{Cs}]{1,255}$/u

export function subjectIn({ sub }: Readonly<Record<string, unknown>>): string {
  if (isText(sub)) return sub
  throw invalidToken('claim sub must be a string of 1 to 255 characters without control characters')
}

export function endIn({ exp }: JWTPayload): Date {
  if (exp !== undefined && exp <= latestEndSeconds) return new Date((exp + toleratedSeconds) * 1000)
  throw invalidToken('claim exp must be a time before the year 10000')
}

export function requireAudience(claims: JWTPayload, { audiences, audienceClaim }: ClaimSettings): void {
  const named = [claimAt(claims, audienceClaim)].flat()
  if (!named.some((each) => audiences.some((audience) => audience === each)))
    throw invalidToken(`its claim ${audienceClaim} does not name this service`)
}

/** A list with one item is accepted: some issuers send attribute claims always as a list. */
export function projectIn(claims: JWTPayload, { projectClaim }: ClaimSettings): string {
  const named = [claimAt(claims, projectClaim)].flat()
  if (named.length === 1 && isText(named[0])) return named[0]
  throw invalidToken(`its claim ${projectClaim} does not name exactly one project, by id or name`)
}

export function scopesIn(claims: JWTPayload, { scopesClaim, scopePrefix }: ClaimSettings): ReadonlySet<Scope> {
  const claim = claimAt(claims, scopesClaim)
  const values: unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : []
  const own = values.flatMap((value) =>
    typeof value === 'string' && value.startsWith(scopePrefix) ? [value.slice(scopePrefix.length)] : [],
  )
  return new Set(own.filter(isScope))
}

export function invalidToken(why: string): ApiError {
  return new ApiError('unauthenticated', `Invalid token: ${why}. Obtain a new token from its issuer.`)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && text.test(value)
}

/**
 * Looks up a claim by name or path. A name may contain dots (`https://example.org/project`, a client id in
 * `resource_access`), so the longest existing name is tried first.
 */
function claimAt(from: unknown, path: string): unknown {
  if (typeof from !== 'object' || from === null || Array.isArray(from)) return undefined
  const claims: Readonly<Record<string, unknown>> = { ...from }
  if (Object.hasOwn(claims, path)) return claims[path]
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot)
    const found = Object.hasOwn(claims, name) ? claimAt(claims[name], path.slice(dot + 1)) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
