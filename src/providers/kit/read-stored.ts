import type { Static, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { JsonObject } from '../../vocabulary/json.ts'

/**
 * Stored settings or credentials with their defaults. They are validated when the connection is created; an error here
 * is a bug.
 */
export function readStored<S extends TSchema>(schema: S, stored: JsonObject, what: string): Static<S> {
  const filled = Value.Default(schema, Value.Clone(stored))
  if (!Value.Check(schema, filled)) throw new TypeError(`these are no ${what}`)
  return filled
}
