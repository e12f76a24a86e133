import type { ProviderErrorCode } from '../provider-error.ts'

const codes: Readonly<Record<number, ProviderErrorCode>> = {
  401: 'unauthenticated',
  403: 'permission_denied',
  408: 'timeout',
  409: 'conflict',
  429: 'rate_limited',
  504: 'timeout',
}

/**
 * The meaning of an HTTP status whose body has no documented format: a proxy's page or a truncated response. A bare 404
 * may come from a wrong base URL and a bare 400 gives no cause, so neither is conclusive about an object. For a create,
 * none of them is.
 */
export function codeOfBareStatus(status: number): ProviderErrorCode {
  return codes[status] ?? (status >= 500 ? 'unavailable' : 'bad_response')
}
