import type { Json } from '../../vocabulary/json.ts'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { isObject, readId, readObject, readText } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { cleanWords } from '../kit/redact.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import type { HttpResponse, ProviderClock } from '../provider.ts'
import { ProviderError, type ProviderErrorCode, type ProviderErrorDetails } from '../provider-error.ts'
import { meaningOf } from './error-codes.ts'

/** A response that reports a failure. */
export interface Failure {
  error: ProviderError
  /** The vendor documents that nothing was executed with this response. */
  isRefusal: boolean
}

interface Reading {
  clock: ProviderClock
  /** Texts to remove from the error. */
  secrets: readonly string[]
}

/** Five rejected signatures in a row lock an access key for this long. */
const keyLockMs = 300_000

const refusals: ReadonlySet<ProviderErrorCode> = new Set([
  'invalid_request',
  'unauthenticated',
  'permission_denied',
  'not_found',
  'conflict',
  'unsupported',
  'quota_exceeded',
  'no_capacity',
  'rate_limited',
])

/**
 * The failure that a response of ModelArts or its gateway reports; null for a success. Errors have four formats; an
 * older service also fails with HTTP 200 and `is_success: false`.
 */
export function failureOf(response: HttpResponse, { clock, secrets }: Reading): Failure | null {
  const body = jsonOf(response)
  const isOk = response.status >= 200 && response.status < 300
  if (isOk && !saysNo(body)) return null
  const said = sayingOf(body)
  const meaning = said.code === undefined ? undefined : meaningOf(said.code)
  const code = meaning ?? codeOfStatus(response.status, said)
  const words = wordsOf(response, said, secrets)
  const message = `ModelArts returned HTTP ${response.status} ${said.code ?? '(no code)'}: ${words}`
  const error = new ProviderError(code, message, {
    ...detailsOf(response, clock, said),
    ...fieldOf(said, code),
  })
  // A documented code with 5xx contradicts itself. 429 is documented for every call, whatever the code.
  const isListed = (meaning !== undefined && response.status < 500) || response.status === 429
  return { error, isRefusal: isListed && refusals.has(code) }
}

/**
 * The failure that IAM reports for a token request.
 * Shapes: `{error: {message, code, title}}` and `{error_msg, error_code}`.
 */
export function tokenFailure(response: HttpResponse, { clock, secrets }: Reading): ProviderError {
  const said = sayingOf(jsonOf(response))
  const words = wordsOf(response, said, secrets)
  const isRejected = [400, 401, 403, 404].includes(response.status)
  const code = isRejected ? 'unauthenticated' : codeOfStatus(response.status, said)
  return new ProviderError(code, `IAM issued no token, HTTP ${response.status}: ${words}`, {
    ...detailsOf(response, clock, said),
    ...(isRejected ? { field: loginFieldOf(words) } : {}),
    // The call that needs the token was not sent.
    notSent: true,
  })
}

function wordsOf({ text }: HttpResponse, { message }: Saying, secrets: readonly string[]): string {
  return message === undefined ? excerpt(text, secrets) : cleanWords(message, secrets)
}

function detailsOf(response: HttpResponse, clock: ProviderClock, said: Saying): ProviderErrorDetails {
  const waitMs = retryAfterMs(response.headers, clock) ?? lockMs(said)
  return {
    httpStatus: response.status,
    ...(said.code === undefined ? {} : { providerCode: said.code }),
    ...(waitMs === undefined ? {} : { retryAfterMs: waitMs }),
  }
}

export function isOneOf(error: unknown, vendorCodes: readonly string[]): error is ProviderError {
  return error instanceof ProviderError && error.providerCode !== undefined && vendorCodes.includes(error.providerCode)
}

/** Codes with 401 for which a new token would also be rejected. */
const wrongProject = ['ModelArts.0204', 'ModelArts.0207', 'ModelArts.0210', 'ModelArts.0212', 'ModelArts.2786']

/** The token was rejected before execution, so another one may be used. */
export function isTokenRejected(error: unknown): boolean {
  return error instanceof ProviderError && error.code === 'unauthenticated' && !isOneOf(error, wrongProject)
}

interface Saying {
  code?: string
  message?: string
}

function sayingOf(body: Json | undefined): Saying {
  const inner = readObject(body, 'error')
  const code = readId(body, 'error_code') ?? readId(inner, 'code')
  const message = readText(body, 'error_msg') ?? readText(body, 'error_message') ?? readText(inner, 'message')
  return { ...(code === undefined ? {} : { code }), ...(message === undefined ? {} : { message }) }
}

/** An instance also has an `error_code`, which is not a failure of the call; an error has a code with a message. */
function saysNo(body: Json | undefined): boolean {
  if (!isObject(body)) return false
  const said = sayingOf(body)
  return body.is_success === false || (said.code !== undefined && said.message !== undefined && body.id === undefined)
}

/** The invalid setting or credential, as precisely as the vendor reports it. */
function fieldOf({ code = '', message = '' }: Saying, meaning: ProviderErrorCode): { field?: string } {
  if (code === 'ModelArts.0102') return { field: 'settings.workspaceId' }
  if (/^APIGW?\.0101$/.test(code)) return { field: 'settings.baseUrl' }
  if (meaning !== 'unauthenticated') return {}
  if (wrongProject.includes(code)) return { field: 'settings.projectId' }
  if (/^APIGW?\.0307$/.test(code)) return { field: 'settings.region' }
  const [, field] = keyWords.find(([words]) => words.test(message)) ?? []
  return field === undefined ? {} : { field }
}

/** The gateway has one code (.0301) for every problem with a signature; the message is more specific. */
const keyWords: readonly (readonly [RegExp, string])[] = [
  [/signature expired/i, 'clock'],
  [/secretkey failed|reach the limit/i, 'credentials.accessKey'],
  [/aksk|AK\/SK/i, 'credentials.secretKey'],
]

function lockMs({ code = '', message = '' }: Saying): number | undefined {
  const isKey = /^APIGW?\.0301$/.test(code) && /aksk|secretkey|AK access|signature/i.test(message)
  return isKey || (code === 'ModelArts.0206' && /AK\/SK/i.test(message)) ? keyLockMs : undefined
}

/** IAM does not report which of user, password and account is wrong, but names what it cannot find. */
function loginFieldOf(message: string): string {
  if (/project/i.test(message)) return 'settings.projectId'
  return /domain/i.test(message) ? 'credentials.domainName' : 'credentials.password'
}

/** The meaning of a status with an undocumented code. */
const saidStatuses: Readonly<Record<number, ProviderErrorCode>> = {
  400: 'invalid_request',
  405: 'unsupported',
  413: 'invalid_request',
  414: 'invalid_request',
}

function codeOfStatus(status: number, said: Saying): ProviderErrorCode {
  return (said.code === undefined ? undefined : saidStatuses[status]) ?? codeOfBareStatus(status)
}
