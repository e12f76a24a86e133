import type { ProviderErrorCode } from '../providers/provider-error.ts'

export const succeeded = 'ok'

/**
 * Meaning of an error. `failed`: something about the provider, the connection or the network. `rejected`: something
 * about one request, to which the provider has responded.
 */
const outcomes: Readonly<Record<ProviderErrorCode, 'failed' | 'rejected'>> = {
  invalid_request: 'rejected',
  unauthenticated: 'failed',
  permission_denied: 'failed',
  not_found: 'rejected',
  conflict: 'rejected',
  unsupported: 'rejected',
  quota_exceeded: 'rejected',
  no_capacity: 'rejected',
  rate_limited: 'failed',
  egress_denied: 'failed',
  unavailable: 'failed',
  timeout: 'failed',
  outcome_unknown: 'failed',
  bad_response: 'failed',
  internal: 'failed',
}

/** Codes of failed calls, for documentation. */
export const failureCodes: readonly string[] = Object.entries(outcomes).flatMap(([code, outcome]) =>
  outcome === 'failed' ? [code] : [],
)

/** A code that this version does not know comes from a newer one, and counts as a failure. */
export function isFailure(code: string): boolean {
  return code !== succeeded && outcomes[code as ProviderErrorCode] !== 'rejected'
}
