import { type ObjectOptions, type TRecord, type TSchema, type TString, Type } from '@sinclair/typebox'

/** A map whose keys match the pattern. The pattern is repeated for the published document, which loses it otherwise. */
export function mapOf<V extends TSchema>(keyPattern: string, value: V, options: ObjectOptions): TRecord<TString, V> {
  const rules = { additionalProperties: false, 'x-key-pattern': keyPattern }
  return Type.Record(Type.String({ pattern: keyPattern }), value, { ...rules, ...options })
}
