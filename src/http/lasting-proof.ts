import type { FastifyRequest } from 'fastify'
import { ApiError } from '../vocabulary/api-error.ts'

/**
 * Interval of re-authentication during long requests. Together with the cache TTL of a key (access/authenticate.ts) it
 * stays below the five seconds within which a revoked key must be rejected.
 */
const proofIntervalMs = 2000

/**
 * Whether the key is still valid, neither revoked nor expired, while its request is open. Rejects if this cannot be
 * determined: the issuer or the database is unavailable.
 */
export async function isStillLetIn(request: FastifyRequest): Promise<boolean> {
  try {
    request.caller = await request.server.authenticate(request)
    return true
  } catch (error) {
    if (error instanceof ApiError && error.code === 'unauthenticated') return false
    throw error
  }
}

/**
 * Calls `onShutOut` once the caller of an open request is no longer authorized. The returned function stops the checks.
 */
export function watchCaller(request: FastifyRequest, onShutOut: () => void): () => void {
  let timer: NodeJS.Timeout | undefined
  let isOver = false

  function watch(): void {
    timer = setTimeout(() => void prove(), proofIntervalMs)
  }

  async function prove(): Promise<void> {
    const isLetIn = await isStillLetIn(request).catch(() => true)
    if (isOver) return
    if (isLetIn) watch()
    else onShutOut()
  }

  watch()
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}
