import type { EndedCall } from '../providers/ended-call.ts'
import { codeOf, ProviderError } from '../providers/provider-error.ts'
import { hideInError, makeHide } from '../secrets/redact-secrets.ts'

/** The last failed call over a connection, without secrets. */
export interface LastFailure {
  operation: string
  code: string
  httpStatus?: number
  /** The provider's error code. */
  providerCode?: string
  message?: string
}

export type FailedCall = Pick<EndedCall, 'operation' | 'error' | 'environmentVariables'>

/** Calls about the connection: their responses cannot quote a workload. */
const aboutConnection: ReadonlySet<string> = new Set(['discover', 'verify', 'catalog', 'list'])

/** Codes of calls without a response, whose messages are Switchyard's own. */
const withoutResponse: ReadonlySet<string> = new Set(['unavailable', 'timeout', 'egress_denied'])

/**
 * Drivers remove the secrets of the connection from their messages, but know nothing of secret variables, which a
 * provider may repeat. Those of a create or an update are known here and removed. For other calls about a workload, the
 * message of the provider is omitted; the record has it, redacted with its secrets.
 */
export function lastFailureOf({ operation, error, environmentVariables }: FailedCall): LastFailure {
  const code = codeOf(error)
  if (!(error instanceof ProviderError)) return { operation, code, message: 'Unexpected driver error.' }
  if (environmentVariables !== undefined)
    return failureFrom(operation, hideInError(makeHide(environmentVariables), error))
  if (aboutConnection.has(operation) || hasNoResponse(error)) return failureFrom(operation, error)
  return { operation, code, ...(error.httpStatus === undefined ? {} : { httpStatus: error.httpStatus }) }
}

function hasNoResponse({ code, httpStatus, providerCode }: ProviderError): boolean {
  return withoutResponse.has(code) && httpStatus === undefined && providerCode === undefined
}

function failureFrom(operation: string, { code, httpStatus, providerCode, message }: ProviderError): LastFailure {
  return {
    ...{ operation, code },
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(providerCode === undefined ? {} : { providerCode: storable(providerCode) }),
    message: storable(message),
  }
}

/** Postgres stores neither NUL nor lone surrogates, which would fail the statistics of all connections. */
function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}
