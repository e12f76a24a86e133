import type { Json } from '../../vocabulary/json.ts'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { isObject, readId, readText } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { cleanMessage } from '../kit/redact.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import { ProviderError, type ProviderErrorCode } from '../provider-error.ts'
import type { HttpResponse, ProviderClock } from '../session.ts'

interface CodeRow {
  code: ProviderErrorCode
  /** The vendor documents it for a create as "not executed". */
  isRejection?: true
  meaning: string
}

/**
 * The vendor's codes. Success is "0". HTTP statuses are not documented and most errors have status 200, so the body
 * decides first. 716865 and 716866 to 716870 mean "failed" without a cause: they map to `conflict`, so that existing
 * objects are read before anything is concluded. Sources: the error table of api/container/create, and the platform's
 * table.
 */
const rows: Readonly<Record<string, CodeRow>> = {
  '10001': { code: 'internal', meaning: 'internal error' },
  '10003': { code: 'invalid_request', isRejection: true, meaning: 'a parameter is missing' },
  '10004': { code: 'invalid_request', isRejection: true, meaning: 'a parameter is invalid' },
  '10007': { code: 'permission_denied', isRejection: true, meaning: 'the user is frozen' },
  // In practice also returned for an invalid or expired token.
  '10008': { code: 'unauthenticated', isRejection: true, meaning: 'insufficient permission, or the token is rejected' },
  '10009': { code: 'permission_denied', isRejection: true, meaning: 'not allowed to call this interface' },
  '10010': { code: 'invalid_request', isRejection: true, meaning: 'the check of a file failed' },
  '10011': { code: 'invalid_request', isRejection: true, meaning: 'a file is too large' },
  '10012': { code: 'unavailable', meaning: 'the connection was interrupted' },
  '10013': { code: 'timeout', meaning: 'the operation timed out' },
  '10014': { code: 'invalid_request', meaning: 'the quota could not be set' },
  '716020': { code: 'internal', meaning: 'a database query failed' },
  '716864': { code: 'conflict', meaning: 'the script could not be run' },
  '716865': { code: 'conflict', isRejection: true, meaning: 'the instance could not be created' },
  '716866': { code: 'conflict', meaning: 'the instance could not be deleted' },
  '716867': { code: 'conflict', meaning: 'the instance could not be stopped' },
  '716868': { code: 'conflict', meaning: 'the instance could not be started' },
  '716870': { code: 'conflict', meaning: 'the number of instances is wrong' },
  '815005': { code: 'timeout', meaning: 'the scheduler did not answer' },
  '815007': { code: 'invalid_request', isRejection: true, meaning: 'the scheduler refused the job' },
  '911020': { code: 'not_found', meaning: 'the file does not exist' },
  '911021': { code: 'conflict', meaning: 'the file exists already' },
  '911030': { code: 'permission_denied', meaning: 'access to the file is denied' },
  '911404': { code: 'unavailable', meaning: 'the authentication service cannot be reached' },
  '911406': { code: 'permission_denied', meaning: 'the token has no user' },
  '911501': { code: 'quota_exceeded', meaning: 'no space left' },
  '911504': { code: 'timeout', meaning: 'a command timed out' },
}

function rowOf(code: string | undefined): CodeRow | undefined {
  return code !== undefined && Object.hasOwn(rows, code) ? rows[code] : undefined
}

/** Context for reading a response. */
export interface ErrorContext {
  clock: ProviderClock
  /** Texts to remove from the error. */
  secrets: readonly string[]
}

/** `data` of a response. Throws a ProviderError unless the envelope has code "0". */
export function dataOf(response: HttpResponse, context: ErrorContext): Json {
  const body = jsonOf(response)
  if (codeOf(body) === '0') return isObject(body) ? (body.data ?? null) : null
  throw failureOf(response, context)
}

/** The failure that a response with a code other than "0" reports. */
export function failureOf(response: HttpResponse, { clock, secrets }: ErrorContext): ProviderError {
  const body = jsonOf(response)
  const code = codeOf(body)
  const details = { httpStatus: response.status, retryAfterMs: retryAfterMs(response.headers, clock) }
  if (code === undefined) {
    const text = excerpt(response.text, secrets)
    const message = `SCNet returned HTTP ${response.status} without a code: ${text}`
    return new ProviderError(codeOfBareStatus(response.status), message, details)
  }
  const row = rowOf(code)
  const providerMessage = messageOf(body, secrets)
  const isToken = isTokenError(code, providerMessage)
  const meaning = row === undefined ? '' : ` (${row.meaning})`
  const portable = isToken ? 'unauthenticated' : (row?.code ?? 'bad_response')
  return new ProviderError(portable, `SCNet returned code ${code}${meaning}: ${providerMessage}`, {
    ...details,
    providerCode: code,
  })
}

/** The vendor's code as a string, whatever its type. */
export function codeOf(body: Json | undefined): string | undefined {
  return readId(body, 'code')
}

/** The details of a ProviderError, for use in another one. */
export function detailsOf({ httpStatus, providerCode, retryAfterMs, field }: ProviderError) {
  return { httpStatus, providerCode, retryAfterMs, field }
}

/**
 * Marks an error of a preparatory call: the main call was not sent. The vendor's response to the preparatory call does
 * not concern the main one, so only codes about the connection are kept.
 */
export function beforeSending(error: unknown): unknown {
  if (!(error instanceof ProviderError) || error.notSent) return error
  const code = callerCodes.has(error.code) || error.code === 'bad_response' ? error.code : 'unavailable'
  return new ProviderError(code, error.message, { ...detailsOf(error), notSent: true, cause: error })
}

/** A rejection of a create that the vendor documents. */
export function isDocumentedRejection(error: ProviderError): boolean {
  return rowOf(error.providerCode)?.isRejection === true
}

/** Rejected for its token before execution, so it may be repeated with another one. */
export function isRejectedToken(error: unknown): error is ProviderError {
  if (!(error instanceof ProviderError) || error.notSent) return false
  return error.code === 'unauthenticated' && error.providerCode !== undefined
}

/**
 * An error about the requested object, not about the caller or the vendor's health. The response for an unknown id is
 * not documented, so after such an error the list decides.
 */
export function isAboutObject(error: unknown): error is ProviderError {
  if (!(error instanceof ProviderError) || error.notSent) return false
  if (error.providerCode !== undefined) return !callerCodes.has(error.code)
  return error.httpStatus === 400 || error.httpStatus === 404
}

const callerCodes: ReadonlySet<ProviderErrorCode> = new Set([
  'unauthenticated',
  'permission_denied',
  'rate_limited',
  'unavailable',
  'timeout',
])

/** The gateway of some services has another envelope: `{"code":"1001","message":"jwt token is invalid"}`. */
function isTokenError(code: string, providerMessage: string): boolean {
  return code === '1001' && /token/i.test(providerMessage)
}

/** `msg` or `message`; with 10008 the reason is in `data`. */
export function messageOf(body: Json | undefined, secrets: readonly string[]): string {
  const parts = [readText(body, 'msg') ?? readText(body, 'message'), readText(body, 'data')]
  const known = parts.filter((each) => each !== undefined)
  return known.length === 0 ? 'no message' : cleanMessage(known.join(', '), secrets)
}

/** The error for a job that is neither shown nor known to be gone. */
export function notShown(jobId: string): ProviderError {
  return new ProviderError(
    'bad_response',
    `SCNet's lists could not be read to their end, and contain no job ${jobId} so far.`,
  )
}
