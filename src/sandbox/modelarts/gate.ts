import type { Call, ProviderResponse } from '../provider.ts'
import {
  errorFormatOf,
  gatewayError,
  iamError,
  notAuthenticated,
  Rejection,
  rejectionResponse,
  tokenExpired,
} from './rejections.ts'
import { isSignedBy, maxClockSkewMs, readAuthorization, readSdkDate } from './signature.ts'
import { openToken, type TokenClaims } from './tokens.ts'
import type { ModelartsAccount, ModelartsSettings } from './wire.ts'

export interface GateParts {
  accounts: readonly ModelartsAccount[]
  settings: ModelartsSettings
  /** Epoch ms by the world's clock, which determines locks of key pairs. */
  now(): number
}

/** Authentication in front of the service. */
export interface Gate {
  /** The rejection of a call; `null` if it is authenticated. */
  authenticate(call: Call): ProviderResponse | null
  /** The caller of an authenticated call. */
  callerOf(call: Call): ModelartsAccount
  /** Resets failed signatures and locks. */
  clear(): void
}

export function makeGate(parts: GateParts): Gate {
  const admitted = new WeakMap<Call, ModelartsAccount>()
  const locks = makeKeyLocks(parts)
  return {
    authenticate: (call) => {
      const isSigned = call.headers.authorization !== undefined && call.headers['x-auth-token'] === undefined
      const admission = isSigned ? admitSigned(call, parts, locks) : admitToken(call, parts)
      if ('rejection' in admission) return admission.rejection
      admitted.set(call, admission.account)
      return null
    },
    callerOf: (call) => {
      const account = admitted.get(call)
      if (account === undefined) throw new Error(`${call.operation} was not authenticated`)
      return account
    },
    clear: locks.clear,
  }
}

type Admission = { readonly account: ModelartsAccount } | { readonly rejection: ProviderResponse }

/** Counts consecutive failures per key pair. */
function makeKeyLocks({ settings, now }: GateParts) {
  const records = new Map<string, { failures: number; lockedUntil: number }>()
  const recordOf = (accessKey: string) => records.get(accessKey) ?? { failures: 0, lockedUntil: 0 }
  return {
    isLocked: (accessKey: string) => now() < recordOf(accessKey).lockedUntil,
    countFailure: (accessKey: string) => {
      const failures = recordOf(accessKey).failures + 1
      const isTooMany = settings.lockAfterFailures > 0 && failures >= settings.lockAfterFailures
      records.set(
        accessKey,
        isTooMany ? { failures: 0, lockedUntil: now() + settings.lockMs } : { failures, lockedUntil: 0 },
      )
    },
    resetFailures: (accessKey: string) => records.delete(accessKey),
    clear: () => records.clear(),
  }
}

function admitSigned(call: Call, parts: GateParts, locks: ReturnType<typeof makeKeyLocks>): Admission {
  const rejection = (detail: string) => ({ rejection: notAuthenticated(detail, parts.settings) })
  const authorization = readAuthorization(call.headers.authorization)
  if (authorization === null) return rejection('verify aksk signature fail')
  const key = findKey(authorization.accessKey, parts.accounts)
  if (key === undefined) return rejection('Get secretKey failed')
  if (locks.isLocked(authorization.accessKey)) return rejection('AK access failed to reach the limit,forbidden')
  const problem = signatureProblem(call, key)
  if (problem !== null) {
    locks.countFailure(authorization.accessKey)
    return rejection(problem)
  }
  locks.resetFailures(authorization.accessKey)
  return admitToProject(call, key.account, parts.settings) ?? { account: key.account }
}

interface Key {
  readonly account: ModelartsAccount
  readonly secretKey: string
  readonly securityToken: string | undefined
}

function findKey(accessKey: string, accounts: readonly ModelartsAccount[]): Key | undefined {
  return accounts
    .flatMap((account) => [
      { id: account.accessKey, account, secretKey: account.secretKey, securityToken: undefined },
      { ...account, id: account.temporaryAccessKey, account, secretKey: account.temporarySecretKey },
    ])
    .find(({ id }) => id === accessKey)
}

