/**
 * What went wrong with a provider, in portable words. Names never change since they stand in records and metrics.
 *
 * For a create, the codes above the line say "refused: nothing was made"; those below say nothing about the outcome.
 */
export type ProviderErrorCode =
  | 'invalid_request'
  | 'unauthenticated'
  | 'permission_denied'
  | 'not_found'
  | 'conflict'
  | 'unsupported'
  | 'quota_exceeded'
  | 'no_capacity'
  | 'rate_limited'
  /** The host does not exist, or the operator of this installation does not allow it; nothing was sent. */
  | 'egress_denied'
  // ---
  | 'unavailable'
  | 'timeout'
  | 'outcome_unknown'
  | 'bad_response'
  | 'internal'

export interface ProviderErrorDetails {
  /** HTTP status of the answer, where there was one. */
  httpStatus?: number
  /** The vendor's own code. */
  providerCode?: string
  /** How long the provider asks to wait. */
  retryAfterMs?: number
  /** The setting or credential that is wrong, when that is known: `credentials.secretKey`. */
  field?: string
  /** The field of the request that the vendor blames, in its own words: `docker.image`. */
  parameter?: string
  /** True only when it is certain that not a byte of the request left. */
  notSent?: boolean
  /** The answer is larger than is read; what it says exists all the same. */
  isTooLarge?: boolean
  cause?: unknown
}

/** The only thing a driver throws. `message` is for people, bounded, and never holds a secret. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly code: ProviderErrorCode
  readonly httpStatus: number | undefined
  readonly providerCode: string | undefined
  readonly retryAfterMs: number | undefined
  readonly field: string | undefined
  readonly parameter: string | undefined
  readonly notSent: boolean
  readonly isTooLarge: boolean

  constructor(code: ProviderErrorCode, message: string, details: ProviderErrorDetails = {}) {
    super(message.slice(0, 1000), details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.httpStatus = details.httpStatus
    this.providerCode = details.providerCode?.slice(0, 100)
    this.retryAfterMs = details.retryAfterMs
    this.field = details.field
    this.parameter = details.parameter?.slice(0, 200)
    this.notSent = details.notSent ?? false
    this.isTooLarge = details.isTooLarge ?? false
  }
}
