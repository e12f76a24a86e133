import type { Json } from '../../vocabulary/json.ts'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { isObject, readText } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { cleanWords } from '../kit/redact.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import type { HttpResponse } from '../provider.ts'
import { ProviderError, type ProviderErrorCode, type ProviderErrorDetails } from '../provider-error.ts'
import { type Failure, gatewayFailure, type Reading } from '../vendors/ncp/errors.ts'

/** The statuses that the service's overview lists for `{success: false, message}`, 500 left out: it says "unexpected". */
const documented: Readonly<Record<number, ProviderErrorCode>> = {
  400: 'invalid_request',
  403: 'permission_denied',
  404: 'not_found',
}

/** HTTP 400 stands for a bad parameter and for "exceeds a resource quota" alike; only the words tell them apart. */
const quotaWords = /quota|쿼터|할당량/i

/** How the service begins to speak of a bad parameter, as its example shows: `invalid request parameter (<path>, …`. */
const badParameter = /^invalid request parameter \(([\w.[\]]+)/

/**
 * With HTTP 200 the meaning of `success: false` is not documented. Where its words are those that the overview lists
 * beside a status, they mean what they mean there; else nothing is concluded from them.
 */
const listedWords: readonly (readonly [RegExp, number])[] = [
  [/^(exceeds a resource quota|invalid request parameter)\b/i, 400],
  [/^not allowed to access\b/i, 403],
  [/^no such element\b/i, 404],
]

/**
 * The failure that an answer tells, in the gateway's or the service's envelope or neither; null for a success,
 * which is HTTP 2xx **and** `success: true`.
 * Source: https://api.ncloud-docs.com/docs/analytics-dataforest
 */
export function failureOf(response: HttpResponse, reading: Reading): Failure | null {
  const body = jsonOf(response)
  const isOk = response.status >= 200 && response.status < 300
  if (isOk && isObject(body) && body.success === true) return null
  const gateway = gatewayFailure(response, reading)
  if (gateway !== null) return gateway
  if (isObject(body) && body.success === false) return serviceFailure(response, body, reading)
  const code = isOk ? 'bad_response' : codeOfBareStatus(response.status)
  const message = `HTTP ${response.status} in an undocumented form: ${excerpt(response.text, reading.secrets)}`
  return { error: new ProviderError(code, message, detailsOf(response, reading)), isRefusal: false }
}

/** The service's documented 404, "no such element"; the gateway's own 404 leaves with another code. */
export function isNoSuchElement(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'not_found'
}

function serviceFailure(response: HttpResponse, body: Json, reading: Reading): Failure {
  const said = readText(body, 'message') ?? 'no message'
  const isOk = response.status < 300
  const status = isOk ? (listedWords.find(([words]) => words.test(said))?.[1] ?? response.status) : response.status
  const code = documented[status]
  const message = `Data Forest returned HTTP ${response.status}: ${cleanWords(said, reading.secrets)}`
  // The service has no machine-readable codes.
  const parameter = badParameter.exec(said)?.[1]
  const details = { ...detailsOf(response, reading), ...(parameter === undefined ? {} : { parameter }) }
  if (code === undefined) {
    const fallback = isOk ? 'invalid_request' : codeOfBareStatus(response.status)
    return { error: new ProviderError(fallback, message, details), isRefusal: false }
  }
  const isQuota = status === 400 && parameter === undefined && quotaWords.test(said)
  return { error: new ProviderError(isQuota ? 'quota_exceeded' : code, message, details), isRefusal: true }
}

/** No Retry-After is documented; one that comes is kept. */
function detailsOf({ status, headers }: HttpResponse, { clock }: Reading): ProviderErrorDetails {
  const waitMs = retryAfterMs(headers, clock)
  return { httpStatus: status, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) }
}
