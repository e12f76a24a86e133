import { codeOfBareStatus } from '../../kit/bare-status.ts'
import { readId, readObject, readText } from '../../kit/fields.ts'
import { jsonOf } from '../../kit/json.ts'
import { cleanMessage } from '../../kit/redact.ts'
import { retryAfterMs } from '../../kit/retry-after.ts'
import { ProviderError, type ProviderErrorCode, type ProviderErrorDetails } from '../../provider-error.ts'
import type { HttpResponse, ProviderClock } from '../../session.ts'

/** A response that reports a failure. */
export interface Failure {
  error: ProviderError
  /** The vendor documents that nothing was executed with this response. */
  isRejection: boolean
}

interface GatewayRow {
  code: ProviderErrorCode
  isRejection: boolean
  hint?: string
  field?: string
}

const skewToleranceMs = 300_000

/**
 * The gateway's errors by `<HTTP status>/<errorCode>`. The two numbers are unrelated: errorCode 400 has HTTP 429, 500
 * has 503, 200 has 401. Those marked as rejections are returned before the service is reached.
 * Source: https://api-gov.ncloud-docs.com/docs/api-call-lgc-errorhandling
 */
const gatewayRows: Readonly<Record<string, GatewayRow>> = {
  '400/100': { code: 'invalid_request', isRejection: true },
  '401/200': {
    code: 'unauthenticated',
    isRejection: true,
    field: 'credentials',
    hint: 'The gateway does not report which of accessKey, secretKey and clock is wrong.',
  },
  '401/210': {
    code: 'permission_denied',
    isRejection: true,
    field: 'credentials.accessKey',
    hint: 'The key is valid, but the product is not subscribed or a policy of the account forbids the call.',
  },
  '403/230': { code: 'permission_denied', isRejection: true, field: 'credentials.accessKey' },
  '404/300': {
    code: 'unsupported',
    isRejection: true,
    field: 'settings.baseUrl',
    hint: 'The gateway has no such route: the base URL is wrong, or the product no longer supports this operation.',
  },
  '413/430': { code: 'invalid_request', isRejection: true },
  '429/400': { code: 'quota_exceeded', isRejection: true },
  '429/410': { code: 'rate_limited', isRejection: true },
  '429/420': { code: 'rate_limited', isRejection: true },
  '500/900': { code: 'unavailable', isRejection: false },
  '503/500': { code: 'unavailable', isRejection: false },
  '504/510': { code: 'timeout', isRejection: false },
}

/** Context for reading a response. */
export interface ErrorContext {
  clock: ProviderClock
  /** Texts to remove from the error. */
  secrets: readonly string[]
}

/** The failure in a response with the gateway's envelope `{error: {errorCode, message}}`; null for any other body. */
export function gatewayFailure(response: HttpResponse, { clock, secrets }: ErrorContext): Failure | null {
  const envelope = readObject(jsonOf(response), 'error')
  const errorCode = readId(envelope, 'errorCode')
  if (errorCode === undefined) return null
  const row = gatewayRows[`${response.status}/${errorCode}`]
  const providerMessage = readText(envelope, 'message') ?? 'no message'
  const text = `The gateway returned HTTP ${response.status}, errorCode ${errorCode}: ${cleanMessage(providerMessage, secrets)}.`
  if (row === undefined) {
    const code = codeOfBareStatus(response.status)
    return { error: failureOf(response, clock, { code, text, providerCode: errorCode }), isRejection: false }
  }
  const isClock = errorCode === '200' && isClockSkewed(response, clock)
  const hint = isClock ? "The clock of this machine differs from the gateway's by 5 minutes or more." : row.hint
  const message = hint === undefined ? text : `${text} ${hint}`
  const error = failureOf(response, clock, {
    code: row.code,
    text: message,
    providerCode: errorCode,
    field: isClock ? 'clock' : row.field,
  })
  return { error, isRejection: row.isRejection }
}

function failureOf(
  response: HttpResponse,
  clock: ProviderClock,
  { code, text, ...more }: { code: ProviderErrorCode; text: string } & ProviderErrorDetails,
): ProviderError {
  const waitMs = retryAfterMs(response.headers, clock)
  return new ProviderError(code, text, { httpStatus: response.status, retryAfterMs: waitMs, ...more })
}

function isClockSkewed(response: HttpResponse, clock: ProviderClock): boolean {
  const { date } = response.headers
  if (typeof date !== 'string') return false
  return Math.abs(Date.parse(date) - clock.now().getTime()) >= skewToleranceMs
}
