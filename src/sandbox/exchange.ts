import type { Fault } from './faults.ts'
import type { Emulation, ProviderResponse } from './provider.ts'

/** The end of a call: a response, or a socket that is closed or reset without one. */
export type Ending = { readonly response: ProviderResponse } | { readonly disconnect: 'close' | 'reset' }

/** The dependencies of a call under a fault. */
export interface ExchangeParts {
  /** Executes the operation: authentication first, then the handler. */
  execute(): ProviderResponse
  failure: Emulation['failure']
  /** Resolves when the client has closed the connection. */
  clientGone: Promise<void>
  /** Runs a function after a delay, unless the sandbox is closed first. */
  later(delayMs: number, run: () => void): void
  /** The fault's delay, random within a range. */
  delayMs: number
}

/** Serves one call, with or without a fault. */
export async function exchange(fault: Fault | null, parts: ExchangeParts): Promise<Ending> {
  if (fault === null) return { response: parts.execute() }
  switch (fault.kind) {
    case 'reset':
      return { disconnect: 'reset' }
    case 'drop_answer':
      parts.execute()
      return { disconnect: 'close' }
    case 'execute_late':
      if (fault.hangsUp !== true) await parts.clientGone
      parts.later(parts.delayMs, parts.execute)
      return { disconnect: 'close' }
    case 'stall': {
      const response = parts.execute()
      await Promise.race([parts.clientGone, new Promise<void>((resume) => parts.later(parts.delayMs, resume))])
      return { response }
    }
    default:
      return { response: faultyResponse(fault, parts) }
  }
}

function faultyResponse(fault: Fault, { execute, failure }: ExchangeParts): ProviderResponse {
  switch (fault.kind) {
    case 'error_after':
      execute()
      return failure({ what: 'server_error', status: fault.status ?? 500 })
    case 'error_before':
      return failure({ what: 'server_error', status: fault.status ?? 500 })
    case 'rate_limited':
      return failure({ what: 'rate_limited' })
    case 'credentials':
      return failure({ what: 'credentials', reason: fault.reason ?? 'invalid' })
    case 'error_body':
      if (fault.executes === true) execute()
      return { ...failure({ what: 'refused_in_200' }), status: 200 }
    default:
      return malformedResponse(fault, execute, failure)
  }
}

function malformedResponse(
  fault: Fault,
  execute: () => ProviderResponse,
  failure: Emulation['failure'],
): ProviderResponse {
  const response = fault.executes === false ? failure({ what: 'server_error', status: fault.status ?? 500 }) : execute()
  const status = fault.status ?? response.status
  const json = { 'content-type': 'application/json' }
  switch (fault.kind) {
    case 'html_body': {
      const body = '<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n'
      return { status: fault.status ?? 502, body, headers: { 'content-type': 'text/html' } }
    }
    case 'truncated_json': {
      const text = JSON.stringify(response.body) ?? '{"'
      return { status, body: text.slice(0, Math.ceil(text.length / 2)), headers: json }
    }
    case 'empty_body':
      return { status, body: undefined, headers: json }
    default:
      return response
  }
}
