import { STATUS_CODES } from 'node:http'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { isObject, readText } from '../kit/fields.ts'
import { excerpt, tryParseJson } from '../kit/json.ts'
import { cleanMessage } from '../kit/redact.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import { ProviderError, type ProviderErrorCode } from '../provider-error.ts'
import type { HttpResponse, ProviderClock } from '../session.ts'

export interface Failure {
  error: ProviderError
  /** The hub rejected the call with a status that it returns before acting. */
  isRejection: boolean
}

/** Context for reading a response. */
export interface ErrorContext {
  clock: ProviderClock
  /** Texts to remove from the error. */
  secrets: readonly string[]
}

/**
 * Meanings of the hub's rejections, all of which precede the start of a spawner.
 * Source: https://jupyterhub.readthedocs.io/en/3.0.0/reference/rest-api.html and apihandlers/users.py of 3.0.0 to 6.1.1
 */
const hubCodes: Readonly<Record<number, ProviderErrorCode>> = {
  400: 'invalid_request',
  // Both a wrong token and a missing scope; see `causeOfDenial`.
  403: 'permission_denied',
  404: 'not_found',
  409: 'conflict',
  429: 'rate_limited',
}

/** One status covers an invalid request and a temporary condition; only the message distinguishes them. */
const hubMessages: readonly (readonly [RegExp, ProviderErrorCode])[] = [
  [/is already running$| is pending (spawn|stop|check)| is being renamed$/, 'conflict'],
  [/already has the maximum of \d+ named servers/, 'quota_exceeded'],
  [/^Active user limit exceeded/, 'no_capacity'],
  [/^Named servers are not enabled/, 'unsupported'],
]

/** The failure that a response with an unexpected status reports. */
export function failureOf(response: HttpResponse, { clock, secrets }: ErrorContext): Failure {
  const { status } = response
  const details = { httpStatus: status, retryAfterMs: retryAfterMs(response.headers, clock) }
  const providerMessage = hubMessageOf(response)
  if (providerMessage === undefined) {
    const message = `HTTP ${status} in an undocumented form: ${excerpt(response.text, secrets)}`
    return { error: new ProviderError(codeOfBareStatus(status), message, details), isRejection: false }
  }
  const code =
    (status < 500 ? hubMessages.find(([pattern]) => pattern.test(providerMessage))?.[1] : undefined) ?? hubCodes[status]
  const message = `JupyterHub returned HTTP ${status}: ${cleanMessage(providerMessage, secrets)}`
  const fallback = status >= 500 ? 'unavailable' : 'bad_response'
  return { error: new ProviderError(code ?? fallback, message, details), isRejection: code !== undefined }
}

/**
 * The hub's message from `{status, message}`, where `status` equals the HTTP status; undefined if the response is not
 * from the hub. Without a message the status is named: up to 5.x by the hub, while from 6.0 on `message` is null.
 */
function hubMessageOf({ status, text }: HttpResponse): string | undefined {
  const body = tryParseJson(text)
  if (!isObject(body) || body.status !== status || status < 400) return undefined
  return body.message === null ? (STATUS_CODES[status] ?? 'no reason') : readText(body, 'message')
}

/** Whether the message rejects a known token for its scopes. */
export function isAboutScopes(error: ProviderError): boolean {
  return /not authorized with current scopes|no permissions to/.test(error.message)
}

export function isNotFound(error: unknown): error is ProviderError {
  return error instanceof ProviderError && error.code === 'not_found'
}

/** A copy of an error with another code. */
export function withDetails(
  error: ProviderError,
  change: { code?: ProviderErrorCode; message?: string; field?: string; notSent?: true },
): ProviderError {
  const { httpStatus, retryAfterMs } = error
  return new ProviderError(change.code ?? error.code, change.message ?? error.message, {
    ...{ httpStatus, retryAfterMs },
    field: change.field ?? error.field,
    notSent: change.notSent ?? error.notSent,
    cause: error,
  })
}
