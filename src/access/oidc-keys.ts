import { createRemoteJWKSet, customFetch, type FetchImplementation, type JWTVerifyGetKey } from 'jose'

/** Minimum interval of requests to the issuer, whatever tokens arrive and whatever it returns. */
const refreshIntervalMs = 2000
const timeoutMs = 5000

interface Deps {
  issuer: string
  fetch: typeof fetch
  clock: { monotonicMs(): number }
}

/**
 * The keys of an issuer. They are discovered when first needed, kept for ten minutes, and discovered again for a key id
 * that is not among them.
 */
export function makeIssuerKeys({ issuer, fetch, clock }: Deps): JWTVerifyGetKey {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  let notBeforeMs = Number.NEGATIVE_INFINITY

  /** The library asks again for every token as long as it has no keys. */
  const ask: FetchImplementation = async (_url, options) => {
    if (clock.monotonicMs() < notBeforeMs) throw new Error(`${url} was asked a moment ago, in vain`)
    notBeforeMs = clock.monotonicMs() + refreshIntervalMs
    const response = await fetch(url, { signal: options.signal, redirect: 'error' })
    const { jwks_uri: keysUrl, issuer: named } = (await response.json()) as { jwks_uri: string; issuer: string }
    if (named !== issuer) throw new Error(`${url} is of the issuer ${named}`)
    return fetch(keysUrl, options)
  }
  return createRemoteJWKSet(new URL(url), {
    cooldownDuration: refreshIntervalMs,
    timeoutDuration: timeoutMs,
    [customFetch]: ask,
  })
}
