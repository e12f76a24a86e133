import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose'
import { ApiError } from '../vocabulary/api-error.ts'
import type { TokenVerifier } from './authenticate.ts'
import {
  type ClaimSettings,
  endIn,
  invalidToken,
  projectIn,
  requireAudience,
  scopesIn,
  subjectIn,
  toleratedSeconds,
} from './oidc-claims.ts'
import { makeIssuerKeys } from './oidc-keys.ts'

export type OidcSettings = ClaimSettings

interface Deps {
  settings: OidcSettings
  /** Project id by id or name; null if there is no such project. */
  projectOf(idOrName: string): Promise<string | null>
  fetch: typeof fetch
  clock: { monotonicMs(): number }
}

/** Asymmetric algorithms only: a shared secret would let all its holders issue tokens. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

/** Verifies tokens of an OpenID Connect issuer. */
export function makeOidcVerifier({ settings, projectOf, fetch, clock }: Deps): TokenVerifier {
  const { issuer } = settings
  const keys = makeIssuerKeys({ issuer, fetch, clock })
  const rules = { issuer, algorithms, clockTolerance: toleratedSeconds, requiredClaims: ['exp', 'sub'] }

  async function claimsOf(token: string): Promise<JWTPayload> {
    try {
      // Checked before the keys are needed: a token of another issuer must not cause a request to this one.
      if (decodeJwt(token).iss !== issuer) throw invalidToken(`its claim iss is not ${issuer}`)
      return (await jwtVerify(token, keys, rules)).payload
    } catch (error) {
      if (error instanceof ApiError) throw error
      if (!isTokenError(error)) throw unreachable(error)
      throw invalidToken(error.message)
    }
  }

  return async (token) => {
    const claims = await claimsOf(token)
    requireAudience(claims, settings)
    const subject = subjectIn(claims)
    const expiresAt = endIn(claims)
    const projectId = await projectOf(projectIn(claims, settings))
    if (projectId === null) throw noProject(settings.projectClaim)
    return { subject: `oidc:${subject}`, projectId, scopes: scopesIn(claims, settings), expiresAt }
  }
}

/** Whether the error rejects the token. A plain JOSEError and these two mean that the issuer's keys are unavailable. */
function isTokenError(error: unknown): error is errors.JOSEError {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false
  return error instanceof errors.JOSEError && error.constructor !== errors.JOSEError
}

function noProject(claim: string): ApiError {
  return new ApiError(
    'unauthenticated',
    `This token's claim ${claim} does not name an existing project. Ask an administrator to create the project or to correct the claim.`,
  )
}

function unreachable(cause: unknown): ApiError {
  return new ApiError('unavailable', 'OIDC issuer unavailable. Retry later.', {
    retryAfterSeconds: 5,
    cause,
  })
}
