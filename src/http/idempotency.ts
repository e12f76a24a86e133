import { Type } from '@sinclair/typebox'

/** Headers of a submit. */
export const submitHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description:
        'The same key with the same body answers the same record again, however often it is sent. Remembered for at least 24 hours.',
    }),
  ),
})

export function keyOf(headers: Readonly<Record<string, unknown>>): string | null {
  const key = headers['idempotency-key']
  return typeof key === 'string' ? key : null
}
