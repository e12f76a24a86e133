import { nameOf, type Schema } from '../document.ts'

const lists = ['anyOf', 'oneOf', 'allOf'] as const
const maps = ['properties', 'patternProperties'] as const
const single = ['items', 'additionalProperties', 'not'] as const

export function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Copies a schema with each schema directly inside it replaced. `step` is how it is reached: the name of a property,
 * `item` for items and values of a map, null for an alternative.
 */
export function mapInner(schema: Schema, change: (inner: Schema, step: Step) => unknown): Schema {
  const entries = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    if (maps.some((each) => each === keyword) && isObject(value)) {
      const changed = Object.entries(value).map(([name, inner]) => [
        name,
        isObject(inner) ? change(inner, { property: name }) : inner,
      ])
      return [keyword, Object.fromEntries(changed)]
    }
    if (single.some((each) => each === keyword) && isObject(value)) return [keyword, change(value, 'item')]
    if (lists.some((each) => each === keyword) && Array.isArray(value))
      return [keyword, value.map((inner: unknown) => (isObject(inner) ? change(inner, null) : inner))]
    return [keyword, value]
  })
  return Object.fromEntries(entries)
}

export type Step = { property: string } | 'item' | null

/** Copies a schema with `change` applied to it and to every schema inside it, the inner ones first. */
export function mapSchema(schema: Schema, change: (schema: Schema) => Schema): Schema {
  return change(mapInner(schema, (inner) => mapSchema(inner, change)))
}

/** Names of the components that a part of the document refers to directly. */
export function referencesIn(part: unknown): readonly string[] {
  if (Array.isArray(part)) return part.flatMap(referencesIn)
  if (!isObject(part)) return []
  const own = typeof part.$ref === 'string' ? [nameOf(part.$ref)] : []
  return [...own, ...Object.values(part).flatMap(referencesIn)]
}

/** Copies a part of the document with the names of components replaced. */
export function renameReferences<T>(part: T, rename: (name: string) => string): T {
  const copy = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(copy)
    if (!isObject(value)) return value
    const entries = Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string' && inner.startsWith(schemaPrefix)
        ? [key, `${schemaPrefix}${rename(nameOf(inner))}`]
        : [key, copy(inner)],
    )
    return Object.fromEntries(entries)
  }
  return copy(part) as T
}

export const schemaPrefix = '#/components/schemas/'
