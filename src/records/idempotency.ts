import { Type } from '@sinclair/typebox'

export const idempotencyKeySchema = Type.String({ minLength: 1, maxLength: 255 })

/** Request headers of a submission. */
export const submitHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      ...idempotencyKeySchema,
      description:
        'Makes retries safe: the same key with the same body replays the original response. Kept for at least 24 hours.',
    }),
  ),
})

/** Request headers of a batch. */
export const batchHeaders = Type.Object({
  'idempotency-key': Type.Optional({
    ...idempotencyKeySchema,
    description:
      'Makes retries of the whole batch safe: a job without `idempotencyKey` has the key `<header>/<index>`, such as `sweep-7/0`. A retry must contain the same jobs at the same positions. Kept for at least 24 hours.',
  }),
})

export function keyOf(headers: Readonly<Record<string, unknown>>): string | null {
  const key = headers['idempotency-key']
  return typeof key === 'string' ? key : null
}
