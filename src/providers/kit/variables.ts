import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { hidden } from '../secret-search.ts'
import { isObject } from './fields.ts'
import { maxDepth } from './redact.ts'

/**
 * A response without the values of variables, the maps with this key anywhere in it: those of an imported object may be
 * secrets. Deeper values are removed from a payload anyway.
 */
export function withoutVariables(value: Json, key: string, depth = 0): Json {
  if (depth > maxDepth) return null
  if (Array.isArray(value)) return value.map((item) => withoutVariables(item, key, depth + 1))
  if (!isObject(value)) return value
  const shown = Object.entries(value).map(([name, item]) => [
    name,
    name === key && isObject(item) ? withoutValues(item) : withoutVariables(item, key, depth + 1),
  ])
  return Object.fromEntries(shown)
}

/** The names of variables, with hidden values. */
function withoutValues(variables: JsonObject): JsonObject {
  return Object.fromEntries(Object.keys(variables).map((name) => [name, hidden]))
}
