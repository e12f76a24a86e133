/**
 * Error codes of the API: programs act on the code, people read the message. Only `http/problem.ts` knows the HTTP
 * status of a code.
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

/** Error at one location. `pointer` is a JSON pointer into the body, or the name of the parameter. */
export interface ValidationError {
  in: 'body' | 'query' | 'header' | 'path'
  pointer: string
  code: string
  detail: string
}

/** Provider error that is passed on in an API error. */
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
  /** Whether the same request may succeed later, if the code does not determine it. */
  isRetryable?: boolean
  cause?: unknown
}

/** Error returned to the client. `detail` names what was sent, the rule, and what to do. Never contains a secret. */
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

/** Error for a connection that the project does not have. */
export function noConnection(id: string): ApiError {
  return new ApiError('not_found', `There is no connection ${id} in this project. See GET /connections.`)
}

/** Error for a record that is not at the expected version. */
export function versionMismatch(state: string): ApiError {
  return new ApiError('version_mismatch', `${state}. Re-read the resource and retry with its current ETag.`)
}
