/**
 * A provider failure as a portable code. Codes never change because records and metrics contain them.
 *
 * For a create, the codes above the separator mean "rejected: nothing was created"; those below leave the outcome open.
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
  /** The host does not exist, or this installation does not allow it; nothing was sent. */
  | 'egress_denied'
  // ---
  | 'unavailable'
  | 'timeout'
  | 'outcome_unknown'
  | 'bad_response'
  | 'internal'

export interface ProviderErrorDetails {
  /** HTTP status of the response, if any. */
  httpStatus?: number | undefined
  /** The vendor's error code. */
  providerCode?: string | undefined
  /** The requested delay before a retry. */
  retryAfterMs?: number | undefined
  /** The invalid setting or credential, if known: `credentials.secretKey`. */
  field?: string | undefined
  /** The request field that the vendor rejects, as the vendor names it: `docker.image`. */
  parameter?: string | undefined
  /** True only if it is certain that nothing was sent. */
  notSent?: boolean | undefined
  /** The response exceeds the size limit; the object it describes exists. */
  isTooLarge?: boolean | undefined
  cause?: unknown
}

/** The only error that a driver throws. `message` is human-readable, bounded, and never contains a secret. */
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

/** Drivers reject only with a ProviderError; anything else is a defect. */
export function codeOf(error: unknown): ProviderErrorCode {
  return error instanceof ProviderError ? error.code : 'internal'
}

/**
 * This version does not have the provider: a newer version created the connection, during an upgrade or before a
 * rollback.
 */
export class UnknownProvider extends Error {
  constructor(provider: string) {
    super(`This version has no provider ${provider}.`)
    this.name = 'UnknownProvider'
  }
}
