import type { Fault } from './faults.ts'
import type { Answer, Emulation } from './provider.ts'

/** How a call ends: with an answer, or with a socket that is closed or reset without one. */
export type Ending = { readonly answer: Answer } | { readonly hangUp: 'close' | 'reset' }

/** What a disturbed call needs of its surroundings. */
export interface ExchangeParts {
  /** Runs the operation: credentials first, then the handler. */
  execute(): Answer
  mishap: Emulation['mishap']
  /** Settles when the client has closed its side. */
  clientGone: Promise<void>
  /** Runs something later, unless the sandbox is closed first. */
  later(delayMs: number, run: () => void): void
  /** The fault's delay, drawn when it is a range. */
  delayMs: number
}

/** Serves one call under a fault, or plainly without one. */
export async function exchange(fault: Fault | null, parts: ExchangeParts): Promise<Ending> {
  if (fault === null) return { answer: parts.execute() }
  switch (fault.kind) {
    case 'reset':
      return { hangUp: 'reset' }
    case 'drop_answer':
      parts.execute()
      return { hangUp: 'close' }
    case 'execute_late':
      if (fault.hangsUp !== true) await parts.clientGone
      parts.later(parts.delayMs, parts.execute)
      return { hangUp: 'close' }
    case 'stall': {
      const answer = parts.execute()
      await Promise.race([parts.clientGone, new Promise<void>((resume) => parts.later(parts.delayMs, resume))])
      return { answer }
    }
    default:
      return { answer: disturbedAnswer(fault, parts) }
  }
}

function disturbedAnswer(fault: Fault, { execute, mishap }: ExchangeParts): Answer {
  switch (fault.kind) {
    case 'error_after':
      execute()
      return mishap({ what: 'server_error', status: fault.status ?? 500 })
    case 'error_before':
      return mishap({ what: 'server_error', status: fault.status ?? 500 })
    case 'rate_limited':
      return mishap({ what: 'rate_limited' })
    case 'credentials':
      return mishap({ what: 'credentials', reason: fault.reason ?? 'invalid' })
    case 'error_body':
      if (fault.executes === true) execute()
      return { ...mishap({ what: 'refused_in_200' }), status: 200 }
    default:
      return spoiledAnswer(fault, execute, mishap)
  }
}

function spoiledAnswer(fault: Fault, execute: () => Answer, mishap: Emulation['mishap']): Answer {
  const answer = fault.executes === false ? mishap({ what: 'server_error', status: fault.status ?? 500 }) : execute()
  const status = fault.status ?? answer.status
  const json = { 'content-type': 'application/json' }
  switch (fault.kind) {
    case 'html_body': {
      const body = '<html><head><title>Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n'
      return { status: fault.status ?? 502, body, headers: { 'content-type': 'text/html' } }
    }
    case 'truncated_json': {
      const text = JSON.stringify(answer.body) ?? '{"'
      return { status, body: text.slice(0, Math.ceil(text.length / 2)), headers: json }
    }
    case 'empty_body':
      return { status, body: undefined, headers: json }
    default:
      return answer
  }
}
