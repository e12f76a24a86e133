import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Json } from '../../src/vocabulary/json.ts'

/** Texts that could lead somewhere else, as a URL, as a host, as part of one, or out of a path; and some that could not. */
const textsTowards = (url: string): readonly string[] => {
  const { host, hostname } = new URL(url)
  return [
    ...[`${url}/base`, url, 'capture.example.com', `@${host}`, `//${host}`, hostname, host, `..%2f..%2f@${host}`],
    ...['elsewhere-1', '424242', '/elsewhere', '-03:30'],
  ]
}

/** Other values that a setting takes by its schema, those first that could lead to `url`. */
export function otherValues(schema: TSchema, current: Json | undefined, url: string): readonly Json[] {
  return valuesOf(schema, url).filter((value) => Value.Check(schema, value) && value !== current)
}

function valuesOf(schema: TSchema, url: string): readonly Json[] {
  if (schema.enum !== undefined) return schema.enum
  switch (schema.type) {
    case 'boolean':
      return [true, false]
    case 'integer':
      return [schema.minimum, schema.maximum]
    case 'array':
      return [textsTowards(url).slice(0, 1)]
    case 'object': {
      const entries = Object.entries(schema.properties as Record<string, TSchema>)
      return [
        Object.fromEntries(
          entries.flatMap(([name, part]) =>
            otherValues(part, undefined, url)
              .slice(0, 1)
              .map((value) => [name, value]),
          ),
        ),
      ]
    }
    default:
      return textsTowards(url)
  }
}
