import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Call, Failure, ProviderResponse } from '../provider.ts'

/** A key pair of the API gateway. */
export interface NcpKeys {
  readonly accessKey: string
  readonly secretKey: string
}

/** The clock difference (5 minutes) from which a request is invalid. */
export const maxClockSkewMs = 300_000

/**
 * Verifies API Gateway signature v2: base64(HMAC-SHA256(secret, "METHOD TARGET\nTIMESTAMP\nACCESSKEY")), with the exact
 * target as sent.
 * https://api.ncloud-docs.com/docs/common-ncpapi
 *
 * @returns the owner of the key, or `null` if anything is missing, wrong or expired
 */
export function verifySignature<K extends NcpKeys>(
  call: Pick<Call, 'method' | 'target' | 'headers' | 'wallClockMs'>,
  accounts: readonly K[],
): K | null {
  const timestamp = headerOf(call, 'x-ncp-apigw-timestamp')
  const accessKey = headerOf(call, 'x-ncp-iam-access-key')
  const signature = headerOf(call, 'x-ncp-apigw-signature-v2')
  const account = accounts.find((candidate) => candidate.accessKey === accessKey)
  if (account === undefined || !/^\d{1,15}$/.test(timestamp)) return null
  if (Math.abs(call.wallClockMs - Number(timestamp)) >= maxClockSkewMs) return null
  const message = `${call.method} ${call.target}\n${timestamp}\n${accessKey}`
  const expected = createHmac('sha256', account.secretKey).update(message, 'utf8').digest('base64')
  return areEqual(signature, expected) ? account : null
}

function headerOf({ headers }: Pick<Call, 'headers'>, name: string): string {
  const value = headers[name]
  return typeof value === 'string' ? value : ''
}

function areEqual(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}

const gatewayErrors = {
  badRequest: { status: 400, errorCode: 100, message: 'Bad Request Exception' },
  authenticationFailed: { status: 401, errorCode: 200, message: 'Authentication Failed' },
  permissionDenied: { status: 401, errorCode: 210, message: 'Permission Denied' },
  forbidden: { status: 403, errorCode: 230, message: 'Forbidden' },
  notFound: { status: 404, errorCode: 300, message: 'Not Found Exception' },
  tooLarge: { status: 413, errorCode: 430, message: 'Request Entity Too Large' },
  rateLimited: { status: 429, errorCode: 420, message: 'Rate Limited' },
  unexpected: { status: 500, errorCode: 900, message: 'Unexpected Error' },
  endpointError: { status: 503, errorCode: 500, message: 'Endpoint Error' },
  endpointTimeout: { status: 504, errorCode: 510, message: 'Endpoint Timeout' },
} as const

/**
 * An error of the gateway, returned before the service is reached. Its table types `errorCode` as an integer, its
 * example shows a string: `isCodeNumeric` selects one.
 * https://api-gov.ncloud-docs.com/docs/api-call-lgc-errorhandling
 */
export function gatewayError(name: keyof typeof gatewayErrors, isCodeNumeric: boolean): ProviderResponse {
  const { status, errorCode, message } = gatewayErrors[name]
  return { status, body: { error: { errorCode: isCodeNumeric ? errorCode : String(errorCode), message } } }
}

/** The gateway's response to a failure that does not reach the service. */
export function gatewayFailure(
  failure: Exclude<Failure, { what: 'refused_in_200' }>,
  isCodeNumeric: boolean,
): ProviderResponse {
  switch (failure.what) {
    case 'unknown_route':
      return gatewayError('notFound', isCodeNumeric)
    case 'too_large':
      return gatewayError('tooLarge', isCodeNumeric)
    case 'rate_limited':
      return gatewayError('rateLimited', isCodeNumeric)
    case 'bad_request':
      return gatewayError('badRequest', isCodeNumeric)
    case 'credentials':
      return gatewayError(failure.reason === 'forbidden' ? 'permissionDenied' : 'authenticationFailed', isCodeNumeric)
    case 'server_error':
      return { ...gatewayError(serverErrorName(failure.status), isCodeNumeric), status: failure.status }
  }
}

function serverErrorName(status: number): keyof typeof gatewayErrors {
  if (status === 503) return 'endpointError'
  return status === 504 ? 'endpointTimeout' : 'unexpected'
}
