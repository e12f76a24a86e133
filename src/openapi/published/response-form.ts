import type { Schema } from '../document.ts'
import { requestForm } from './request-form.ts'
import { mapSchema } from './schema-walk.ts'

/** Rules of requests. A client that checks them in responses breaks when a later version raises a limit. */
const rules: ReadonlySet<string> = new Set([
  ...['minLength', 'maxLength', 'pattern', 'minimum', 'maximum', 'propertyNames'],
  ...['minItems', 'maxItems', 'uniqueItems', 'minProperties', 'maxProperties'],
])

/** The published form of a response schema: open for new fields, new values and higher limits. */
export function responseForm(schema: Schema): Schema {
  return mapSchema(requestForm(schema), (each) => withExtensibleEnum(withoutRules(each)))
}

function withoutRules(schema: Schema): Schema {
  const kept = Object.entries(schema).filter(
    ([keyword, value]) => !rules.has(keyword) && !(keyword === 'additionalProperties' && value === false),
  )
  return Object.fromEntries(kept)
}

/**
 * Values that may be added are text with the known values in a separate keyword, under the name that linters and comparison tools
 * read: a client that is generated from an enum rejects the complete response if it contains a new value.
 */
function withExtensibleEnum(schema: Schema): Schema {
  const { enum: values, ...rest } = schema
  if (!Array.isArray(values)) return schema
  const description = typeof rest.description === 'string' ? `${rest.description} ` : ''
  if (rest['x-closed'] === true) return { ...schema, description: `${description}Closed list.` }
  const known = values.map((value) => `\`${value}\``).join(', ')
  return {
    ...rest,
    description: `${description}Known values: ${known}. Extensible; expect new values.`,
    'x-extensible-enum': values,
  }
}
