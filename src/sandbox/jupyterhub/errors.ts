import { STATUS_CODES } from 'node:http'
import type { Failure, ProviderResponse } from '../provider.ts'
import { type JupyterhubSettings, majorOf } from './wire.ts'

/** A rejection by the hub. Without a message it is a bare status. */
export class HubError extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message = '', headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.name = 'HubError'
    this.status = status
    this.headers = headers
  }
}

export const notFound = () => new HubError(404)
export const hidden = () => new HubError(404, 'No access to resources or resources not found')
export const forbidden = () => new HubError(403)

export function unauthorized(scopes: readonly string[]): HubError {
  return new HubError(403, `Action is not authorized with current scopes; requires any of [${scopes.join(', ')}]`)
}

export function isAboutScopes({ message }: HubError): boolean {
  return message.startsWith('Action is not authorized')
}

/** For an unknown token, from 4.0 on; earlier versions return the same as for a missing scope. */
export const unidentified = () => new HubError(403, 'Missing or invalid credentials.')

export function throttled(): HubError {
  const message = 'Too many users trying to log in right now. Try again in 30 seconds.'
  return new HubError(429, message, { 'retry-after': '30' })
}

/** The hub's error format. A bare status has its standard message; from 6.0 on it has none. */
export function errorResponse({ status, message, headers }: HubError, settings: JupyterhubSettings): ProviderResponse {
  const bare = majorOf(settings) < 6 ? STATUS_CODES[status] : null
  return { status, body: { status, message: message === '' ? bare : message }, headers }
}

/** Failures outside an operation: the hub (500) and its proxy (other 5xx, with its messages). */
export function failureResponse(failure: Failure, settings: JupyterhubSettings): ProviderResponse {
  const asFailure = (error: HubError) => errorResponse(error, settings)
  switch (failure.what) {
    case 'unknown_route':
      return asFailure(notFound())
    case 'too_large':
      return asFailure(new HubError(413, 'Request Entity Too Large'))
    case 'rate_limited':
      return asFailure(throttled())
    case 'refused_in_200':
      return { ...asFailure(new HubError(500, 'Internal Server Error')), status: 200 }
    case 'bad_request':
      return asFailure(new HubError(400, failure.detail))
    case 'credentials':
      return asFailure(failure.reason === 'forbidden' ? unauthorized(['servers']) : forbidden())
    case 'server_error':
      return failure.status === 500
        ? asFailure(new HubError(500, 'Internal Server Error'))
        : { status: failure.status, body: '<h1>Service Unavailable</h1>', headers: { 'content-type': 'text/html' } }
  }
}
