import type { Json } from '../../vocabulary/json.ts'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { isObject, readId, readText } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { cleanWords } from '../kit/redact.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import type { HttpResponse, ProviderClock } from '../provider.ts'
import { ProviderError, type ProviderErrorCode } from '../provider-error.ts'

interface CodeRow {
  code: ProviderErrorCode
  /** The vendor lists it for a create with a meaning that says "not done". */
  isRefusal?: true
  meaning: string
}

/**
 * The vendor's codes. Success is "0". HTTP statuses are not documented and errors mostly come with 200, so the body
 * decides first. 716865 and 716866 to 716870 say "failed" and not why: `conflict`, so that what is there is looked at
 * before anything else is concluded. Sources: the error table of api/container/create, and the platform's own table.
 */
const rows: Readonly<Record<string, CodeRow>> = {
  '10001': { code: 'internal', meaning: 'internal error' },
  '10003': { code: 'invalid_request', isRefusal: true, meaning: 'a parameter is missing' },
  '10004': { code: 'invalid_request', isRefusal: true, meaning: 'a parameter is invalid' },
  '10007': { code: 'permission_denied', isRefusal: true, meaning: 'the user is frozen' },
  // In live use also the answer to a token that is invalid or expired.
  '10008': { code: 'unauthenticated', isRefusal: true, meaning: 'insufficient permission, or the token is rejected' },
  '10009': { code: 'permission_denied', isRefusal: true, meaning: 'not allowed to call this interface' },
  '10010': { code: 'invalid_request', isRefusal: true, meaning: 'the check of a file failed' },
  '10011': { code: 'invalid_request', isRefusal: true, meaning: 'a file is too large' },
  '10012': { code: 'unavailable', meaning: 'the connection was interrupted' },
  '10013': { code: 'timeout', meaning: 'the operation timed out' },
  '10014': { code: 'invalid_request', meaning: 'the quota could not be set' },
  '716020': { code: 'internal', meaning: 'a database query failed' },
  '716864': { code: 'conflict', meaning: 'the script could not be run' },
  '716865': { code: 'conflict', isRefusal: true, meaning: 'the instance could not be created' },
  '716866': { code: 'conflict', meaning: 'the instance could not be deleted' },
  '716867': { code: 'conflict', meaning: 'the instance could not be stopped' },
  '716868': { code: 'conflict', meaning: 'the instance could not be started' },
  '716870': { code: 'conflict', meaning: 'the number of instances is wrong' },
  '815005': { code: 'timeout', meaning: 'the scheduler did not answer' },
  '815007': { code: 'invalid_request', isRefusal: true, meaning: 'the scheduler refused the job' },
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

/** What an answer is read with. */
export interface Reading {
  clock: ProviderClock
  /** Texts that must not stand in the error. */
  secrets: readonly string[]
}

/** `data` of an answer. Rejects with a ProviderError unless the envelope says code "0". */
export function dataOf(response: HttpResponse, reading: Reading): Json {
  const body = jsonOf(response)
  if (codeOf(body) === '0') return isObject(body) ? (body.data ?? null) : null
  throw failureOf(response, reading)
}

/** The failure that an answer tells, whose code is known not to be "0". */
export function failureOf(response: HttpResponse, { clock, secrets }: Reading): ProviderError {
  const body = jsonOf(response)
  const code = codeOf(body)
  const waitMs = retryAfterMs(response.headers, clock)
  const details = { httpStatus: response.status, ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }) }
  if (code === undefined) {
    const words = excerpt(response.text, secrets)
    const message = `SCNet returned HTTP ${response.status} without a code: ${words}`
    return new ProviderError(codeOfBareStatus(response.status), message, details)
  }
  const row = rowOf(code)
  const said = wordsOf(body, secrets)
  const isToken = isTokenTrouble(code, said)
  const meaning = row === undefined ? '' : ` (${row.meaning})`
  const portable = isToken ? 'unauthenticated' : (row?.code ?? 'bad_response')
  return new ProviderError(portable, `SCNet returned code ${code}${meaning}: ${said}`, {
    ...details,
    providerCode: code,
  })
}

/** The vendor's code as a string, whichever type it is sent in. */
export function codeOf(body: Json | undefined): string | undefined {
  return readId(body, 'code')
}

/** What a ProviderError tells besides its code and words, to say it again in other words. */
export function detailsOf({ httpStatus, providerCode, retryAfterMs, field }: ProviderError) {
  return {
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(providerCode === undefined ? {} : { providerCode }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(field === undefined ? {} : { field }),
  }
}

/**
 * The same error, saying that the call for which something was asked first has not been made. What the vendor says of
 * that question is nothing about the call, so only what concerns the connection keeps its code.
 */
export function beforeSending(error: unknown): unknown {
  if (!(error instanceof ProviderError) || error.notSent) return error
  const code = callerCodes.has(error.code) || error.code === 'bad_response' ? error.code : 'unavailable'
  return new ProviderError(code, error.message, { ...detailsOf(error), notSent: true, cause: error })
}

/** A refusal of a create that the vendor's tables list. */
export function isDocumentedRefusal(error: ProviderError): boolean {
  return rowOf(error.providerCode)?.isRefusal === true
}

/** Refused for its token before anything was done, so that it may be sent again with another one. */
export function isRejectedToken(error: unknown): error is ProviderError {
  if (!(error instanceof ProviderError) || error.notSent) return false
  return error.code === 'unauthenticated' && error.providerCode !== undefined
}

/**
 * An answer about the object that was asked for, neither about the caller nor about the vendor's own health. What the
 * answer for an unknown id looks like is documented nowhere, so after one of these the list decides.
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

/** The gateway in front of some services has an envelope of its own: `{"code":"1001","message":"jwt token is invalid"}`. */
function isTokenTrouble(code: string, said: string): boolean {
  return code === '1001' && /token/i.test(said)
}

/** `msg`, or `message`; with 10008 the reason stands in `data`. */
export function wordsOf(body: Json | undefined, secrets: readonly string[]): string {
  const said = [readText(body, 'msg') ?? readText(body, 'message'), readText(body, 'data')]
  const known = said.filter((each) => each !== undefined)
  return known.length === 0 ? 'no message' : cleanWords(known.join(', '), secrets)
}

/** Neither shown nor known to be gone. */
export function notShown(jobId: string): ProviderError {
  return new ProviderError(
    'bad_response',
    `SCNet's lists could not be read to their end, and contain no job ${jobId} so far.`,
  )
}
