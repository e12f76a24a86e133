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
 * What an HTTP status says by itself, where the body is in no form that the vendor documents: a proxy's page, or half an
 * answer. A bare 404 may come from a wrong base URL, so it is no statement about an object; a bare 400 has no words, so it
 * is no reason to give a wish up. Of a create nothing can be concluded from any of them.
 */
export function codeOfBareStatus(status: number): ProviderErrorCode {
  return codes[status] ?? (status >= 500 ? 'unavailable' : 'bad_response')
}
