import { LRUCache } from 'lru-cache'
import type { Authenticate, Caller } from '../http/caller.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import { isScope, type Scope } from '../vocabulary/scopes.ts'
import { hashOfKey } from './api-key.ts'
import { type ApiKeysRepository, findValidKey } from './api-keys.repository.ts'
import { makeFailedAuthLimiter } from './failed-auth-limiter.ts'

/**
 * Lifetime and number of cached authentications. Long requests re-authenticate every two seconds
 * (http/caller-validity.ts), so that a revoked key is rejected within five.
 */
const cacheTtlMs = 2000
const maxRemembered = 10_000

/** An authenticated caller. */
export interface Identity {
  subject: string
  projectId: string
  scopes: ReadonlySet<Scope>
  /** Expiry of the key or token. */
  expiresAt: Date | null
}

/**
 * Verifies text that has the form of a token, in addition to API keys.
 *
 * @throws ApiError if the token is invalid
 */
export type TokenVerifier = (token: string) => Promise<Identity>

const looksLikeToken = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

interface Deps {
  keys: Pick<ApiKeysRepository, 'valid' | 'used'>
  verifyToken: TokenVerifier | null
  clock: { now(): Date; monotonicMs(): number }
  log: { warn(context: object, message: string): void }
}

/** Authenticates `Authorization: Bearer …` with an API key or, if an issuer is configured, one of its tokens. */
export function makeAuthenticate({ keys, verifyToken, clock, log }: Deps): Authenticate {
  const known = new LRUCache<string, { result: Identity | ApiError; untilMs: number }>({ max: maxRemembered })
  /** Digest of the secret per request: a stream is authenticated repeatedly, and its secret is hashed once. */
  const names = new WeakMap<object, string>()
  /** Authentications in progress, shared by concurrent requests with the same secret. */
  const pending = new Map<string, Promise<Identity>>()
  const failedAuth = makeFailedAuthLimiter(clock)
  // While the issuer is unavailable, invalid and valid tokens are indistinguishable: counted separately, so that API
  // keys still work.
  const unverifiedTokens = makeFailedAuthLimiter(clock)

  async function byKey(key: string): Promise<Identity | null> {
    const row = await findValidKey(keys, key)
    if (row === null) return null
    keys.used(row.id).catch((error: unknown) => log.warn({ err: error }, 'last-used update failed'))
    return {
      subject: row.id,
      projectId: row.projectId,
      scopes: new Set(row.scopes.filter(isScope)),
      expiresAt: row.expiresAt,
    }
  }

  /** @throws ApiError if the secret is not valid, or cannot be verified now */
  async function prove(secret: string, verify: TokenVerifier | null): Promise<Identity> {
    const identity = await (verify ?? byKey)(secret)
    if (identity !== null) return identity
    throw new ApiError(
      'unauthenticated',
      'Invalid API key: unknown, expired or revoked. Check the key, or obtain a new one.',
    )
  }

  function rejectExcess(address: string, verify: TokenVerifier | null): void {
    failedAuth.rejectExcess(address)
    if (verify !== null) unverifiedTokens.rejectExcess(address)
  }

  function countFailure(error: unknown, address: string): string | null {
    const code = error instanceof ApiError ? error.code : null
    if (code === 'unauthenticated') failedAuth.count(address)
    if (code === 'unavailable') unverifiedTokens.count(address)
    return code
  }

  function cache(name: string, result: Identity | ApiError, ms: number): void {
    known.set(name, { result, untilMs: clock.monotonicMs() + ms })
  }

  async function examine(name: string, address: string, proof: Promise<Identity>): Promise<Identity> {
    const identity = await proof.catch((error: ApiError) => {
      const code = countFailure(error, address)
      // Cached for a secret that was valid, so that its open requests need no lookup each.
      if (code === 'unauthenticated' && known.has(name)) cache(name, error, cacheTtlMs)
      throw error
    })
    const leftMs = identity.expiresAt === null ? cacheTtlMs : identity.expiresAt.getTime() - clock.now().getTime()
    cache(name, identity, Math.min(cacheTtlMs, leftMs))
    return identity
  }

  async function identify(name: string, secret: string, address: string): Promise<Identity> {
    const remembered = known.get(name)
    if (remembered !== undefined && remembered.untilMs > clock.monotonicMs()) return orThrow(remembered.result)
    const verify = looksLikeToken.test(secret) ? verifyToken : null
    // A secret that was valid is never limited: behind a proxy all callers may share one address.
    if (remembered === undefined) rejectExcess(address, verify)
    const check = pending.get(name) ?? examine(name, address, prove(secret, verify)).finally(() => pending.delete(name))
    pending.set(name, check)
    return check
  }

  return async (request) => {
    const match = /^Bearer ([!-~]{1,8192})$/i.exec(request.headers.authorization ?? '')
    if (match?.[1] === undefined) {
      throw new ApiError('unauthenticated', 'Send your API key: Authorization: Bearer <key>.')
    }
    const name = names.get(request) ?? hashOfKey(match[1]).toString('base64')
    names.set(request, name)
    return callerOf(await identify(name, match[1], request.ip), request)
  }
}

function orThrow(result: Identity | ApiError): Identity {
  if (result instanceof ApiError) throw result
  return result
}

function callerOf({ projectId, scopes, subject }: Identity, request: Parameters<Authenticate>[0]): Caller {
  return { projectId, scopes, by: { subject, address: request.ip, requestId: request.id } }
}
