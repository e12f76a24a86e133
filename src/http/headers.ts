import { type TObject, type TSchema, Type } from '@sinclair/typebox'
import type { HttpServer } from './http-server.ts'

/**
 * Request headers for the OpenAPI document. The schemas have no rules: the code that reads a header validates it, and
 * unknown headers are ignored.
 */
const sent = (description: string) => Type.Optional(Type.String({ description }))

const ifNoneMatch = sent('`ETag` of the cached version. Returns 304 if it is still current.')

/** Request headers of an update. */
export const changeHeaders = Type.Object({
  'if-match': sent('One or more `ETag` values. Returns 412 if none matches the current version.'),
})

/** Request headers of a read. */
export const readHeaders = Type.Object({ 'if-none-match': ifNoneMatch })

/** Request headers of a read with long polling. */
export function waitHeaders({ maxSeconds }: { maxSeconds: number }): TObject {
  return Type.Object({
    'if-none-match': ifNoneMatch,
    prefer: sent(
      `Long-poll timeout, \`wait=N\` with up to ${maxSeconds} seconds. Returns earlier if the record changes (with \`If-None-Match\`) or reaches a stable status (without).`,
    ),
  })
}

/** Request headers of an event stream. */
export const streamHeaders = Type.Object({
  'last-event-id': sent('`id` of the last message received. The stream resumes after it.'),
})

const descriptions = {
  ETag: 'Version of the record, for `If-Match` and `If-None-Match`.',
  Location: 'URL of the record.',
  'Accept-Encoding': '`identity`: compressed bodies are not accepted.',
  'Idempotency-Replayed': '`true`: replay of the original response for this `Idempotency-Key`.',
  'Preference-Applied': 'Applied wait, such as `wait=30`.',
  'Retry-After': 'Seconds to wait before a retry.',
  'WWW-Authenticate': 'Authentication scheme.',
} as const

export type ResponseHeader = keyof typeof descriptions
export const responseHeaders: readonly string[] = Object.keys(descriptions)

/** Response schema with its headers, as expected by @fastify/swagger. */
export function withHeaders<S extends TSchema>(schema: S, ...names: readonly ResponseHeader[]): S {
  const headers = Object.fromEntries(names.map((name) => [name, Type.String({ description: descriptions[name] })]))
  return { ...schema, headers }
}

/** Prefixes `Location` with the public URL, which may have a path prefix that a proxy strips. */
export function locatePublicly(server: HttpServer, publicUrl: string): void {
  if (publicUrl === '') return
  server.addHook('onSend', async (_request, reply) => {
    const location = reply.getHeader('location')
    if (typeof location === 'string' && location.startsWith('/')) void reply.header('location', publicUrl + location)
  })
}
