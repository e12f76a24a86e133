import { STATUS_CODES } from 'node:http'
import type { Answer } from '../provider.ts'
import { gatewayError } from '../vendors/ncp.ts'
import { type AitemsSettings, wallTime } from './wire.ts'

/** A refusal of the service. The overview lists statuses and no body. https://api.ncloud-docs.com/docs/aitems-overview */
export class ServiceError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'ServiceError'
    this.status = status
  }
}

/** Where and when an error is answered, for the shapes that print it. */
interface Refusal {
  status: number
  message: string
  path: string
  at: number
  isCodeNumeric: boolean
}

// Envelopes that other products behind the same gateway answer with; nobody has written down this one's.
const shapes = {
  spring: ({ status, message, path, at }) => ({
    timestamp: wallTime(at),
    status,
    error: STATUS_CODES[status] ?? 'Error',
    message,
    path,
  }),
  flat: ({ status, message }) => ({ errorCode: String(status), message }),
  gateway: ({ status, message, isCodeNumeric }) => {
    const { body } = gatewayError(gatewayWord(status), isCodeNumeric)
    return { error: { ...(body as { error: object }).error, message } }
  },
  status: ({ status, message }) => ({ status: { code: status, message } }),
  returnCode: ({ status, message }) => ({ returnCode: String(status), returnMessage: message }),
  message: ({ message }) => ({ message }),
  text: ({ message }) => `${message}\n`,
  html: ({ status, message }) => `<html><body><h1>${status}</h1><p>${escaped(message)}</p></body></html>\n`,
  empty: () => undefined,
} satisfies Record<string, (refusal: Refusal) => unknown>

// The words that `errorShape` may be.
const errorShapes = Object.keys(shapes) as (keyof typeof shapes)[]

/** The service's answer to what it refuses, in the shape that is set. A shape that does not exist says so itself. */
export function errorAnswer(
  settings: Pick<AitemsSettings, 'errorShape' | 'numericErrorCodes'>,
  refusal: Omit<Refusal, 'isCodeNumeric'>,
): Answer {
  const shape = errorShapes.find((known) => known === settings.errorShape)
  if (shape === undefined) {
    const body = `'${settings.errorShape}' is not an errorShape of this sandbox; there are ${errorShapes.join(', ')}\n`
    return { status: 500, body }
  }
  const body = shapes[shape]({ ...refusal, isCodeNumeric: settings.numericErrorCodes })
  return { status: refusal.status, body, ...(shape === 'html' && { headers: { 'content-type': 'text/html' } }) }
}

function gatewayWord(status: number) {
  if (status === 404) return 'notFound'
  if (status === 403) return 'forbidden'
  return status >= 500 ? 'unexpected' : 'badRequest'
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
