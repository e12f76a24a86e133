import type { Json } from '../../vocabulary/json.ts'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { isObject, readText } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { cleanMessage } from '../kit/redact.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import { ProviderError, type ProviderErrorCode, type ProviderErrorDetails } from '../provider-error.ts'
import type { HttpResponse } from '../session.ts'
import { type ErrorContext, type Failure, gatewayFailure } from '../vendors/ncp/errors.ts'

/**
 * Statuses that the overview documents for `{success: false, message}`. 500 is omitted because it means "unexpected".
 */
const documented: Readonly<Record<number, ProviderErrorCode>> = {
  400: 'invalid_request',
  403: 'permission_denied',
  404: 'not_found',
}

/** HTTP 400 covers both an invalid parameter and "exceeds a resource quota"; only the message distinguishes them. */
const quotaMessage = /quota|쿼터|할당량/i

/** The prefix of an invalid-parameter message, as in the example: `invalid request parameter (<path>, …`. */
const badParameter = /^invalid request parameter \(([\w.[\]]+)/

/**
 * `success: false` with HTTP 200 is not documented. A message that the overview lists with a status has the meaning of
 * that status; any other is inconclusive.
 */
const listedMessages: readonly (readonly [RegExp, number])[] = [
  [/^(exceeds a resource quota|invalid request parameter)\b/i, 400],
  [/^not allowed to access\b/i, 403],
  [/^no such element\b/i, 404],
]

/**
 * The failure that a response reports, in the gateway's or the service's envelope; null for a success, which is HTTP
 * 2xx **and** `success: true`.
 * Source: https://api.ncloud-docs.com/docs/analytics-dataforest
 */
export function failureOf(response: HttpResponse, context: ErrorContext): Failure | null {
  const body = jsonOf(response)
  const isOk = response.status >= 200 && response.status < 300
  if (isOk && isObject(body) && body.success === true) return null
  const gateway = gatewayFailure(response, context)
  if (gateway !== null) return gateway
  if (isObject(body) && body.success === false) return serviceFailure(response, body, context)
  const code = isOk ? 'bad_response' : codeOfBareStatus(response.status)
  const message = `HTTP ${response.status} in an undocumented form: ${excerpt(response.text, context.secrets)}`
  return { error: new ProviderError(code, message, detailsOf(response, context)), isRejection: false }
}

/** The service's documented 404, "no such element". The gateway's 404 maps to another code. */
export function isNoSuchElement(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'not_found'
}

function serviceFailure(response: HttpResponse, body: Json, context: ErrorContext): Failure {
  const providerMessage = readText(body, 'message') ?? 'no message'
  const isOk = response.status < 300
  const status = isOk
    ? (listedMessages.find(([pattern]) => pattern.test(providerMessage))?.[1] ?? response.status)
    : response.status
  const code = documented[status]
  const message = `Data Forest returned HTTP ${response.status}: ${cleanMessage(providerMessage, context.secrets)}`
  // The service has no machine-readable error codes.
  const parameter = badParameter.exec(providerMessage)?.[1]
  const details = { ...detailsOf(response, context), parameter }
  if (code === undefined) {
    const fallback = isOk ? 'invalid_request' : codeOfBareStatus(response.status)
    return { error: new ProviderError(fallback, message, details), isRejection: false }
  }
  const isQuota = status === 400 && parameter === undefined && quotaMessage.test(providerMessage)
  return { error: new ProviderError(isQuota ? 'quota_exceeded' : code, message, details), isRejection: true }
}

/** Retry-After is not documented, but is used if present. */
function detailsOf({ status, headers }: HttpResponse, { clock }: ErrorContext): ProviderErrorDetails {
  return { httpStatus: status, retryAfterMs: retryAfterMs(headers, clock) }
}
