import { codeOfBareStatus } from '../kit/bare-status.ts'
import { excerpt } from '../kit/json.ts'
import { cleanMessage } from '../kit/redact.ts'
import { retryAfterMs } from '../kit/retry-after.ts'
import { ProviderError } from '../provider-error.ts'
import type { HttpResponse, ProviderClock } from '../session.ts'

/**
 * Ray has no error codes: a failure is plain text, a sentence or a Python traceback. These texts are
 * conclusive, as measured on 2.60.0; every other text is not.
 */
export const knownErrors = {
  /** The Jobs API's 404 for a job. */
  noSuchJob: 'no_such_job',
  /** The parser's 400, returned before anything is executed. */
  invalidRequest: 'invalid_request',
  /** A submit with the id of an existing job in any state: HTTP 500 with a traceback. */
  alreadyExists: 'already_exists',
  /** The token is missing, or belongs to another cluster. */
  unauthenticated: 'unauthenticated',
} as const

export interface ErrorContext {
  clock: ProviderClock
  secrets: readonly string[]
}

/** The failure that a response reports. */
export function failureOf(response: HttpResponse, { clock, secrets }: ErrorContext): ProviderError {
  const { status, text } = response
  const details = { httpStatus: status, retryAfterMs: retryAfterMs(response.headers, clock) }
  if (isRejectedToken(response)) {
    const message = `Ray returned HTTP ${status}: ${excerpt(text, secrets)}`
    const providerCode = knownErrors.unauthenticated
    return new ProviderError('unauthenticated', message, { ...details, providerCode, field: 'credentials.token' })
  }
  if (status === 404 && /^Job \S+ does not exist$/.test(text.trim())) {
    const message = `Ray returned HTTP 404: ${excerpt(text, secrets)}`
    return new ProviderError('not_found', message, { ...details, providerCode: knownErrors.noSuchJob })
  }
  const lastLine = lastLineOf(text)
  if (lastLine === undefined) {
    const message = `HTTP ${status} without an error of Ray: ${excerpt(text, secrets)}`
    return new ProviderError(codeOfBareStatus(status), message, details)
  }
  const message = `Ray returned HTTP ${status}: ${cleanMessage(lastLine, secrets)}`
  if (status === 400 && text.includes('in validate_request_type')) {
    return new ProviderError('invalid_request', message, { ...details, providerCode: knownErrors.invalidRequest })
  }
  const isTaken = status === 500 && /Job with submission_id \S+ already exists\./.test(lastLine)
  const providerCode = isTaken ? knownErrors.alreadyExists : lastLine.split(':')[0]
  return new ProviderError(isTaken ? 'conflict' : codeOfBareStatus(status), message, { ...details, providerCode })
}

/** 403 with any other text is a proxy's. */
function isRejectedToken({ status, text }: HttpResponse): boolean {
  if (status === 401) return text.startsWith('Unauthorized: ')
  return status === 403 && text.startsWith('Forbidden: Invalid authentication token')
}

/** The exception of a traceback, its last line: `ValueError: …`. The rest shows paths and source of the head. */
export function lastLineOf(text: string): string | undefined {
  if (!text.startsWith('Traceback (most recent call last):')) return undefined
  return text.split('\n').findLast((line) => /^[A-Za-z_][\w.]*: ./.test(line))
}

/** Whether a response to a create means that nothing was created. */
export function isRejection({ providerCode }: ProviderError): boolean {
  return providerCode === knownErrors.invalidRequest || providerCode === knownErrors.unauthenticated
}

export function hasProviderCode(error: unknown, providerCode: string): error is ProviderError {
  return error instanceof ProviderError && error.providerCode === providerCode
}

/** The values of the variables in a request or a record, which no error may repeat. */
export function variablesIn(runtimeEnv: { readonly env_vars?: unknown } | undefined): readonly string[] {
  const variables = runtimeEnv?.env_vars
  if (typeof variables !== 'object' || variables === null) return []
  return Object.values(variables).filter((value) => typeof value === 'string')
}
