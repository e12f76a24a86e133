import { makeTokenCache, type Token } from '../kit/token-cache.ts'
import { ProviderError } from '../provider-error.ts'
import { beforeSending, detailsOf, isRejectedToken } from './errors.ts'
import { type LoginDeps, login, renew } from './login.ts'

export interface Tokens {
  /**
   * Runs a call with the region's token. If the vendor rejects it before execution, the token is renewed or the login
   * repeated, and the call is repeated once; a second rejection is `permission_denied`. An error while obtaining a
   * token is `notSent`.
   */
  withToken<T>(signal: AbortSignal, call: (token: string) => Promise<T>): Promise<T>
}

/** A token is renewed in the last part of its life. */
const marginMs = 300_000

/** The token of one region: obtained by a login, renewed while possible, kept only in memory. */
export function makeTokens(deps: LoginDeps): Tokens {
  const { clock } = deps
  let last: Token | null = null

  async function request(signal: AbortSignal): Promise<Token> {
    const renewed = last === null ? null : await renew(deps, last, signal)
    last = renewed ?? (await login(deps, signal))
    return last
  }
  const cache = makeTokenCache({ clock, marginMs, request })

  const tokenOf = (signal: AbortSignal) =>
    cache.get(signal).catch((error: unknown) => {
      throw beforeSending(error)
    })

  return {
    async withToken(signal, call) {
      const token = await tokenOf(signal)
      try {
        return await call(token)
      } catch (error) {
        if (!isRejectedToken(error)) throw error
        cache.invalidate(token)
      }
      const next = await tokenOf(signal)
      return await call(next).catch((error: unknown) => {
        if (!isRejectedToken(error)) throw error
        // The renewed token may be the cause, so the next call logs in.
        cache.invalidate(next)
        last = null
        throw stillRejected(error)
      })
    },
  }
}

function stillRejected(error: ProviderError): ProviderError {
  const detail = `${error.message} A new token was also rejected: the user lacks the permission.`
  return new ProviderError('permission_denied', detail, { ...detailsOf(error), cause: error })
}
