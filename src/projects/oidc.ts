import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { Refusal } from '../vocabulary/refusal.ts'
import { isScope, type Scope } from '../vocabulary/scopes.ts'
import type { TokenVerifier } from './authenticate.ts'

export interface OidcSettings {
  /** The issuer's URL, as its tokens name it. Its keys are found by discovery. */
  issuer: string
  audience: string
  /** The claim that holds the project's id or name. */
  projectClaim: string
  /** The claim that holds the scopes, as a list or as words with spaces between them. */
  scopesClaim: string
}

interface Deps {
  settings: OidcSettings
  /** The id of the project with this id or name; null where there is none. */
  projectOf(idOrName: string): Promise<string | null>
  fetch: typeof fetch
}

const looksLikeToken = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
/** Signatures alone: a shared secret would let every reader of it write tokens. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']
const toleratedSeconds = 30
const discoveryTimeoutMs = 5000
/** Tokens that name a key nobody knows make the issuer be asked no more often than this, whoever sends them. */
const unknownKeyPauseMs = 2000

/** Tokens of an OpenID Connect issuer. Its keys are fetched when first needed, kept, and fetched anew for an unknown key id. */
export function makeOidcVerifier({ settings, projectOf, fetch }: Deps): TokenVerifier {
  let keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined

  async function discover(): Promise<ReturnType<typeof createRemoteJWKSet>> {
    const url = `${settings.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
    const response = await fetch(url, { signal: AbortSignal.timeout(discoveryTimeoutMs), redirect: 'error' })
    const { jwks_uri: jwksUri, issuer } = (await response.json()) as { jwks_uri: string; issuer: string }
    if (issuer !== settings.issuer) throw new Error(`${url} speaks for the issuer ${issuer}`)
    return createRemoteJWKSet(new URL(jwksUri), { cooldownDuration: unknownKeyPauseMs })
  }

  async function keysOfIssuer() {
    keys ??= discover()
    return keys.catch((error: unknown) => {
      keys = undefined
      throw unreachable(error)
    })
  }

  async function claimsOf(token: string): Promise<JWTPayload> {
    const { issuer, audience } = settings
    const rules = { issuer, audience, algorithms, clockTolerance: toleratedSeconds, requiredClaims: ['exp', 'sub'] }
    try {
      return (await jwtVerify(token, await keysOfIssuer(), rules)).payload
    } catch (error) {
      if (error instanceof Refusal) throw error
      if (!speaksAgainstToken(error)) throw unreachable(error)
      throw new Refusal('unauthenticated', `This token is not good: ${error.message}. Get a new one from ${issuer}.`)
    }
  }

  return async (token) => {
    if (!looksLikeToken.test(token)) return null
    const claims = await claimsOf(token)
    const named = claims[settings.projectClaim]
    const projectId = typeof named === 'string' ? await projectOf(named) : null
    if (projectId === null) throw noProject(settings.projectClaim)
    const expiresAt = new Date(((claims.exp ?? 0) + toleratedSeconds) * 1000)
    return { subject: `oidc:${claims.sub}`, projectId, scopes: scopesIn(claims[settings.scopesClaim]), expiresAt }
  }
}

/** Such an error has a class of its own; a plain JOSEError and these two say that the issuer's keys could not be had. */
function speaksAgainstToken(error: unknown): error is errors.JOSEError {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false
  return error instanceof errors.JOSEError && error.constructor !== errors.JOSEError
}

function scopesIn(claim: unknown): ReadonlySet<Scope> {
  const words = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : []
  return new Set(words.filter(isScope))
}

function noProject(claim: string): Refusal {
  return new Refusal(
    'unauthenticated',
    `This token's claim ${claim} names no project here. Ask an administrator to make the project, or to correct the claim.`,
  )
}

function unreachable(cause: unknown): Refusal {
  return new Refusal('overloaded', "The token's issuer cannot be asked for its keys now. Try again in a moment.", {
    retryAfterSeconds: 5,
    cause,
  })
}
