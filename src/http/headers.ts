import { type TObject, type TSchema, Type } from '@sinclair/typebox'

/**
 * Headers as the contract tells of them. The schemas have no rules: whoever reads a header says what it may hold, and a
 * header that is none of ours is nobody's mistake.
 */
const sent = (description: string) => Type.Optional(Type.String({ description }))

const ifNoneMatch = sent('The `ETag` that the client has. The answer is 304 while it is still the current one.')

/** Headers of a change. */
export const changeHeaders = Type.Object({
  'if-match': sent(
    'The `ETag` of the record as it was read, or a list of them. When it has none of them any more, the answer is 412.',
  ),
})

/** Headers of a read. */
export const readHeaders = Type.Object({ 'if-none-match': ifNoneMatch })

/** Headers of a read that may wait. */
export function waitHeaders({ maxSeconds }: { maxSeconds: number }): TObject {
  return Type.Object({
    'if-none-match': ifNoneMatch,
    prefer: sent(
      `\`wait=N\` answers after N seconds, ${maxSeconds} at most, or earlier: with \`If-None-Match\` when the record changes, without when nothing more is expected of it.`,
    ),
  })
}

/** Headers of a stream of events. */
export const streamHeaders = Type.Object({
  'last-event-id': sent('The `id` of the last message that was received: the stream goes on after it.'),
})

const answered = {
  ETag: "The record's version, for `If-Match` and `If-None-Match`.",
  Location: 'Where the record is read.',
  'Accept-Encoding': '`identity`: the coding of the body is not taken.',
  'Idempotency-Replayed': '`true`: this `Idempotency-Key` had been used, and this is the record that it made.',
  'Preference-Applied': 'The wait that was honoured, such as `wait=30`.',
  'Retry-After': 'Seconds after which another try makes sense.',
  'WWW-Authenticate': 'How to authenticate.',
} as const

export type AnswerHeader = keyof typeof answered
export const answerHeaders: readonly string[] = Object.keys(answered)

/** An answer's schema with the headers that may come with it: @fastify/swagger takes them from there. */
export function withHeaders<S extends TSchema>(schema: S, ...names: readonly AnswerHeader[]): S {
  const headers = Object.fromEntries(names.map((name) => [name, Type.String({ description: answered[name] })]))
  return { ...schema, headers }
}
