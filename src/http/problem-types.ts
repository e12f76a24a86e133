import type { ApiErrorCode } from '../vocabulary/api-error.ts'

/** Code of a problem; `internal` is every error that is not an `ApiError`. */
export type ProblemCode = ApiErrorCode | 'internal'

export interface ProblemType {
  /** HTTP status. */
  status: number
  title: string
  meaning: string
  /** What a client does about it. */
  remedy: string
  /** Whether the same request may succeed later, unless the error itself says so. */
  isRetryable?: true
}

/** `type` of a problem: the same in every installation. */
export function problemUrn(code: ProblemCode): string {
  return `urn:switchyard:problem:${code}`
}

/** All problem types: the only place that knows the title and the usual status of a code. */
export const problemTypes: Readonly<Record<ProblemCode, ProblemType>> = {
  invalid_request: {
    ...{ status: 400, title: 'Invalid request' },
    meaning: 'The request does not match its schema or is not valid HTTP or JSON.',
    remedy: 'Correct the fields listed in `errors`; each entry has a pointer and states the rule.',
  },
  unauthenticated: {
    ...{ status: 401, title: 'Missing or invalid credentials' },
    meaning: 'The `Authorization` header is missing, or its key or token is unknown, expired or revoked.',
    remedy: 'Send `Authorization: Bearer <token>` with a valid API key or access token.',
  },
  permission_denied: {
    ...{ status: 403, title: 'Permission denied' },
    meaning: 'The key or token is valid but lacks the scope that the request requires.',
    remedy: 'Ask an administrator for a key with the scope that `detail` names.',
  },
  quota_exceeded: {
    ...{ status: 403, title: 'Quota exceeded' },
    meaning: 'The request would exceed the quota of the project.',
    remedy: 'Wait until active jobs end, delete environments, or ask an administrator for a larger quota.',
  },
  not_found: {
    ...{ status: 404, title: 'Not found' },
    meaning: 'The path does not exist, or the project has no record with this id.',
    remedy: 'Check the path and the id, and that the key belongs to the project of the record.',
  },
  method_not_allowed: {
    ...{ status: 405, title: 'Method not allowed' },
    meaning: 'The path exists but does not support the method.',
    remedy: 'Use a method that the `Allow` header lists.',
  },
  not_acceptable: {
    ...{ status: 406, title: 'Not acceptable' },
    meaning: 'The `Accept` header excludes every media type of the response.',
    remedy: 'Accept `application/json`, or the media type that the operation documents.',
  },
  conflict: {
    ...{ status: 409, title: 'Conflict' },
    meaning: 'The current state of the record does not allow the request, or a unique name is in use.',
    remedy: 'Read the record and act on its status and `actions`, or choose another name.',
  },
  connection_in_use: {
    ...{ status: 409, title: 'Connection in use' },
    meaning: 'Active jobs or environments use the connection.',
    remedy: 'Cancel or delete them first; `GET /jobs` and `GET /environments` filter by `connectionId` and `active`.',
  },
  environment_in_use: {
    ...{ status: 409, title: 'Environment in use' },
    meaning: 'Active jobs use the environment.',
    remedy: 'Wait for the jobs to end, cancel them, or delete the environment with `cancelJobs=true`.',
  },
  cursor_expired: {
    ...{ status: 410, title: 'Cursor expired' },
    meaning: 'Events after the cursor were deleted when their retention ended.',
    remedy: 'Read the records again, then continue without the cursor.',
  },
  version_mismatch: {
    ...{ status: 412, title: 'Version mismatch' },
    meaning: 'The record has changed: its version does not match `If-Match`.',
    remedy: 'Read the record again, apply the change to it, and repeat the request with its current `ETag`.',
  },
  payload_too_large: {
    ...{ status: 413, title: 'Request body too large' },
    meaning:
      'The body exceeds the maximum size, has more than 250,000 JSON values, or an object of more than 1,000 fields.',
    remedy: 'Split the request, or reduce the body, for example by reading a large script from storage.',
  },
  unsupported_media_type: {
    ...{ status: 415, title: 'Unsupported media type' },
    meaning: 'The body is not JSON, or it is compressed.',
    remedy: 'Send uncompressed JSON with `Content-Type: application/json`.',
  },
  connection_ambiguous: {
    ...{ status: 422, title: 'Ambiguous connection' },
    meaning: 'The request names a provider to which the project has several connections.',
    remedy: 'Send `connectionId` instead of `provider`.',
  },
  connection_not_found: {
    ...{ status: 422, title: 'Connection not found' },
    meaning: 'The project has no such connection, or none to the provider.',
    remedy: 'Create a connection with `POST /connections`, or correct `connectionId` or `provider`.',
  },
  idempotency_key_reused: {
    ...{ status: 422, title: 'Idempotency key reused with a different body' },
    meaning: 'The `Idempotency-Key` belongs to an earlier request with another body.',
    remedy: 'Use a new key for a new request; repeat a request with the same body.',
  },
  unsupported: {
    ...{ status: 422, title: 'Not supported by the provider' },
    meaning: 'The provider does not support a field, or the action on the record.',
    remedy: 'Remove the fields listed in `errors`; `GET /providers/{provider}` describes what is supported.',
  },
  unprocessable: {
    ...{ status: 422, title: 'Unprocessable request' },
    meaning: 'The request matches its schema but violates a rule between fields or a constraint of the provider.',
    remedy: 'Correct the fields listed in `errors`.',
  },
  rate_limited: {
    ...{ status: 429, title: 'Too many requests', isRetryable: true },
    meaning: 'The key exceeds its request rate, or its number of concurrent streams or waits.',
    remedy: 'Wait for the seconds in `Retry-After`, then repeat the request. `RateLimit` shows what remains.',
  },
  internal: {
    ...{ status: 500, title: 'Internal error', isRetryable: true },
    meaning: 'A defect of the service.',
    remedy: 'Report the `requestId`; the service log has details. A repeated POST needs its `Idempotency-Key`.',
  },
  provider_error: {
    ...{ status: 502, title: 'Provider error', isRetryable: true },
    meaning: 'The provider failed or rejected a request that Switchyard sent to answer this one.',
    remedy: 'Read `provider` and `retryable`: repeat the request later, or correct what the provider rejects.',
  },
  unavailable: {
    ...{ status: 503, title: 'Service unavailable', isRetryable: true },
    meaning: 'The process is overloaded or about to stop, or a dependency such as the database is unavailable.',
    remedy: 'Wait for the seconds in `Retry-After`, then repeat the request.',
  },
}
