import type { Json } from '../../vocabulary/json.ts'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { isObject, readList, readNumber, readText } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { cleanMessage } from '../kit/redact.ts'
import { ProviderError, type ProviderErrorCode } from '../provider-error.ts'
import type { HttpResponse } from '../session.ts'

interface CodeRow {
  code: ProviderErrorCode
  /** Returned for a submit, it means that no job was created. Tested individually on Slurm 22.05.8. */
  isRejection?: true
}

/**
 * Slurm's error numbers. Source: `slurm/slurm_errno.h`; numbers below 2100 are unchanged since 22.05. An unlisted
 * number from the controller is a `conflict` for a submit: the submit was rejected, but may have left a record (2014
 * leaves one in FAILED), so the engine searches before it fails the job.
 */
const rows: Readonly<Record<string, CodeRow>> = {
  '2000': { code: 'invalid_request', isRejection: true }, // unknown partition
  '2002': { code: 'permission_denied' },
  '2017': { code: 'not_found' },
  '2021': { code: 'conflict' }, // already ended
  '2029': { code: 'invalid_request', isRejection: true }, // unknown feature
  '2048': { code: 'invalid_request', isRejection: true }, // unknown license
  '2053': { code: 'invalid_request', isRejection: true }, // unknown reservation
  '2054': { code: 'invalid_request', isRejection: true }, // invalid time
  '2123': { code: 'invalid_request', isRejection: true }, // a negative `nice`, which is for operators
  '2127': { code: 'invalid_request', isRejection: true }, // no environment
  '9000': { code: 'invalid_request', isRejection: true },
  '9001': { code: 'invalid_request', isRejection: true }, // malformed request
  '9002': { code: 'invalid_request', isRejection: true },
}

/** "No such job", the only conclusive number. */
export const noSuchJob = '2017'
/** "The job has ended", in response to a cancel. */
export const alreadyDone = '2021'
/** The controller closed the connection: it rejects the token, or is stopping. */
export const zeroBytes = '5005'

export interface ErrorContext {
  /** The token had expired when the response arrived. */
  isExpired: boolean
  literals: readonly string[]
}

/** The body of a response without errors, or a ProviderError. A submit may have both; the job id then decides. */
export function bodyOf(response: HttpResponse, context: ErrorContext): Json {
  const body = jsonOf(response)
  const isGood = response.status >= 200 && response.status < 300 && isObject(body)
  if (isGood && 'errors' in body && readList(body, 'errors').length === 0) return body
  throw failureOf(response, context)
}

/** The failure that a response reports. */
export function failureOf(response: HttpResponse, context: ErrorContext): ProviderError {
  const body = jsonOf(response)
  const errors = readList(body, 'errors')
  if (errors.length === 0) return bareFailure(response, context)
  const code = codeAmong(errors)
  const providerMessage = cleanMessage(messageOf(errors), context.literals)
  if (code === undefined || isUnreachable(code)) return unreachable(response, { code, providerMessage, ...context })
  const portable = rows[code]?.code ?? (isOfController(code) ? 'conflict' : 'bad_response')
  return new ProviderError(portable, `Slurm returned error ${code}: ${providerMessage}`, {
    httpStatus: response.status,
    providerCode: code,
  })
}

/** A rejected submit: no job was created, or the code makes the engine search. */
export function isRejectedSubmit({ providerCode, httpStatus, code }: ProviderError): boolean {
  if (providerCode === unservedPath || providerCode === unauthenticatedText) return true
  if (httpStatus === undefined || httpStatus < 400 || providerCode === undefined) return false
  return rows[providerCode]?.isRejection === true || (code === 'conflict' && isOfController(providerCode))
}

/** Messages of slurmrestd without a number. Measured: both precede any call to the controller. */
const unservedPath = 'unserved_path'
const unauthenticatedText = 'authentication_failure'

/** slurmrestd's rejections are plain text; any other body without `errors` comes from an intermediary. */
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
  const providerMessage = excerpt(text, context.literals)
  return new ProviderError(codeOfBareStatus(status), `HTTP ${status} without a Slurm error: ${providerMessage}`, {
    httpStatus: status,
    ...(isAuthentication ? { providerCode: unauthenticatedText, field: 'credentials' } : {}),
  })
}

/**
 * The controller is down or rejects the token: both return -1 with HTTP 500 for a read. An expired token explains it;
 * otherwise the message names both causes.
 */
function unreachable(
  { status }: HttpResponse,
  { code = '-1', providerMessage, isExpired }: ErrorContext & { code: string | undefined; providerMessage: string },
): ProviderError {
  const details = { httpStatus: status, providerCode: code }
  if (isExpired) {
    const detail = `The token has expired. Update the connection with a new one. Slurm returned error ${code}: ${providerMessage}`
    return new ProviderError('unauthenticated', detail, { ...details, field: 'credentials.token' })
  }
  const why = 'The controller is unreachable or rejects the token'
  return new ProviderError('unavailable', `${why}. Slurm returned error ${code}: ${providerMessage}`, details)
}

/** Errors between slurmrestd and the controller: -1, 1000 to 1999, 5003 to 5005, and those of `auth`. */
function isUnreachable(code: string): boolean {
  const number = Number(code)
  return number < 0 || (number >= 1000 && number < 2000) || (number >= 5000 && number < 7000)
}

/** Error numbers that the controller itself returns. */
function isOfController(code: string): boolean {
  return Number(code) >= 2000 && Number(code) < 3000
}

/** `error_code` in a submit, `error_number` elsewhere. Parsers put a -1 before the more specific number. */
function codeAmong(errors: readonly Json[]): string | undefined {
  const numbers = errors.flatMap((each) => readNumber(each, 'error_code') ?? readNumber(each, 'error_number') ?? [])
  const code = numbers.find((number) => number > 0) ?? numbers[0]
  return code === undefined ? undefined : String(code)
}

function messageOf(errors: readonly Json[]): string {
  const words = errors.flatMap((each) => [readText(each, 'error') ?? [], readText(each, 'description') ?? []].flat())
  return words.length === 0 ? 'no message' : [...new Set(words)].join('; ')
}
