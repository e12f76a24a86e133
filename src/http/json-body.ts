import { isUtf8 } from 'node:buffer'
import { Refusal } from '../vocabulary/refusal.ts'
import type { HttpServer } from './http-server.ts'

/** Bodies are JSON in UTF-8. Bytes that are not would be taken for U+FFFD, and something else be stored than was sent. */
export function takeJsonOnly(server: HttpServer): void {
  const parse = server.getDefaultJsonParser('error', 'error')
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    // Clients tend to name the type of a body that they do not send; where a body is needed its schema says so.
    if (body.length === 0) return done(null, undefined)
    const charset = charsetOf(request.headers['content-type'] ?? '')
    if (!utf8Names.has(charset))
      return done(
        new Refusal('unsupported_media_type', `JSON is UTF-8, not ${charset}. Send it so, without a charset.`),
      )
    if (!isUtf8(body)) return done(new Refusal('invalid_request', 'The body is not valid UTF-8. Encode it so.'))
    return parse(request, body.toString('utf8'), done)
  })
}

const utf8Names: ReadonlySet<string> = new Set(['utf-8', 'utf8'])

function charsetOf(contentType: string): string {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1]
  return charset?.toLowerCase() ?? 'utf-8'
}
