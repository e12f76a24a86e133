import { randomBytes } from 'node:crypto'
import type { Failure, ProviderResponse } from '../provider.ts'
import type { ModelartsSettings } from './wire.ts'

/** The groups of the service, each with a separate error format. */
export type ErrorFormat = 'demanager' | 'training-v1' | 'notebooks' | 'jobs' | 'iam'

/** A rejection by the service. Codes and texts: the reference's appendix "Error Codes". */
export class Rejection extends Error {
  readonly status: number
  /** Four digits, such as `6309`. */
  readonly code: string
  readonly solution: string | undefined

  constructor(status: number, code: string, message: string, solution?: string) {
    super(message)
    this.name = 'Rejection'
    this.status = status
    this.code = code
    this.solution = solution
  }
}

/** The group that serves a path. */
export function errorFormatOf(target: string): ErrorFormat {
  const [, version, , group] = target.split(/[/?]/)
  if (version === 'v3') return 'iam'
  if (version === 'v2') return 'jobs'
  if (group === 'demanager') return 'demanager'
  return group === 'training-jobs' || group === 'job' ? 'training-v1' : 'notebooks'
}

/** Formats a rejection for a group. */
export function rejectionResponse(
  { status, code, message, solution }: Rejection,
  format: ErrorFormat,
  settings: ModelartsSettings,
): ProviderResponse {
  if (format === 'iam') return iamError(status, message)
  const error_code = `ModelArts.${code}`
  if (format === 'jobs') {
    return { status, body: { error_msg: message, error_code, ...(solution && { error_solution: solution }) } }
  }
  const text = format === 'notebooks' ? { error_msg: message } : { [settings.v1ErrorField]: message }
  const isPrefixed = format === 'training-v1' || settings.errorsIn200
  const body = { ...(isPrefixed && { is_success: false }), ...text, error_code }
  return { status: settings.errorsIn200 ? 200 : status, body }
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
}

/** An error of IAM; its `code` is an integer. */
export function iamError(status: number, message: string): ProviderResponse {
  return { status, body: { error: { message, code: status, title: titles[status] ?? 'Internal Server Error' } } }
}

/** An error of the API gateway, returned before the service is reached. `code` has four digits. */
export function gatewayError(
  status: number,
  code: string,
  message: string,
  settings: ModelartsSettings,
): ProviderResponse {
  const request_id = randomBytes(16).toString('hex')
  return {
    status,
    body: { error_msg: message, error_code: `${settings.gatewayPrefix}.${code}`, request_id },
    headers: { 'x-request-id': request_id },
  }
}

/** The gateway's rejection of a caller; `detail` is a variant from its error table. */
export function notAuthenticated(detail: string, settings: ModelartsSettings): ProviderResponse {
  return gatewayError(401, '0301', `Incorrect IAM authentication information: ${detail}`, settings)
}

/** The rejection of an expired token. */
export function tokenExpired(settings: ModelartsSettings): ProviderResponse {
  if (settings.tokenErrorsFrom === 'gateway') return gatewayError(401, '0307', 'The token must be updated.', settings)
  const message = 'Invalid token header because the token has expired.'
  return { status: 401, body: { error_msg: message, error_code: 'ModelArts.0202' } }
}

/** The response to a failure outside an operation. */
export function failureResponse(failure: Failure, settings: ModelartsSettings): ProviderResponse {
  switch (failure.what) {
    case 'unknown_route':
      return gatewayError(404, '0101', 'The API does not exist or has not been published in the environment', settings)
    case 'too_large':
      return gatewayError(413, '0201', 'Request entity too large', settings)
    case 'bad_request':
      return gatewayError(400, '0201', 'Bad request', settings)
    case 'rate_limited': {
      const throttled = gatewayError(429, '0308', 'The throttling threshold has been reached', settings)
      return { ...throttled, headers: { ...throttled.headers, 'retry-after': '1' } }
    }
    case 'credentials':
      if (failure.reason === 'expired') return tokenExpired(settings)
      if (failure.reason === 'invalid') return notAuthenticated('decrypt token fail', settings)
      return gatewayError(403, '0302', 'The IAM user is not authorized to access the API', settings)
    case 'refused_in_200':
      return rejectionResponse(new Rejection(200, '0010', 'Internal error.'), 'training-v1', settings)
    case 'server_error':
      return serverError(failure.status, settings)
  }
}

function serverError(status: number, settings: ModelartsSettings): ProviderResponse {
  if (status === 502 || status === 503) return gatewayError(status, '0202', 'Backend unavailable', settings)
  if (status === 504) return gatewayError(status, '0203', 'Backend timeout', settings)
  return { status, body: { error_msg: 'Internal error.', error_code: 'ModelArts.0010' } }
}
