import { ProviderError, type ProviderErrorCode } from '../provider-error.ts'

/** The codes that mean "rejected" for a create. */
export const rejectionCodes: ReadonlySet<ProviderErrorCode> = new Set([
  'invalid_request',
  'unauthenticated',
  'permission_denied',
  'not_found',
  'conflict',
  'unsupported',
  'quota_exceeded',
  'no_capacity',
  'rate_limited',
])

/**
 * The error of a failed create. A code that means "rejected" is kept only if `isDocumented` confirms it or nothing was
 * sent; everything else becomes "outcome unknown".
 */
export function createFailure(error: unknown, isDocumented: (error: ProviderError) => boolean): ProviderError {
  if (!(error instanceof ProviderError)) {
    return new ProviderError('outcome_unknown', 'The create failed with an unexpected error.', { cause: error })
  }
  if (error.notSent || !rejectionCodes.has(error.code) || isDocumented(error)) return error
  return new ProviderError('outcome_unknown', `Unknown whether it was created: ${error.message}`, {
    httpStatus: error.httpStatus,
    providerCode: error.providerCode,
    cause: error,
  })
}
