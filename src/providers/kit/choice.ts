import { type StringOptions, type TUnsafe, Type } from '@sinclair/typebox'

/**
 * The schema of one word of a list, as `enum`. The pattern says the same once more, because TypeBox's own checker,
 * which holds settings and options against their schemas, knows no `enum`.
 */
export function choice<const T extends string>(values: readonly T[], more: StringOptions = {}): TUnsafe<T> {
  return Type.Unsafe<T>(Type.String({ enum: [...values], pattern: `^(${values.join('|')})$`, ...more }))
}
