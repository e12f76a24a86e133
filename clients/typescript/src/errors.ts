import type { components } from './generated/api.ts'

/** Problem details of the service (RFC 9457). */
export type Problem = components['schemas']['Problem']

/** Codes of this version. Later versions may add codes. */
export type ErrorCode =
  | 'cursor_expired'
  | 'conflict'
  | 'connection_ambiguous'
  | 'connection_in_use'
  | 'connection_not_found'
  | 'environment_in_use'
  | 'idempotency_key_reused'
  | 'internal'
  | 'invalid_request'
  | 'method_not_allowed'
  | 'not_acceptable'
  | 'not_found'
  | 'payload_too_large'
  | 'permission_denied'
  | 'provider_error'
  | 'quota_exceeded'
  | 'rate_limited'
  | 'unauthenticated'
  | 'unavailable'
  | 'unprocessable'
  | 'unsupported'
  | 'unsupported_media_type'
  | 'version_mismatch'
  /** Not sent by the service: a response without problem details, such as one of a proxy. */
  | 'unexpected_response'

/** A response that is an error. Contains no API key and no request body. */
export class SwitchyardError extends Error {
  override readonly name: string = 'SwitchyardError'
  /** HTTP status. */
  readonly status: number
  readonly code: ErrorCode | (string & {})
  /** Summary of the problem type. */
  readonly title: string
  /** The problems of the request and how to correct them. */
  readonly detail: string
  /** Individual errors, each with its location. */
  readonly errors: Problem['errors']
  /** Names this request in the log of the service. */
  readonly requestId: string | undefined
  /** Time to wait before a retry, if the response states it. */
  readonly retryAfterMs: number | undefined
  /** Whether the same request may succeed later. */
  readonly isRetryable: boolean
  /** Error of the provider, if it caused this one. */
  readonly provider: Problem['provider']

  constructor(problem: Problem, retryAfterMs?: number) {
    super(messageOf(problem))
    this.status = problem.status
    this.code = problem.code
    this.title = problem.title
    this.detail = problem.detail
    this.errors = problem.errors ?? []
    this.requestId = problem.requestId
    this.retryAfterMs = retryAfterMs
    this.isRetryable = problem.retryable
    this.provider = problem.provider
  }
}

/** No response: the service cannot be reached, or the connection was lost. `cause` has details. */
export class ConnectionError extends Error {
  override readonly name: string = 'ConnectionError'
}

/** A time limit of the client has passed. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
}

/** A record that was waited for has reached a status other than the one that was expected. */
export class UnexpectedStatusError<R extends { id: string; status: string }> extends Error {
  override readonly name = 'UnexpectedStatusError'
  readonly record: R

  constructor(record: R & { statusReason?: string; statusMessage?: string }, expected: string) {
    const reason = record.statusMessage ?? record.statusReason
    super(`${record.id} is ${record.status}, not ${expected}${reason === undefined ? '.' : `: ${reason}`}`)
    this.record = record
  }
}

/** Whether an error is a problem with this code; narrows `error`. Without a code: with any. */
export function isSwitchyardError<C extends ErrorCode>(
  error: unknown,
  code?: C,
): error is SwitchyardError & { readonly code: C } {
  return error instanceof SwitchyardError && (code === undefined || error.code === code)
}

/** The error of a response whose body has been read. */
export function errorOf(response: Response, body: string): SwitchyardError {
  return new SwitchyardError(problemIn(body) ?? unexpected(response), retryAfterMsOf(response.headers))
}

function problemIn(body: string): Problem | null {
  try {
    const value: Partial<Problem> | null = JSON.parse(body)
    return typeof value?.code === 'string' && typeof value.status === 'number' ? (value as Problem) : null
  } catch {
    return null
  }
}

function unexpected(response: Response): Problem {
  const type = response.headers.get('content-type') ?? 'no content'
  const to = response.headers.get('location')
  const what = to === null || response.ok ? `with ${type}` : 'with a redirect'
  return {
    type: 'about:blank',
    title: 'Unexpected response',
    status: response.status,
    detail: `The response has status ${response.status} ${what}, which Switchyard does not send. Check the URL of the service and the proxies in front of it.`,
    instance: '',
    code: 'unexpected_response',
    errors: [],
    requestId: response.headers.get('x-request-id') ?? '',
    retryable: response.status === 429 || response.status >= 500,
  }
}

function messageOf({ status, code, detail, errors, requestId }: Problem): string {
  const fields = (errors ?? []).filter((error) => error.detail !== detail).slice(0, 10)
  const lines = fields.map((error) => `\n  ${error.pointer}: ${error.detail}`)
  const id = requestId ? `, request ${requestId}` : ''
  return `${detail} (${status} ${code}${id})${lines.join('')}`
}

/** `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). */
export function retryAfterMsOf(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim()
  if (!text) return undefined
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1000 : Math.max(0, Date.parse(text) - Date.now())
  return Number.isNaN(waitMs) ? undefined : waitMs
}
