import { Type } from '@sinclair/typebox'

/** Request headers of a submission. */
export const submitHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description:
        'Makes retries safe: the same key with the same body replays the original response. Kept for at least 24 hours.',
    }),
  ),
})

export function keyOf(headers: Readonly<Record<string, unknown>>): string | null {
  const key = headers['idempotency-key']
  return typeof key === 'string' ? key : null
}
