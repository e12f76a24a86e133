import type { ProviderError, ProviderErrorCode } from '../providers/provider-error.ts'
import { ApiError, type ApiErrorCode } from '../vocabulary/api-error.ts'

/** Errors that a retry may resolve. All others persist until a change is made. */
const passing: ReadonlySet<ProviderErrorCode> = new Set([
  'rate_limited',
  'no_capacity',
  'unavailable',
  'timeout',
  'outcome_unknown',
  'bad_response',
  'internal',
])

/**
 * A provider's failure while a client waits. Reported as a provider error, never as an outage of this service; unusable
 * credentials are reported as an error of the connection.
 */
export function providerApiError(
  provider: string,
  error: ProviderError,
  codes: { readonly [code in ProviderErrorCode]?: ApiErrorCode } = {},
): ApiError {
  const { code, message, field, httpStatus, providerCode, retryAfterMs, notSent } = error
  if (code === 'unauthenticated' && notSent && field?.startsWith('credentials') === true)
    return new ApiError('unprocessable', `The connection's credentials cannot be used: ${message}`, { cause: error })
  const reported = {
    id: provider,
    message,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(providerCode === undefined ? {} : { code: providerCode }),
  }
  return new ApiError(codes[code] ?? 'provider_error', `Provider request failed: ${message}`, {
    provider: reported,
    isRetryable: passing.has(code),
    cause: error,
    ...(retryAfterMs === undefined ? {} : { retryAfterSeconds: Math.ceil(retryAfterMs / 1000) }),
  })
}

/** API error codes for provider errors about a single object. */
const codesOfObjects: { readonly [code in ProviderErrorCode]?: ApiErrorCode } = {
  not_found: 'conflict',
  conflict: 'conflict',
  unsupported: 'unsupported',
}

/** The API error for a failed query about a single object. */
export function objectApiError(provider: string, error: ProviderError): ApiError {
  return providerApiError(provider, error, codesOfObjects)
}
