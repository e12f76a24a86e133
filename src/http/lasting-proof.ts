import type { FastifyRequest } from 'fastify'
import { ApiError } from '../vocabulary/api-error.ts'

/**
 * How often the caller of a request that lasts is authenticated again. With the time that a key is believed
 * (access/authenticate.ts) this is less than the five seconds within which a revoked key is refused.
 */
const proofIntervalMs = 2000

/**
 * Whether a key has neither been revoked nor expired while its request was open. Rejects where that cannot be told: an
 * issuer or a database that is away says nothing about it.
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

/** Calls `onShutOut` once the caller of an open request is no longer let in, until the function returned is called. */
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
