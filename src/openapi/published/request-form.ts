import type { Schema } from '../document.ts'
import { mapSchema } from './schema-walk.ts'

/**
 * The published form of a schema that a client sends. It accepts the same values as the schema that the service
 * validates with, and uses only keywords that every generator reads.
 */
export function requestForm(schema: Schema): Schema {
  return mapSchema(schema, (each) => withoutTypeList(withKeyPattern(withoutDefault(withoutEnumPattern(each)))))
}

/**
 * A generated client sends a `default` of the document, and so resets on PATCH what it does not name. The service
 * applies defaults; the description states them.
 */
function withoutDefault({ default: value, ...rest }: Schema): Schema {
  if (value === undefined) return rest
  const description = typeof rest.description === 'string' ? rest.description : ''
  if (description.includes('Defaults to')) return rest
  return { ...rest, description: `${description} ${defaultInWords(value)}`.trim() }
}

function defaultInWords(value: unknown): string {
  const isEmpty = typeof value === 'object' && value !== null && Object.keys(value).length === 0
  return isEmpty ? 'Empty by default.' : `Defaults to \`${typeof value === 'string' ? value : JSON.stringify(value)}\`.`
}

/** The pattern of an enum is for validators that do not support `enum`. */
function withoutEnumPattern(schema: Schema): Schema {
  const { pattern: _, ...rest } = schema
  return schema.enum === undefined ? schema : rest
}

/** Patterns of the keys of a map: @fastify/swagger drops those of `patternProperties`. */
function withKeyPattern({ 'x-key-pattern': pattern, ...rest }: Schema): Schema {
  return pattern === undefined ? rest : { ...rest, propertyNames: { type: 'string', pattern } }
}

/** Few generators support a list of types. With null it becomes an alternative, without null any value. */
function withoutTypeList(schema: Schema): Schema {
  const { type, description, ...rest } = schema
  if (!Array.isArray(type)) return schema
  const [only, ...others] = type.filter((each) => each !== 'null')
  const described = description === undefined ? {} : { description }
  if (others.length > 0) return { ...rest, ...described }
  const values = Array.isArray(rest.enum) ? { enum: rest.enum.filter((each) => each !== null) } : {}
  const inner = rest.properties === undefined ? {} : described
  return { ...described, anyOf: [{ ...rest, ...values, ...inner, type: only }, { type: 'null' }] }
}
