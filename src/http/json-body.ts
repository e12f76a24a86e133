import { isUtf8 } from 'node:buffer'
import { yieldToOthers } from '../infra/fair-yield.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import type { HttpServer } from './http-server.ts'
import { exceededLimit, maxFields, maxValues } from './value-limit.ts'

/** Bodies that take milliseconds to parse; those of concurrent requests are parsed one at a time, in parts. */
const largeBytes = 65_536

/**
 * Accepts only JSON in UTF-8. Invalid bytes would be decoded as U+FFFD, so the stored text would differ from what was
 * sent.
 */
export function takeJsonOnly(server: HttpServer): void {
  const parse = server.getDefaultJsonParser('error', 'error')
  server.removeAllContentTypeParsers()
  rejectCodings(server)
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    // Clients often send a Content-Type without a body; if a body is required, the schema reports it.
    if (body.length === 0) return done(null, undefined)
    const charset = charsetOf(request.headers['content-type'] ?? '')
    if (!utf8Names.has(charset))
      return done(
        new ApiError('unsupported_media_type', `Charset ${charset} is not supported. Use UTF-8 and omit the charset.`),
      )
    const parseNow = () => {
      const rejection = rejectionOf(body)
      return rejection === null ? parse(request, body.toString('utf8'), done) : done(rejection)
    }
    if (body.length < largeBytes) return parseNow()
    void yieldToOthers().then(parseNow)
  })
}

function rejectionOf(body: Buffer): ApiError | null {
  if (!isUtf8(body)) return new ApiError('invalid_request', 'The body is not valid UTF-8. Use UTF-8.')
  const exceeded = exceededLimit(body)
  return exceeded === null ? null : new ApiError('payload_too_large', limitTexts[exceeded])
}

const limitTexts = {
  values: `The body has more than ${maxValues} JSON values. Split it into several requests.`,
  fields: `An object in the body has more than ${maxFields} fields. Remove those that are not needed.`,
} as const

/** RFC 9110, 15.5.16: 415 with `Accept-Encoding` reports that the coding, not the media type, is unsupported. */
function rejectCodings(server: HttpServer): void {
  server.addHook('preParsing', async ({ headers, is404 }, reply) => {
    if (is404 || (headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0)) return
    const { 'content-encoding': content = '', 'transfer-encoding': transfer = '' } = headers
    const coding = `${content},${transfer}`.split(',').find((name) => !plainCodings.has(name.trim().toLowerCase()))
    if (coding === undefined) return
    void reply.header('accept-encoding', 'identity')
    const detail = `Content-Encoding ${coding.trim().slice(0, 64)} is not supported. Send the body uncompressed, without Content-Encoding.`
    throw new ApiError('unsupported_media_type', detail)
  })
}

const plainCodings: ReadonlySet<string> = new Set(['', 'identity', 'chunked'])

const utf8Names: ReadonlySet<string> = new Set(['utf-8', 'utf8'])

function charsetOf(contentType: string): string {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1]
  return charset?.toLowerCase() ?? 'utf-8'
}
