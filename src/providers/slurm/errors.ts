import type { Json } from '../../vocabulary/json.ts'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { isObject, readList, readNumber, readText } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { cleanWords } from '../kit/redact.ts'
import type { HttpResponse } from '../provider.ts'
import { ProviderError, type ProviderErrorCode } from '../provider-error.ts'

interface CodeRow {
  code: ProviderErrorCode
  /** Answered to a submit, no job comes of it. Tried on Slurm 22.05.8, one by one. */
  isRefusal?: true
}

/**
 * Slurm's error numbers. Source: `slurm/slurm_errno.h`, whose numbers below 2100 are the same since 22.05.
 * A number of the controller's that is not listed is a `conflict` for a submit: the answer says that it was turned down,
 * but a turned down job may have a record (2014 leaves one in FAILED), so the engine looks for it before it gives up.
 */
const rows: Readonly<Record<string, CodeRow>> = {
  '2000': { code: 'invalid_request', isRefusal: true }, // no such partition
  '2002': { code: 'permission_denied' },
  '2017': { code: 'not_found' },
  '2021': { code: 'conflict' }, // it has ended already
  '2029': { code: 'invalid_request', isRefusal: true }, // no such feature
  '2048': { code: 'invalid_request', isRefusal: true }, // no such license
  '2053': { code: 'invalid_request', isRefusal: true }, // no such reservation
  '2054': { code: 'invalid_request', isRefusal: true }, // a time that cannot be read
  '2123': { code: 'invalid_request', isRefusal: true }, // a negative `nice`, which is for operators
  '2127': { code: 'invalid_request', isRefusal: true }, // no environment
  '9000': { code: 'invalid_request', isRefusal: true },
  '9001': { code: 'invalid_request', isRefusal: true }, // slurmrestd could not read the request
  '9002': { code: 'invalid_request', isRefusal: true },
}

/** "No such job", the only answer that says so. */
export const noSuchJob = '2017'
/** "The job has ended", to a cancel. */
export const alreadyDone = '2021'
/** The controller hung up: on a token that it rejects, or because it is stopping. */
export const zeroBytes = '5005'

export interface ErrorContext {
  /** The token of the call had expired when the answer came. */
  isExpired: boolean
  literals: readonly string[]
}

/** The body of an answer that tells no error, or a ProviderError. A submit may have both: there the job id decides. */
export function bodyOf(response: HttpResponse, context: ErrorContext): Json {
  const body = jsonOf(response)
  const isGood = response.status >= 200 && response.status < 300 && isObject(body)
  if (isGood && 'errors' in body && readList(body, 'errors').length === 0) return body
  throw failureOf(response, context)
}

/** What an answer that is no success says. */
export function failureOf(response: HttpResponse, context: ErrorContext): ProviderError {
  const body = jsonOf(response)
  const errors = readList(body, 'errors')
  if (errors.length === 0) return bareFailure(response, context)
  const code = codeAmong(errors)
  const said = cleanWords(wordsOf(errors), context.literals)
  if (code === undefined || isUnreachable(code)) return unreachable(response, { code, said, ...context })
  const portable = rows[code]?.code ?? (isOfController(code) ? 'conflict' : 'bad_response')
  return new ProviderError(portable, `Slurm returned error ${code}: ${said}`, {
    httpStatus: response.status,
    providerCode: code,
  })
}

/** A refusal of a submit of which it is known that no job comes, or that makes the engine look. */
export function isRefusedSubmit({ providerCode, httpStatus, code }: ProviderError): boolean {
  if (providerCode === unservedPath || providerCode === unauthenticatedText) return true
  if (httpStatus === undefined || httpStatus < 400 || providerCode === undefined) return false
  return rows[providerCode]?.isRefusal === true || (code === 'conflict' && isOfController(providerCode))
}

/** Words of slurmrestd itself, without a number. Measured: both come before anything is asked of the controller. */
const unservedPath = 'unserved_path'
const unauthenticatedText = 'authentication_failure'

/** slurmrestd's own refusals are plain text; anything else without `errors` is somebody in between. */
function bareFailure({ status, text }: HttpResponse, context: ErrorContext): ProviderError {
  if (status === 404 && text.startsWith('Unable find requested URL')) {
    const detail = 'slurmrestd does not serve this path: its REST plugin is of another version than `settings.version`.'
    return new ProviderError('unsupported', detail, {
      httpStatus: status,
      providerCode: unservedPath,
      field: 'settings.version',
    })
  }
  const isAuthentication = status === 401 && text.startsWith('Authentication failure')
  const said = excerpt(text, context.literals)
  return new ProviderError(codeOfBareStatus(status), `HTTP ${status} without a Slurm error: ${said}`, {
    httpStatus: status,
    ...(isAuthentication ? { providerCode: unauthenticatedText, field: 'credentials' } : {}),
  })
}

/**
 * The controller is down, or takes the token for none of its own: the same answer to a read, -1 with HTTP 500. A token
 * that has expired explains it; where it has not, both are said.
 */
function unreachable(
  { status }: HttpResponse,
  { code = '-1', said, isExpired }: ErrorContext & { code: string | undefined; said: string },
): ProviderError {
  const details = { httpStatus: status, providerCode: code }
  if (isExpired) {
    const detail = `The token has expired. Update the connection with a new one. Slurm returned error ${code}: ${said}`
    return new ProviderError('unauthenticated', detail, { ...details, field: 'credentials.token' })
  }
  const why = 'The controller is unreachable or rejects the token'
  return new ProviderError('unavailable', `${why}. Slurm returned error ${code}: ${said}`, details)
}

/** Numbers of the way between slurmrestd and the controller: -1, 1000 to 1999, 5003 to 5005, and those of `auth`. */
function isUnreachable(code: string): boolean {
  const number = Number(code)
  return number < 0 || (number >= 1000 && number < 2000) || (number >= 5000 && number < 7000)
}

/** Numbers by which the controller itself answers. */
function isOfController(code: string): boolean {
  return Number(code) >= 2000 && Number(code) < 3000
}

/** `error_code` in a submit, `error_number` elsewhere. Parsers put a -1 before the number that says more. */
function codeAmong(errors: readonly Json[]): string | undefined {
  const numbers = errors.flatMap((each) => readNumber(each, 'error_code') ?? readNumber(each, 'error_number') ?? [])
  const code = numbers.find((number) => number > 0) ?? numbers[0]
  return code === undefined ? undefined : String(code)
}

function wordsOf(errors: readonly Json[]): string {
  const words = errors.flatMap((each) => [readText(each, 'error') ?? [], readText(each, 'description') ?? []].flat())
  return words.length === 0 ? 'no message' : [...new Set(words)].join('; ')
}
