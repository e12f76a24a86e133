import type { Deprecated, Deprecation } from '../http/deprecations.ts'
import { type OpenApiDocument, operationsOf, resolvedSchema, type Schema } from './document.ts'

interface Markable {
  deprecated?: boolean
  description?: string
}

/**
 * Marks what is deprecated with `deprecated: true` and its replacement.
 *
 * @throws if an entry names nothing in the document
 */
export function markDeprecated(document: OpenApiDocument, table: readonly Deprecation[]): void {
  for (const { what, since, sunset, replacement } of table) {
    const found = find(document, what)
    if (found === undefined) throw new Error(`The OpenAPI document has no ${JSON.stringify(what)} to deprecate.`)
    const end = sunset === undefined ? '' : ` Not removed before ${dayOf(sunset)}.`
    found.deprecated = true
    found.description = `${found.description ?? ''} Deprecated since ${dayOf(since)}.${end} ${replacement}`.trim()
  }
}

function find(document: OpenApiDocument, what: Deprecated): Markable | undefined {
  if ('schema' in what) return fieldOf(document, { $ref: `#/components/schemas/${what.schema}` }, what.field.split('.'))
  const operation = operationsOf(document).find(({ operationId }) => operationId === what.operationId)
  return what.parameter === undefined ? operation : operation?.parameters?.find(({ name }) => name === what.parameter)
}

function fieldOf(document: OpenApiDocument, schema: Schema, path: readonly string[]): Schema | undefined {
  const [name, ...inner] = path
  if (name === undefined) return schema
  const { properties = {}, items } = resolvedSchema(document, schema)
  if (items !== undefined) return fieldOf(document, items, path)
  const field = properties[name]
  return field === undefined ? undefined : fieldOf(document, field, inner)
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}
