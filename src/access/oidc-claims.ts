import type { JWTPayload } from 'jose'
import { ApiError } from '../vocabulary/api-error.ts'
import { isScope, type Scope } from '../vocabulary/scopes.ts'

export interface ClaimSettings {
  /** The issuer's URL, as its tokens name it. */
  issuer: string
  /** A token must name one of these. */
  audiences: readonly string[]
  /** The claim that names them: `aud`, or what an issuer sends instead. */
  audienceClaim: string
  /** The claim that holds the project's id or name. Each of these claims is a name, or a path with dots: `a.b`. */
  projectClaim: string
  /** The claim that holds the scopes, as a list or separated by spaces. */
  scopesClaim: string
  /** What each scope begins with; a scope without it is not for this API. Empty: nothing. */
  scopePrefix: string
}

/** Added to the end of a token, for clocks that differ. */
export const toleratedSeconds = 30
/** RFC 3339 has no year after 9999, and nothing else here has. */
const latestEndSeconds = Date.UTC(9999, 11, 31) / 1000
/** OpenID Connect Core: at most 255 characters. No database and no log takes every control character. */
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

/** A list of one is that one: some issuers send every claim of an attribute as a list. */
export function projectIn(claims: JWTPayload, { projectClaim }: ClaimSettings): string {
  const named = [claimAt(claims, projectClaim)].flat()
  if (named.length === 1 && isText(named[0])) return named[0]
  throw invalidToken(`its claim ${projectClaim} does not name exactly one project, by id or name`)
}

export function scopesIn(claims: JWTPayload, { scopesClaim, scopePrefix }: ClaimSettings): ReadonlySet<Scope> {
  const claim = claimAt(claims, scopesClaim)
  const words: unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : []
  const own = words.flatMap((word) =>
    typeof word === 'string' && word.startsWith(scopePrefix) ? [word.slice(scopePrefix.length)] : [],
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
 * By name or by path. A name may hold dots itself (`https://example.org/project`, a client id in `resource_access`), so
 * the longest name that is there comes first.
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
