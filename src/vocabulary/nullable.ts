import { type TProperties, type TSchema, Type } from '@sinclair/typebox'

/** The schema with null as another value. A list of types instead of `anyOf`: a wrong value has one error, not three. */
export function nullable(schema: TSchema): TSchema {
  const { default: _, ...rest } = schema
  const values = rest.enum === undefined ? {} : { enum: [...rest.enum, null] }
  return Type.Unsafe({ ...rest, ...values, type: [rest.type, 'null'] })
}

/** Whether the schema describes a list or a map. */
export function isContainer({ type, properties }: TSchema): boolean {
  return type === 'array' || (type === 'object' && properties === undefined)
}

/**
 * Optional properties of a PATCH, of which lists and maps accept null in the sense of RFC 7396. Clients that OpenAPI
 * Generator creates for Java send every other optional list and map, empty if the program does not set it.
 */
export function patchable(properties: TProperties): TProperties {
  const entries = Object.entries(properties).map(([name, schema]) => {
    if (!isContainer(schema)) return [name, Type.Optional(schema)] as const
    const description = `${schema.description ?? ''} \`null\` empties it.`.trim()
    return [name, Type.Optional(nullable({ ...schema, description }))] as const
  })
  return Object.fromEntries(entries)
}

/** The value that null represents in a property of a PATCH: an empty list or map. */
export function emptyValue(schema: TSchema | undefined): [] | Record<string, never> {
  return schema?.type === 'array' ? [] : {}
}
