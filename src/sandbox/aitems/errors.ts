import { STATUS_CODES } from 'node:http'
import type { ProviderResponse } from '../provider.ts'
import { gatewayError } from '../vendors/ncp.ts'
import { type AitemsSettings, wallTime } from './wire.ts'

/**
 * A rejection by the service. The overview lists statuses but no body. https://api.ncloud-docs.com/docs/aitems-overview
 */
export class ServiceError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.name = 'ServiceError'
    this.status = status
  }
}

/** The request and time of an error, for formats that include them. */
interface Rejection {
  status: number
  message: string
  path: string
  at: number
  isCodeNumeric: boolean
}

// Error envelopes of other products behind the same gateway; this service's envelope is not documented.
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
} satisfies Record<string, (rejection: Rejection) => unknown>

// The values of `errorShape`.
const errorShapes = Object.keys(shapes) as (keyof typeof shapes)[]

/** The service's rejection in the configured format. An unknown format is reported as such. */
export function errorResponse(
  settings: Pick<AitemsSettings, 'errorShape' | 'numericErrorCodes'>,
  rejection: Omit<Rejection, 'isCodeNumeric'>,
): ProviderResponse {
  const shape = errorShapes.find((known) => known === settings.errorShape)
  if (shape === undefined) {
    const body = `'${settings.errorShape}' is not an errorShape of this sandbox; there are ${errorShapes.join(', ')}\n`
    return { status: 500, body }
  }
  const body = shapes[shape]({ ...rejection, isCodeNumeric: settings.numericErrorCodes })
  return { status: rejection.status, body, ...(shape === 'html' && { headers: { 'content-type': 'text/html' } }) }
}

function gatewayWord(status: number) {
  if (status === 404) return 'notFound'
  if (status === 403) return 'forbidden'
  return status >= 500 ? 'unexpected' : 'badRequest'
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
