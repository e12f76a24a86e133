import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'
import { ApiError } from '../vocabulary/api-error.ts'

/** Of these Node keeps the first and drops the others, while a proxy on the way may have gone by another one. */
const single: ReadonlySet<string> = new Set(['host', 'authorization', 'content-type'])

/** A registered name or an IPv4 address, with a port: RFC 3986, 3.2.2. No comma, which joins what was sent twice. */
const namedHost = /^(?:[\w.~!$&'()*+;=-]|%[0-9a-f]{2})*(?::\d*)?$/i
const literalHost = /^\[([0-9a-f:.]+)\](?::\d*)?$/i

/**
 * Refuses a request that does not say, or says twice, what may be said once, or names no host where it has to: RFC 9112,
 * 3.2, and request smuggling.
 */
export function refuseAmbiguousHeaders({ headers, rawHeaders, httpVersion }: IncomingMessage): void {
  if (headers.host === undefined && httpVersion === '1.1')
    throw refused('host', 'required', 'The Host header is missing; HTTP/1.1 requires it.')
  if (headers.host !== undefined && !isHost(headers.host))
    throw refused('host', 'invalid', 'The Host header is invalid: it must have the form host or host:port.')
  const seen = new Set<string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    if (!single.has(name)) continue
    if (seen.has(name)) throw refused(name, 'duplicate', `The header ${name} was sent more than once. Send it once.`)
    seen.add(name)
  }
}

function isHost(text: string): boolean {
  return namedHost.test(text) || isIPv6(literalHost.exec(text)?.[1] ?? '')
}

function refused(name: string, code: string, detail: string): ApiError {
  return new ApiError('invalid_request', detail, { errors: [{ in: 'header', pointer: name, code, detail }] })
}
