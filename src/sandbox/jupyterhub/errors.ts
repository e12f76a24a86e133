import type { Answer, Mishap } from '../provider.ts'

/** A refusal of the hub. */
export class HubError extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.name = 'HubError'
    this.status = status
    this.headers = headers
  }
}

export const notFound = () => new HubError(404, 'Not Found')
export const hidden = () => new HubError(404, 'No access to resources or resources not found')
export const forbidden = () => new HubError(403, 'Forbidden')

/** A token that is not known gets the same answer, except from the call that asks who it is. */
export function unauthorized(scopes: readonly string[]): HubError {
  return new HubError(403, `Action is not authorized with current scopes; requires any of [${scopes.join(', ')}]`)
}

export function throttled(): HubError {
  const words = 'Too many users trying to log in right now. Try again in 30 seconds.'
  return new HubError(429, words, { 'retry-after': '30' })
}

/** The hub's one form of an error. */
export function errorAnswer({ status, message, headers }: HubError): Answer {
  return { status, body: { status, message }, headers }
}

/** What goes wrong around the hub: itself (500) and its proxy (other 5xx, in words of its own). */
export function mishapAnswer(mishap: Mishap): Answer {
  switch (mishap.what) {
    case 'unknown_route':
      return errorAnswer(notFound())
    case 'too_large':
      return errorAnswer(new HubError(413, 'Request Entity Too Large'))
    case 'rate_limited':
      return errorAnswer(throttled())
    case 'refused_in_200':
      return { ...errorAnswer(new HubError(500, 'Internal Server Error')), status: 200 }
    case 'bad_request':
      return errorAnswer(new HubError(400, mishap.detail))
    case 'credentials':
      return errorAnswer(mishap.reason === 'forbidden' ? unauthorized(['servers']) : forbidden())
    case 'server_error':
      return mishap.status === 500
        ? errorAnswer(new HubError(500, 'Internal Server Error'))
        : { status: mishap.status, body: '<h1>Service Unavailable</h1>', headers: { 'content-type': 'text/html' } }
  }
}
