import type { Json } from '../../vocabulary/json.ts'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { isObject, readObject, readText } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { cleanWords } from '../kit/redact.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import type { HttpResponse } from '../provider.ts'
import { ProviderError, type ProviderErrorCode, type ProviderErrorDetails } from '../provider-error.ts'
import { type Failure, gatewayFailure, type Reading } from '../vendors/ncp/errors.ts'

/**
 * The statuses that the overview lists with a meaning; 500 is left out, since it tells nothing about what was done.
 * Source: https://api.ncloud-docs.com/docs/aitems-overview
 */
const documented: Readonly<Record<number, { code: ProviderErrorCode; field?: string }>> = {
  400: { code: 'invalid_request' },
  401: { code: 'unauthenticated', field: 'credentials' },
  403: { code: 'permission_denied', field: 'credentials.accessKey' },
  404: { code: 'not_found' },
}

/**
 * The failure that an answer to `request` (`GET /api/v1/services`) tells; null for any 2xx that does not speak of an
 * error. The service's error bodies are not documented, only its statuses are: they count where the body is JSON or
 * empty. Another body (a proxy's page) is nobody's statement about anything.
 */
export function failureOf(response: HttpResponse, reading: Reading, request: string): Failure | null {
  const gateway = gatewayFailure(response, reading)
  if (gateway !== null) return gateway
  const body = jsonOf(response)
  if (response.status >= 200 && response.status < 300 && !speaksOfError(body)) return null
  const isOfService = response.text.trim() === '' || isObject(body)
  const row = isOfService ? documented[response.status] : undefined
  const waitMs = retryAfterMs(response.headers, reading.clock)
  const details: ProviderErrorDetails = {
    httpStatus: response.status,
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
    ...(row?.field === undefined ? {} : { field: row.field }),
  }
  const message = `AiTEMS returned HTTP ${response.status} to ${request}: ${wordsOf(body, response.text, reading.secrets)}`
  const code = row?.code ?? codeOfBareStatus(response.status)
  return { error: new ProviderError(code, message, details), isRefusal: row !== undefined }
}

/** The service's documented 404, "resource not found"; the gateway's own 404 leaves with another code. */
export function isNoSuchResource(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'not_found'
}

/** What the documented answers hold, one of them at least: an object, a list, or the `result` of a deletion. */
const answerKeys = ['serviceId', 'datasetId', 'version', 'services', 'trains', 'datasets', 'result']
/** Where products of this vendor put what went wrong. */
const errorKeys = ['error', 'errorCode', 'errorMessage', 'responseError', 'returnCode', 'message']

/** An error in a 2xx is documented nowhere; what holds nothing of an answer and says "error" is none. */
function speaksOfError(body: Json | undefined): boolean {
  const has = (key: string) => isObject(body) && Object.hasOwn(body, key)
  return errorKeys.some(has) && !answerKeys.some(has)
}

/** Where products of this vendor are known to put their words. */
function wordsOf(body: Json | undefined, text: string, secrets: readonly string[]): string {
  const said =
    readText(body, 'message') ??
    readText(body, 'errorMessage') ??
    readText(readObject(body, 'error'), 'message') ??
    readText(readObject(body, 'responseError'), 'returnMessage')
  return said === undefined ? excerpt(text, secrets) : cleanWords(said, secrets)
}
