/**
 * Every way in which a request is answered "no". Programs act on the code; people read the message.
 * Which HTTP status goes with a code is known in `http/problem.ts` alone.
 */
export type ApiErrorCode =
  | 'invalid_request'
  | 'unauthenticated'
  | 'permission_denied'
  | 'quota_exceeded'
  | 'not_found'
  | 'connection_ambiguous'
  | 'connection_not_found'
  | 'connection_in_use'
  | 'environment_in_use'
  | 'conflict'
  | 'cursor_expired'
  | 'version_mismatch'
  | 'idempotency_key_reused'
  | 'unsupported'
  | 'unprocessable'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'not_acceptable'
  | 'rate_limited'
  | 'unavailable'
  | 'provider_error'
  | 'method_not_allowed'

/** One thing that is wrong, and where. `pointer` is a JSON pointer into the body, or the parameter's name. */
export interface ValidationError {
  in: 'body' | 'query' | 'header' | 'path'
  pointer: string
  code: string
  detail: string
}

/** What the provider said, when a refusal passes its words on. */
export interface ProviderErrorDetail {
  id: string
  httpStatus?: number
  code?: string
  message?: string
}

export interface ApiErrorDetails {
  errors?: readonly ValidationError[]
  provider?: ProviderErrorDetail
  retryAfterSeconds?: number
  /** Whether the same request may succeed later, where the code does not tell. */
  isRetryable?: boolean
  cause?: unknown
}

/** A rejected request. `detail` names what the caller sent, the rule, and what to do. Never holds a secret. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ApiErrorCode
  readonly errors: readonly ValidationError[]
  readonly provider: ProviderErrorDetail | undefined
  readonly retryAfterSeconds: number | undefined
  readonly isRetryable: boolean | undefined

  constructor(code: ApiErrorCode, detail: string, more: ApiErrorDetails = {}) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause })
    this.code = code
    this.errors = more.errors ?? []
    this.provider = more.provider
    this.retryAfterSeconds = more.retryAfterSeconds
    this.isRetryable = more.isRetryable
  }
}

/** `If-Match` names another version, or the record has changed meanwhile. */
export function versionMismatch(state: string): ApiError {
  return new ApiError('version_mismatch', `${state}. Re-read the resource and retry with its current ETag.`)
}
