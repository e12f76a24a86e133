import { type StringOptions, type TUnsafe, Type } from '@sinclair/typebox'

/**
 * The schema of a string enum. The pattern repeats it because TypeBox's own checker, which validates settings and
 * options, does not support `enum`.
 */
export function choice<const T extends string>(values: readonly T[], more: StringOptions = {}): TUnsafe<T> {
  return Type.Unsafe<T>(Type.String({ enum: [...values], pattern: `^(${values.join('|')})$`, ...more }))
}
