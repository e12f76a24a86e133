import type { Json } from '../../vocabulary/json.ts'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { isObject, readObject, readText } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { cleanMessage } from '../kit/redact.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import { ProviderError, type ProviderErrorCode, type ProviderErrorDetails } from '../provider-error.ts'
import type { HttpResponse } from '../session.ts'
import { type ErrorContext, type Failure, gatewayFailure } from '../vendors/ncp/errors.ts'

/**
 * HTTP statuses that the overview documents. 500 is omitted because it does not state whether the request was executed.
 * Source: https://api.ncloud-docs.com/docs/aitems-overview
 */
const documented: Readonly<Record<number, { code: ProviderErrorCode; field?: string }>> = {
  400: { code: 'invalid_request' },
  401: { code: 'unauthenticated', field: 'credentials' },
  403: { code: 'permission_denied', field: 'credentials.accessKey' },
  404: { code: 'not_found' },
}

/**
 * The failure that a response to `request` (`GET /api/v1/services`) reports, or null for a 2xx without an error. Error
 * bodies are not documented, only statuses: a status counts only if the body is JSON or empty. Any other body comes
 * from a proxy and is not conclusive.
 */
export function failureOf(response: HttpResponse, context: ErrorContext, request: string): Failure | null {
  const gateway = gatewayFailure(response, context)
  if (gateway !== null) return gateway
  const body = jsonOf(response)
  if (response.status >= 200 && response.status < 300 && !reportsError(body)) return null
  const isOfService = response.text.trim() === '' || isObject(body)
  const row = isOfService ? documented[response.status] : undefined
  const details: ProviderErrorDetails = {
    httpStatus: response.status,
    retryAfterMs: retryAfterMs(response.headers, context.clock),
    field: row?.field,
  }
  const message = `AiTEMS returned HTTP ${response.status} to ${request}: ${messageOf(body, response.text, context.secrets)}`
  const code = row?.code ?? codeOfBareStatus(response.status)
  return { error: new ProviderError(code, message, details), isRejection: row !== undefined }
}

/** The service's documented 404, "resource not found". The gateway's 404 maps to another code. */
export function isNoSuchResource(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'not_found'
}

/** Keys of the documented responses, which contain at least one: an object, a list, or the `result` of a deletion. */
const responseKeys = ['serviceId', 'datasetId', 'version', 'services', 'trains', 'datasets', 'result']
/** Keys under which products of this vendor report errors. */
const errorKeys = ['error', 'errorCode', 'errorMessage', 'responseError', 'returnCode', 'message']

/** Errors in a 2xx are not documented. A body with an error key and no response key counts as an error. */
function reportsError(body: Json | undefined): boolean {
  const has = (key: string) => isObject(body) && Object.hasOwn(body, key)
  return errorKeys.some(has) && !responseKeys.some(has)
}

/** Reads the message from the keys that products of this vendor use. */
function messageOf(body: Json | undefined, text: string, secrets: readonly string[]): string {
  const providerMessage =
    readText(body, 'message') ??
    readText(body, 'errorMessage') ??
    readText(readObject(body, 'error'), 'message') ??
    readText(readObject(body, 'responseError'), 'returnMessage')
  return providerMessage === undefined ? excerpt(text, secrets) : cleanMessage(providerMessage, secrets)
}
