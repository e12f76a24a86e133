import type { Json, JsonObject } from '../../vocabulary/json.ts'

/**
 * Readers of provider responses. None throws: an absent, null or mistyped field is `undefined` (lists and objects:
 * empty), so that a field renamed by a vendor does not prevent reading the rest.
 */
type Wire = Json | undefined

export function isObject(value: Wire): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function valueAt(from: Wire, key: string): Wire {
  return isObject(from) && Object.hasOwn(from, key) ? from[key] : undefined
}

/** A non-empty string. */
export function readText(from: Wire, key: string): string | undefined {
  const value = valueAt(from, key)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** An id as a string, also if the vendor sends a number. */
export function readId(from: Wire, key: string): string | undefined {
  const value = valueAt(from, key)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A finite number, also if the vendor sends a string of digits. */
export function readNumber(from: Wire, key: string): number | undefined {
  const value = valueAt(from, key)
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : undefined
}

/** A boolean, also if the vendor sends `"true"` or `"false"`. */
export function readFlag(from: Wire, key: string): boolean | undefined {
  const value = valueAt(from, key)
  if (typeof value === 'boolean') return value
  if (value === 'true') return true
  return value === 'false' ? false : undefined
}

export function readObject(from: Wire, key: string): JsonObject {
  const value = valueAt(from, key)
  return isObject(value) ? value : {}
}

export function readList(from: Wire, key: string): readonly Json[] {
  const value = valueAt(from, key)
  return Array.isArray(value) ? value : []
}

/** The entries of a map whose values are objects. */
export function readEntries(from: Wire, key: string): readonly (readonly [string, JsonObject])[] {
  return Object.entries(readObject(from, key)).flatMap(([name, item]) =>
    isObject(item) ? [[name, item] as const] : [],
  )
}
