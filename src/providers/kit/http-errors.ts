import { ProviderError, type ProviderErrorCode } from '../provider-error.ts'

/** Undici's and llhttp's codes (or names, if there is no code) for a response that is not valid HTTP. */
const malformedResponse =
  /^HPE_|^HTTPParserError$|^UND_ERR_(HEADERS_OVERFLOW|RES_CONTENT_LENGTH_MISMATCH|RES_EXCEEDED_MAX_SIZE)$/

/**
 * Maps a transport failure to an error. `isSent` means that writing had started, so the server may have read the whole
 * request.
 */
export function transportError(error: unknown, { origin, isSent }: { origin: string; isSent: boolean }): ProviderError {
  const code = codeOf(error)
  if (rejectedCertificate.test(code)) return certificateError(code, { error, origin })
  if (isSent) {
    const isBad = malformedResponse.test(code)
    const what = isBad ? 'sent a response that is not HTTP' : 'closed the connection before the response was complete'
    return new ProviderError(isBad ? 'bad_response' : 'unavailable', `${origin} ${what} (${code}).`, {
      cause: bare(error),
    })
  }
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    const detail = `The request to ${origin} is not valid HTTP: ${messageOf(error)}.`
    return new ProviderError('invalid_request', detail, { cause: bare(error), notSent: true })
  }
  if (code === 'EGRESS_NOT_ALLOWED') {
    // The same text for both cases: see withoutAbsence in infra/egress.ts.
    const detail = `Not sent to ${origin}: the host does not exist, or this installation does not allow calls to it. Its operator can add it to EGRESS_ALLOW.`
    return new ProviderError('egress_denied', detail, { cause: bare(error), notSent: true })
  }
  const proxyFailure = proxyFailures[code]
  if (proxyFailure !== undefined) return proxyError(proxyFailure, { error, origin })
  const field = unknownAuthority.test(code) ? 'network.caCertificate' : undefined
  return new ProviderError('unavailable', `No connection to ${origin} (${code}).`, {
    field,
    cause: bare(error),
    notSent: true,
  })
}

/** Node's codes for a server certificate that no trusted authority has signed. */
const unknownAuthority =
  /^(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT(_LOCALLY)?|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT)$/

/** TLS alerts about the client's certificate. */
const rejectedCertificate =
  /^ERR_SSL_.*_ALERT_(CERTIFICATE_(REQUIRED|EXPIRED|REVOKED|UNKNOWN)|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA)$/

/**
 * With TLS 1.3, the server checks the client's certificate after the client has started to send. It ends the handshake
 * with the alert and never forwards the request, which therefore counts as not sent.
 */
function certificateError(code: string, { error, origin }: { error: unknown; origin: string }): ProviderError {
  const detail = `Not sent: ${origin} requires another client certificate (${code}).`
  const field = 'network.clientCertificate'
  return new ProviderError('unauthenticated', detail, { field, cause: bare(error), notSent: true })
}

/** The codes of infra/proxy-tunnel.ts. */
const proxyFailures: { readonly [code in string]?: ProviderErrorCode } = {
  EGRESS_PROXY_NOT_ALLOWED: 'egress_denied',
  EGRESS_PROXY_DENIED: 'egress_denied',
  EGRESS_PROXY_AUTHENTICATION: 'unauthenticated',
  EGRESS_PROXY_UNREACHABLE: 'unavailable',
  EGRESS_PROXY_FAILED: 'unavailable',
}

/**
 * `field` names the setting of the proxy, so that the error does not point to a setting of the connection's endpoints.
 * The credentials of the operator's proxy are not the client's.
 */
function proxyError(code: ProviderErrorCode, { error, origin }: { error: unknown; origin: string }): ProviderError {
  const { field } = error as { field?: string }
  const isOperators = code === 'unauthenticated' && field === 'EGRESS_PROXY'
  const detail = `Not sent to ${origin}: ${messageOf(error)}.`
  return new ProviderError(isOperators ? 'unavailable' : code, detail, { field, cause: bare(error), notSent: true })
}

function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code
  return error instanceof Error ? error.name : 'unknown'
}

/** Undici reports the name of the header, never its value. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : 'unknown'
}

/** Removes what undici attaches to its errors (response data, certificates), which may contain secrets. */
function bare(error: unknown): Error {
  const cause = new Error(messageOf(error))
  cause.name = error instanceof Error ? error.name : 'Error'
  return cause
}
