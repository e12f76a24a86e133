import { ProviderError, type ProviderErrorCode } from '../provider-error.ts'

const refusals: ReadonlySet<ProviderErrorCode> = new Set([
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
 * What a failed create may say. A code that means "refused" passes only where `isDocumented` knows it from the vendor's
 * documents, or where nothing was sent; everything else says that the outcome is not known.
 */
export function createFailure(error: unknown, isDocumented: (error: ProviderError) => boolean): ProviderError {
  if (!(error instanceof ProviderError)) {
    return new ProviderError('outcome_unknown', 'The create failed with an unexpected error.', { cause: error })
  }
  if (error.notSent || !refusals.has(error.code) || isDocumented(error)) return error
  return new ProviderError('outcome_unknown', `Unknown whether it was created: ${error.message}`, {
    ...(error.httpStatus === undefined ? {} : { httpStatus: error.httpStatus }),
    ...(error.providerCode === undefined ? {} : { providerCode: error.providerCode }),
    cause: error,
  })
}
