import type { Json } from '../../vocabulary/json.ts'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { isObject, readList, readNumber, readText } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { cleanMessage } from '../kit/redact.ts'
import { ProviderError, type ProviderErrorCode } from '../provider-error.ts'
import type { HttpResponse } from '../session.ts'

interface CodeRow {
  code: ProviderErrorCode
  /** Returned for a submit, it means that no job was created. Tested individually on Slurm 22.05.8 or 24.11.5 and 26.05.5. */
  isRejection?: true
}

/**
 * Slurm's error numbers. Source: `slurm/slurm_errno.h`; numbers below 2100 are unchanged since 22.05. An unlisted
 * number from the controller is a `conflict` for a submit: the submit was rejected, but may have left a record (2014
 * leaves one in FAILED), so the engine searches before it fails the job.
 */
const rows: Readonly<Record<string, CodeRow>> = {
  '1': { code: 'unavailable' }, // "Operation not permitted": see `cancel.ts`
  '1007': { code: 'unauthenticated', isRejection: true }, // the controller checks the token before it reads the request
  '2000': { code: 'invalid_request', isRejection: true }, // unknown partition
  '2002': { code: 'permission_denied' },
  '2017': { code: 'not_found' },
  '2021': { code: 'conflict' }, // already ended
  '2029': { code: 'invalid_request', isRejection: true }, // unknown feature
  '2048': { code: 'invalid_request', isRejection: true }, // unknown license
  '2053': { code: 'invalid_request', isRejection: true }, // unknown reservation
  '2054': { code: 'invalid_request', isRejection: true }, // invalid time
  '2072': { code: 'invalid_request', isRejection: true }, // unknown generic resource
  '2115': { code: 'invalid_request', isRejection: true }, // malformed TRES
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
/** The controller closed the connection: it rejects the token, or is stopping. Up to v0.0.38. */
export const zeroBytes = '5005'
/** In response to a cancel: the controller is down, or the job belongs to another user. */
export const notPermitted = '1'
/** The controller rejects the token. From v0.0.40 on. */
const tokenRejected = '1007'

export interface ErrorContext {
  /** The token had expired when the response arrived. */
  isExpired: boolean
  /** The credential in use: `credentials.token`. */
  credential: string
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
  if (code === tokenRejected && !context.isExpired) return rejectedToken(response, { providerMessage, ...context })
  if (code === undefined || isUnreachable(code)) return unreachable(response, { code, providerMessage, ...context })
  return failureOfCode(code, providerMessage, response.status)
}

/** The failure that one of Slurm's error numbers means. `message` contains no secrets. */
export function failureOfCode(code: string, message: string, httpStatus: number): ProviderError {
  const portable = rows[code]?.code ?? (isOfController(code) ? 'conflict' : 'bad_response')
  return new ProviderError(portable, `Slurm returned error ${code}: ${message}`, { httpStatus, providerCode: code })
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

/** Whether slurmrestd does not serve the path, so that nothing was passed to the controller. */
export function isUnserved(error: unknown): boolean {
  return error instanceof ProviderError && error.providerCode === unservedPath
}

/** slurmrestd's rejections are plain text; any other body without `errors` comes from an intermediary. */
function bareFailure({ status, text }: HttpResponse, context: ErrorContext): ProviderError {
  if (status === 404 && /^Unable (to )?find requested URL/.test(text)) {
    const detail =
      'slurmrestd does not serve this version of its REST API. Verify the connection; if it has `settings.version`, set one that is served.'
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

function rejectedToken(
  { status }: HttpResponse,
  { providerMessage, credential }: ErrorContext & { providerMessage: string },
): ProviderError {
  const why = "Slurm's controller rejects the token: expired, different key, different user, or unknown user"
  return new ProviderError('unauthenticated', `${why}. Slurm returned error ${tokenRejected}: ${providerMessage}`, {
    httpStatus: status,
    providerCode: tokenRejected,
    field: credential,
  })
}

/**
 * The controller is down or rejects the token: up to v0.0.38 both return -1 with HTTP 500 for a read. An expired token
 * explains it; otherwise the message names both causes.
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

/** `error_code` in a submit up to v0.0.38, `error_number` elsewhere. Parsers put a -1 before the more specific number. */
function codeAmong(errors: readonly Json[]): string | undefined {
  const numbers = errors.flatMap((each) => readNumber(each, 'error_code') ?? readNumber(each, 'error_number') ?? [])
  const code = numbers.find((number) => number > 0) ?? numbers[0]
  return code === undefined ? undefined : String(code)
}

function messageOf(errors: readonly Json[]): string {
  const messages = errors.flatMap((each) => [readText(each, 'error') ?? [], readText(each, 'description') ?? []].flat())
  return messages.length === 0 ? 'no message' : [...new Set(messages)].join('; ')
}
