import { ProviderError } from '../provider-error.ts'
import type { ProviderClock } from '../session.ts'

export interface Token {
  value: string
  expiresAt: Date
}

export interface TokenCache {
  /** The current token, or a new one. Concurrent callers share one request. */
  get(signal: AbortSignal): Promise<string>
  /** Discards this token if it is still the current one, so that the next `get` requests another. */
  invalidate(value: string): void
  /**
   * Runs a call with a token. If the call rejects with `unauthenticated` and the token had been used before, it is
   * repeated once with a new token. Only for calls whose provider rejects a token before executing them.
   */
  withToken<T>(signal: AbortSignal, call: (token: string) => Promise<T>): Promise<T>
}

export interface TokenCacheOptions {
  clock: ProviderClock
  /** A token is not used during this last part of its life. */
  marginMs: number
  /** Requests a token. It gets a separate signal: an abort by one caller must not affect the others. */
  request(signal: AbortSignal): Promise<Token>
}

/** The only state that a driver keeps between calls. */
export function makeTokenCache({ clock, marginMs, request }: TokenCacheOptions): TokenCache {
  let current: Token | null = null
  let pending: Promise<Token> | null = null

  const isFresh = (token: Token) => token.expiresAt.getTime() - marginMs > clock.now().getTime()

  async function refresh(): Promise<Token> {
    try {
      current = await request(new AbortController().signal)
      return current
    } finally {
      pending = null
    }
  }

  async function get(signal: AbortSignal): Promise<string> {
    if (current !== null && isFresh(current)) return current.value
    pending ??= refresh()
    return (await unlessAborted(pending, signal)).value
  }

  function invalidate(value: string): void {
    if (current?.value === value) current = null
  }

  async function withToken<T>(signal: AbortSignal, call: (token: string) => Promise<T>): Promise<T> {
    const usedBefore = current?.value
    const token = await get(signal)
    try {
      return await call(token)
    } catch (error) {
      if (!isRejectedToken(error)) throw error
      invalidate(token)
      if (token !== usedBefore) throw error
      return await call(await get(signal))
    }
  }

  return { get, invalidate, withToken }
}

function isRejectedToken(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'unauthenticated'
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = () =>
    aborted.reject(
      new ProviderError('timeout', 'The request was aborted while waiting for a token.', { notSent: true }),
    )
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