function signatureProblem(call: Call, { secretKey, securityToken }: Key): string | null {
  const authorization = readAuthorization(call.headers.authorization)
  const skewMs = Math.abs(call.wallClockMs - readSdkDate(call.headers['x-sdk-date']))
  if (authorization === null || Number.isNaN(skewMs)) return 'verify aksk signature fail'
  if (skewMs > maxClockSkewMs) return 'signature expired'
  if (!authorization.signedHeaders.includes('x-sdk-date')) return 'verify aksk signature fail'
  if (securityToken !== undefined && call.headers['x-security-token'] !== securityToken)
    return 'verify aksk signature fail'
  return isSignedBy(secretKey, call, authorization) ? null : 'verify aksk signature fail'
}

// A signature contains no project; the path and X-Project-Id do, and must agree.
function admitToProject(call: Call, account: ModelartsAccount, settings: ModelartsSettings): Admission | null {
  const { projectId } = call.params
  if (projectId === undefined) return null
  const stated = call.headers['x-project-id']
  const isStated =
    stated !== undefined && readAuthorization(call.headers.authorization)?.signedHeaders.includes('x-project-id')
  if (settings.requireProjectHeader && !isStated) {
    return {
      rejection: rejectionResponse(
        new Rejection(400, '0210', 'Invalid project ID.'),
        errorFormatOf(call.target),
        settings,
      ),
    }
  }
  const isOwn = projectId === account.projectId && (stated === undefined || stated === projectId)
  return isOwn ? null : { rejection: projectMismatch(call, account.projectId, settings) }
}

function admitToken(call: Call, { accounts, settings }: GateParts): Admission {
  const token = call.headers['x-auth-token']
  if (errorFormatOf(call.target) === 'iam') return admitToIam(token, call, accounts, settings)
  if (typeof token !== 'string' || token === '') {
    return { rejection: badToken(call, new Rejection(401, '0201', "Token doesn't exist."), settings) }
  }
  const claims = openToken(token)
  const account = accounts.find(({ userId }) => userId === claims?.userId)
  if (claims === null || account === undefined || claims.issuedAt < settings.tokensValidFrom) {
    return { rejection: badToken(call, new Rejection(401, '0203', 'Invalid token.'), settings) }
  }
  const rejection = isExpired(claims, call) ? tokenExpired(settings) : projectRejection(call, claims, account, settings)
  return rejection === null ? { account } : { rejection }
}

function isExpired({ expiresAt }: TokenClaims, { wallClockMs }: Call): boolean {
  return expiresAt <= wallClockMs
}

function projectRejection(
  call: Call,
  claims: TokenClaims,
  account: ModelartsAccount,
  settings: ModelartsSettings,
): ProviderResponse | null {
  if (claims.projectId === null) {
    const message = 'Invalid token header because the token does not contain a project.'
    return rejectionResponse(new Rejection(401, '0212', message), errorFormatOf(call.target), settings)
  }
  // The gateway rejects a token of another region as one that must be updated.
  if (claims.projectId !== account.projectId) return gatewayError(401, '0307', 'The token must be updated.', settings)
  return call.params.projectId === claims.projectId ? null : projectMismatch(call, claims.projectId, settings)
}

function badToken(call: Call, rejection: Rejection, settings: ModelartsSettings): ProviderResponse {
  const format = errorFormatOf(call.target)
  if (format === 'jobs' && settings.jobTokenErrorsAre403)
    return rejectionResponse(new Rejection(403, '2784', 'Invalid token.'), format, settings)
  if (settings.tokenErrorsFrom === 'gateway') return notAuthenticated('decrypt token fail', settings)
  return rejectionResponse(rejection, format, settings)
}

function projectMismatch(call: Call, ownProjectId: string, settings: ModelartsSettings): ProviderResponse {
  const format = errorFormatOf(call.target)
  const requestedId = call.params.projectId ?? ''
  const rejection =
    format === 'jobs'
      ? new Rejection(
          404,
          '2786',
          `The project ID (${requestedId}) in the request does not match that(${ownProjectId}) in the token.`,
        )
      : new Rejection(403, '0210', 'The project id in the request URL does not match the token.')
  return rejectionResponse(rejection, format, settings)
}

function admitToIam(
  token: unknown,
  call: Call,
  accounts: readonly ModelartsAccount[],
  settings: ModelartsSettings,
): Admission {
  const claims = typeof token === 'string' ? openToken(token) : null
  const account = accounts.find(({ userId }) => userId === claims?.userId)
  const isValid = claims !== null && !isExpired(claims, call) && claims.issuedAt >= settings.tokensValidFrom
  if (account !== undefined && isValid) return { account }
  return { rejection: iamError(401, 'The request you have made requires authentication.') }
}
