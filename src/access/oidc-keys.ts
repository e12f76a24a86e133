import { createRemoteJWKSet, customFetch, type FetchImplementation, type JWTVerifyGetKey } from 'jose'

/** Minimum interval between requests to the issuer, independent of tokens and responses. */
const refreshIntervalMs = 2000
const timeoutMs = 5000

interface Deps {
  issuer: string
  fetch: typeof fetch
  clock: { monotonicMs(): number }
}

/**
 * Signing keys of an issuer. Discovered on first use, cached for ten minutes, and discovered again for an unknown key
 * id.
 */
export function makeIssuerKeys({ issuer, fetch, clock }: Deps): JWTVerifyGetKey {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`
  let notBeforeMs = Number.NEGATIVE_INFINITY

  /** Limits discovery: without keys the library sends a request for every token. */
  const fetchKeys: FetchImplementation = async (_url, options) => {
    if (clock.monotonicMs() < notBeforeMs) throw new Error(`${url} failed a moment ago; not retried yet`)
    notBeforeMs = clock.monotonicMs() + refreshIntervalMs
    const response = await fetch(url, { signal: options.signal, redirect: 'error' })
    const { jwks_uri: keysUrl, issuer: named } = (await response.json()) as { jwks_uri: string; issuer: string }
    if (named !== issuer) throw new Error(`${url} is of the issuer ${named}`)
    return fetch(keysUrl, options)
  }
  return createRemoteJWKSet(new URL(url), {
    cooldownDuration: refreshIntervalMs,
    timeoutDuration: timeoutMs,
    [customFetch]: fetchKeys,
  })
}
