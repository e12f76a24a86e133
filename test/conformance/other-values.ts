import type { TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { Json } from '../../src/vocabulary/json.ts'

/** Texts that could refer to another host as a URL, a host, a part of a host or a path; and some that could not. */
const textsReferringTo = (url: string): readonly string[] => {
  const { host, hostname } = new URL(url)
  return [
    ...[`${url}/base`, url, 'capture.example.com', `@${host}`, `//${host}`, hostname, host, `..%2f..%2f@${host}`],
    ...['elsewhere-1', '424242', '/elsewhere', '-03:30'],
  ]
}

/** Other values that the schema of a setting accepts; those that could refer to `url` come first. */
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
      return [textsReferringTo(url).slice(0, 1)]
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
      return textsReferringTo(url)
  }
}
