import type { FastifyRequest } from 'fastify'
import { ApiError } from '../vocabulary/api-error.ts'

/**
 * Interval of re-authentication during long requests. Together with the cache TTL of a key (access/authenticate.ts) it
 * stays below the five seconds within which a revoked key must be rejected.
 */
const checkIntervalMs = 2000

/**
 * Whether the key is still valid, neither revoked nor expired, while its request is open. Rejects if this cannot be
 * determined: the issuer or the database is unavailable.
 */
export async function isStillAuthenticated(request: FastifyRequest): Promise<boolean> {
  try {
    request.caller = await request.server.authenticate(request)
    return true
  } catch (error) {
    if (error instanceof ApiError && error.code === 'unauthenticated') return false
    throw error
  }
}

/**
 * Calls `onUnauthorized` once the caller of an open request is no longer authorized. The returned function stops the checks.
 */
export function watchCaller(request: FastifyRequest, onUnauthorized: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  let isOver = false

  function watch(): void {
    timer = setTimeout(() => void check(), checkIntervalMs)
  }

  async function check(): Promise<void> {
    const isValid = await isStillAuthenticated(request).catch(() => true)
    if (isOver) return
    if (isValid) watch()
    else onUnauthorized()
  }

  watch()
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}
