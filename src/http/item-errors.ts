import type { FastifyRequest } from 'fastify'
import { ApiError, type ValidationError } from '../vocabulary/api-error.ts'
import type { Validate } from './bounded-validation.ts'
import { invalidRequest, validationErrorsOf } from './validation-errors.ts'

/** Errors of the items of a list in a body, if each item succeeds or fails separately. */

/** A list may have many invalid items, so each reports fewer errors than a request. */
const maxErrorsOfItem = 10

/** The rules of an item. */
export interface ItemRules {
  schema: object
  /** Rules beyond the schema, reported together with its errors. */
  more(item: unknown): readonly ValidationError[]
}

/** Why an item is invalid, with pointers into the body; null = it is valid. `base`: its pointer, such as `/jobs/12`. */
export function itemError(
  request: FastifyRequest,
  item: unknown,
  { schema, more, base }: ItemRules & { base: string },
): ApiError | null {
  const validate = request.compileValidationSchema(schema as { [key: string]: unknown }, 'body') as Validate
  if (validate(item)) return null
  const rejected = validationErrorsOf(validate.errors ?? [], 'body', { base, max: maxErrorsOfItem })
  const errors = [...rejected, ...more(item).map(below(base))]
  return invalidRequest(errors.slice(0, maxErrorsOfItem), maxErrorsOfItem)
}

/** The same error with pointers into the body. `keyPointer`: the field with the item's idempotency key, if it has one. */
export function errorOfItem(error: ApiError, base: string, keyPointer: string | null): ApiError {
  const { code, message, errors, provider, retryAfterSeconds, isRetryable } = error
  const located = errors.map((each): ValidationError => {
    if (each.in === 'body') return below(base)(each)
    const isKey = each.in === 'header' && each.pointer === 'idempotency-key'
    return isKey && keyPointer !== null ? { ...each, in: 'body', pointer: base + keyPointer } : each
  })
  return new ApiError(code, message, {
    errors: located.slice(0, maxErrorsOfItem),
    ...(provider === undefined ? {} : { provider }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(isRetryable === undefined ? {} : { isRetryable }),
  })
}

function below(base: string): (error: ValidationError) => ValidationError {
  return (error) => ({ ...error, pointer: base + error.pointer })
}
