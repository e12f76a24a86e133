import type { Json } from '../../vocabulary/json.ts'
import { codeOfBareStatus } from '../kit/bare-status.ts'
import { rejectionCodes } from '../kit/create-outcome.ts'
import { isObject, readId, readObject, readText } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { cleanMessage } from '../kit/redact.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import { ProviderError, type ProviderErrorCode, type ProviderErrorDetails } from '../provider-error.ts'
import type { HttpResponse, ProviderClock } from '../session.ts'
import { meaningOf } from './error-codes.ts'

/** A response that reports a failure. */
export interface Failure {
  error: ProviderError
  /** The vendor documents that nothing was executed with this response. */
  isRejection: boolean
}

interface ErrorContext {
  clock: ProviderClock
  /** Texts to remove from the error. */
  secrets: readonly string[]
}

/** Five rejected signatures in a row lock an access key for this long. */
const keyLockMs = 300_000

/**
 * The failure that a response of ModelArts or its gateway reports; null for a success. Errors have four formats; an
 * older service also fails with HTTP 200 and `is_success: false`.
 */
export function failureOf(response: HttpResponse, { clock, secrets }: ErrorContext): Failure | null {
  const body = jsonOf(response)
  const isOk = response.status >= 200 && response.status < 300
  if (isOk && !reportsFailure(body)) return null
  const vendorError = vendorErrorOf(body)
  const meaning = vendorError.code === undefined ? undefined : meaningOf(vendorError.code)
  const code = meaning ?? codeOfStatus(response.status, vendorError)
  const providerMessage = messageOf(response, vendorError, secrets)
  const message = `ModelArts returned HTTP ${response.status} ${vendorError.code ?? '(no code)'}: ${providerMessage}`
  const error = new ProviderError(code, message, {
    ...detailsOf(response, clock, vendorError),
    ...fieldOf(vendorError, code),
  })
  // A documented code with 5xx contradicts itself. 429 is documented for every call, whatever the code.
  const isListed = (meaning !== undefined && response.status < 500) || response.status === 429
  return { error, isRejection: isListed && rejectionCodes.has(code) }
}

/**
 * The failure that IAM reports for a token request.
 * Shapes: `{error: {message, code, title}}` and `{error_msg, error_code}`.
 */
export function tokenFailure(response: HttpResponse, { clock, secrets }: ErrorContext): ProviderError {
  const vendorError = vendorErrorOf(jsonOf(response))
  const providerMessage = messageOf(response, vendorError, secrets)
  const isRejected = [400, 401, 403, 404].includes(response.status)
  const code = isRejected ? 'unauthenticated' : codeOfStatus(response.status, vendorError)
  return new ProviderError(code, `IAM issued no token, HTTP ${response.status}: ${providerMessage}`, {
    ...detailsOf(response, clock, vendorError),
    ...(isRejected ? { field: loginFieldOf(providerMessage) } : {}),
    // The call that needs the token was not sent.
    notSent: true,
  })
}

function messageOf({ text }: HttpResponse, { message }: VendorError, secrets: readonly string[]): string {
  return message === undefined ? excerpt(text, secrets) : cleanMessage(message, secrets)
}

function detailsOf(response: HttpResponse, clock: ProviderClock, vendorError: VendorError): ProviderErrorDetails {
  return {
    httpStatus: response.status,
    providerCode: vendorError.code,
    retryAfterMs: retryAfterMs(response.headers, clock) ?? lockMs(vendorError),
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

interface VendorError {
  code?: string
  message?: string
}

function vendorErrorOf(body: Json | undefined): VendorError {
  const inner = readObject(body, 'error')
  const code = readId(body, 'error_code') ?? readId(inner, 'code')
  const message = readText(body, 'error_msg') ?? readText(body, 'error_message') ?? readText(inner, 'message')
  return { ...(code === undefined ? {} : { code }), ...(message === undefined ? {} : { message }) }
}

/** An instance also has an `error_code`, which is not a failure of the call; an error has a code with a message. */
function reportsFailure(body: Json | undefined): boolean {
  if (!isObject(body)) return false
  const vendorError = vendorErrorOf(body)
  return (
    body.is_success === false ||
    (vendorError.code !== undefined && vendorError.message !== undefined && body.id === undefined)
  )
}

/** The invalid setting or credential, as precisely as the vendor reports it. */
function fieldOf({ code = '', message = '' }: VendorError, meaning: ProviderErrorCode): { field?: string } {
  if (code === 'ModelArts.0102') return { field: 'settings.workspaceId' }
  if (/^APIGW?\.0101$/.test(code)) return { field: 'settings.baseUrl' }
  if (meaning !== 'unauthenticated') return {}
  if (wrongProject.includes(code)) return { field: 'settings.projectId' }
  if (/^APIGW?\.0307$/.test(code)) return { field: 'settings.region' }
  const [, field] = keyMessages.find(([pattern]) => pattern.test(message)) ?? []
  return field === undefined ? {} : { field }
}

/** The gateway has one code (.0301) for every problem with a signature; the message is more specific. */
const keyMessages: readonly (readonly [RegExp, string])[] = [
  [/signature expired/i, 'clock'],
  [/secretkey failed|reach the limit/i, 'credentials.accessKey'],
  [/aksk|AK\/SK/i, 'credentials.secretKey'],
]

function lockMs({ code = '', message = '' }: VendorError): number | undefined {
  const isKey = /^APIGW?\.0301$/.test(code) && /aksk|secretkey|AK access|signature/i.test(message)
  return isKey || (code === 'ModelArts.0206' && /AK\/SK/i.test(message)) ? keyLockMs : undefined
}

/** IAM does not report which of user, password and account is wrong, but names what it cannot find. */
function loginFieldOf(message: string): string {
  if (/project/i.test(message)) return 'settings.projectId'
  return /domain/i.test(message) ? 'credentials.domainName' : 'credentials.password'
}

/** The meaning of a status with an undocumented code. */
const codesByStatus: Readonly<Record<number, ProviderErrorCode>> = {
  400: 'invalid_request',
  405: 'unsupported',
  413: 'invalid_request',
  414: 'invalid_request',
}

function codeOfStatus(status: number, vendorError: VendorError): ProviderErrorCode {
  return (vendorError.code === undefined ? undefined : codesByStatus[status]) ?? codeOfBareStatus(status)
}
