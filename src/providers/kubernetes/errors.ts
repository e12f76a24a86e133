import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { isObject, readList, readObject, readText } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { cleanMessage } from '../kit/redact.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import { ProviderError, type ProviderErrorCode } from '../provider-error.ts'
import type { HttpResponse, ProviderClock } from '../session.ts'

interface ReasonRow {
  code: ProviderErrorCode
  /** The server returns it before anything is stored, so a create with this response created nothing. */
  isRejection?: true
}

/**
 * `reason` of a Status.
 * Source: https://github.com/kubernetes/apimachinery/blob/v0.34.2/pkg/apis/meta/v1/types.go (StatusReason)
 */
const reasons: Readonly<Record<string, ReasonRow>> = {
  Unauthorized: { code: 'unauthenticated', isRejection: true },
  Forbidden: { code: 'permission_denied', isRejection: true },
  NotFound: { code: 'not_found', isRejection: true },
  AlreadyExists: { code: 'conflict', isRejection: true },
  // Also returned if a quota changed concurrently; a create is then repeated after a search.
  Conflict: { code: 'conflict' },
  Invalid: { code: 'invalid_request', isRejection: true },
  BadRequest: { code: 'invalid_request', isRejection: true },
  RequestEntityTooLarge: { code: 'invalid_request', isRejection: true },
  MethodNotAllowed: { code: 'unsupported', isRejection: true },
  TooManyRequests: { code: 'rate_limited', isRejection: true },
  Timeout: { code: 'timeout' },
  ServerTimeout: { code: 'unavailable' },
  ServiceUnavailable: { code: 'unavailable' },
  InternalError: { code: 'unavailable' },
  // The continue token of a list has expired: the scan starts again.
  Expired: { code: 'unavailable' },
}

/** The response of flow control (API priority and fairness), which has no Status. */
const flowControl = 'Too many requests, please try again later.'

export interface ErrorContext {
  clock: ProviderClock
  secrets: readonly string[]
  /** The field of the connection that authenticates. */
  credential: string
}

/** A response whose status or body reports a failure. */
export function isFailure({ status }: HttpResponse, body: Json | undefined): boolean {
  if (status < 200 || status > 299 || !isObject(body)) return true
  return readText(body, 'kind') === 'Status' && readText(body, 'status') !== 'Success'
}

export function failureOf(response: HttpResponse, context: ErrorContext): ProviderError {
  const { status, text } = response
  const body = jsonOf(response)
  const details = { httpStatus: status, retryAfterMs: retryAfterMs(response.headers, context.clock) }
  if (!isObject(body) || readText(body, 'kind') !== 'Status' || readText(body, 'apiVersion') !== 'v1') {
    const message = `HTTP ${status} without a Kubernetes Status: ${excerpt(text, context.secrets)}`
    const isFlowControl = status === 429 && text.trim() === flowControl
    const providerCode = isFlowControl ? 'TooManyRequests' : undefined
    return new ProviderError(codeOfBareStatus(status), message, { ...details, providerCode })
  }
  const reason = readText(body, 'reason')
  const statusMessage = readText(body, 'message') ?? 'no message'
  const code = status < 400 ? 'bad_response' : codeOf(status, reason, statusMessage)
  const message = `Kubernetes returned ${reason ?? `HTTP ${status}`}: ${cleanMessage(statusMessage, context.secrets)}`
  const field = code === 'unauthenticated' ? context.credential : undefined
  return new ProviderError(code, message, { ...details, providerCode: reason, parameter: parameterOf(body), field })
}

function codeOf(status: number, reason: string | undefined, statusMessage: string): ProviderErrorCode {
  if (reason === 'Forbidden') {
    if (statusMessage.includes('exceeded quota')) return 'quota_exceeded'
    if (statusMessage.includes('"system:anonymous"')) return 'unauthenticated'
    if (isStarting(statusMessage)) return 'unavailable'
    if (/^admission webhook .* denied the request/.test(statusMessage)) return 'invalid_request'
  }
  const row = reason !== undefined && Object.hasOwn(reasons, reason) ? reasons[reason] : undefined
  return row?.code ?? codeOfBareStatus(status)
}

/**
 * A starting API server denies every request until it has read its roles, and lists the missing ones. It creates the
 * built-in roles itself, so a message about these does not concern the rights of the service account.
 */
function isStarting(statusMessage: string): boolean {
  const missing = statusMessage.split(': RBAC: ')[1] ?? ''
  return missing.includes(' "system:') && missing.includes(' not found')
}

/** Whether the response to a create means that nothing was created. */
export function isRejectedCreate({ providerCode, httpStatus }: ProviderError): boolean {
  if (httpStatus === undefined || httpStatus < 400 || providerCode === undefined) return false
  return Object.hasOwn(reasons, providerCode) && reasons[providerCode]?.isRejection === true
}

/** `spec.template.spec.containers[0].image` of the first invalid field. */
function parameterOf(body: JsonObject): string | undefined {
  return readText(readList(readObject(body, 'details'), 'causes')[0], 'field')
}

/** Whether a Status reports that the object of this name does not exist; the server's other 404s name no object. */
export function isNoSuchObject(response: HttpResponse, kind: string, name: string): boolean {
  const body = jsonOf(response)
  if (response.status !== 404 || readText(body, 'reason') !== 'NotFound') return false
  const details = isObject(body) ? readObject(body, 'details') : {}
  return readText(details, 'kind') === kind && readText(details, 'name') === name
}
