export type JsonObject = { [key: string]: unknown }

/** Whether a value is an object with named members, and not an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
