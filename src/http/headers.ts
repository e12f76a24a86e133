import { type TObject, type TSchema, Type } from '@sinclair/typebox'
import type { HttpServer } from './http-server.ts'

/**
 * Headers as the contract tells of them. The schemas have no rules: whoever reads a header says what it may hold, and a
 * header that is none of ours is nobody's mistake.
 */
const sent = (description: string) => Type.Optional(Type.String({ description }))

const ifNoneMatch = sent('`ETag` of the cached version. Returns 304 if it is still current.')

/** Headers of a change. */
export const changeHeaders = Type.Object({
  'if-match': sent('One or more `ETag` values. Returns 412 if none matches the current version.'),
})

/** Headers of a read. */
export const readHeaders = Type.Object({ 'if-none-match': ifNoneMatch })

/** Headers of a read that may wait. */
export function waitHeaders({ maxSeconds }: { maxSeconds: number }): TObject {
  return Type.Object({
    'if-none-match': ifNoneMatch,
    prefer: sent(
      `Long-poll timeout, \`wait=N\` with up to ${maxSeconds} seconds. Returns earlier if the record changes (with \`If-None-Match\`) or reaches a stable status (without).`,
    ),
  })
}

/** Headers of a stream of events. */
export const streamHeaders = Type.Object({
  'last-event-id': sent('`id` of the last message received. The stream resumes after it.'),
})

const answered = {
  ETag: 'Version of the record, for `If-Match` and `If-None-Match`.',
  Location: 'URL of the record.',
  'Accept-Encoding': '`identity`: compressed bodies are not accepted.',
  'Idempotency-Replayed': '`true`: replay of the original response for this `Idempotency-Key`.',
  'Preference-Applied': 'Applied wait, such as `wait=30`.',
  'Retry-After': 'Seconds to wait before a retry.',
  'WWW-Authenticate': 'Authentication scheme.',
} as const

export type AnswerHeader = keyof typeof answered
export const answerHeaders: readonly string[] = Object.keys(answered)

/** An answer's schema with the headers that may come with it: @fastify/swagger takes them from there. */
export function withHeaders<S extends TSchema>(schema: S, ...names: readonly AnswerHeader[]): S {
  const headers = Object.fromEntries(names.map((name) => [name, Type.String({ description: answered[name] })]))
  return { ...schema, headers }
}

/** `Location` leads where clients reach the service, which may be under a prefix that a proxy takes away. */
export function locatePublicly(server: HttpServer, publicUrl: string): void {
  if (publicUrl === '') return
  server.addHook('onSend', async (_request, reply) => {
    const location = reply.getHeader('location')
    if (typeof location === 'string' && location.startsWith('/')) void reply.header('location', publicUrl + location)
  })
}
