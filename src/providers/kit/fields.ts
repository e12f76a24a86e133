import type { Json, JsonObject } from '../../vocabulary/json.ts'

/**
 * Readers of what providers send. None throws: what is absent, null or of another type is `undefined` (lists and
 * objects: empty), since a field that a vendor renamed must not stop the rest from being read.
 */
type Wire = Json | undefined

export function isObject(value: Wire): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function valueAt(from: Wire, key: string): Wire {
  return isObject(from) && Object.hasOwn(from, key) ? from[key] : undefined
}

/** A string that is not empty. */
export function readText(from: Wire, key: string): string | undefined {
  const value = valueAt(from, key)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** An id as a string, also where the vendor sends a number. */
export function readId(from: Wire, key: string): string | undefined {
  const value = valueAt(from, key)
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A finite number, also where the vendor sends its digits. */
export function readNumber(from: Wire, key: string): number | undefined {
  const value = valueAt(from, key)
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  return typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : undefined
}

/** A boolean, also where the vendor sends the word. */
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
