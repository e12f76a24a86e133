import type { FieldDescription } from '../../src/capabilities/provider.schemas.ts'
import type { Json, JsonObject } from '../../src/vocabulary/json.ts'
import { code } from './markdown.ts'

/** Describes the rule of a provider's field. */
export function describeRule(field: FieldDescription): string {
  const { required, mutable, note } = field
  return sentence([
    ...(required ? ['required'] : []),
    ...bounds(field),
    ...(field.values === undefined ? [] : [`one of ${listed(field.values)}`]),
    ...(field.default === undefined ? [] : [`default ${shown(field.default as Json)}`]),
    ...(mutable ? ['mutable'] : []),
    ...(note === undefined ? [] : [note]),
  ])
}

/** Table rows of an object's properties, nested ones after their parent: name, rule, meaning. */
export function propertyRows(schema: JsonObject, above = ''): string[][] {
  const required = new Set((schema.required ?? []) as readonly string[])
  return Object.entries((schema.properties ?? {}) as { [name: string]: JsonObject }).flatMap(([name, property]) => {
    const path = above + name
    const meaning = typeof property.description === 'string' ? property.description : ''
    const row = [code(path), describeProperty(property, required.has(name)), meaning]
    return [row, ...rowsWithin(property, path)]
  })
}

function rowsWithin(property: JsonObject, path: string): string[][] {
  const items = itemsOf(property)
  return items === undefined ? propertyRows(property, `${path}.`) : propertyRows(items, `${path}[].`)
}

/** A property with a default is optional, even if the schema requires it. */
function describeProperty(property: JsonObject, isRequired: boolean): string {
  const { default: standard } = property
  return sentence([
    ...(isRequired && standard === undefined ? ['required'] : []),
    ...valueText(property),
    ...(standard === undefined ? [] : [`default ${shown(standard)}`]),
  ])
}

/** Describes the values of a schema; omits a pattern if there is a list of values. */
function valueText(schema: JsonObject): string[] {
  if (schema.const !== undefined) return [shown(schema.const)]
  if (schema.enum !== undefined) return [`one of ${listed(schema.enum as readonly Json[])}`]
  const items = itemsOf(schema)
  const ofItems = items === undefined || items.properties !== undefined ? [] : [`each ${sentence(valueText(items))}`]
  return [String(schema.type ?? 'any'), ...bounds(schema), ...ofItems]
}

function itemsOf({ items }: JsonObject): JsonObject | undefined {
  return items === undefined ? undefined : (items as JsonObject)
}

interface Bounds {
  readonly pattern?: unknown
  readonly minLength?: unknown
  readonly maxLength?: unknown
  readonly minimum?: unknown
  readonly maximum?: unknown
  readonly maxItems?: unknown
}

function bounds({ pattern, minLength, maxLength, minimum, maximum, maxItems }: Bounds): string[] {
  return [
    ...range(minLength, maxLength, ' characters'),
    ...range(minimum, maximum, ''),
    ...range(undefined, maxItems, ' items'),
    ...(typeof pattern === 'string' ? [code(pattern)] : []),
  ]
}

function range(least: unknown, most: unknown, unit: string): string[] {
  if (least === undefined && most === undefined) return []
  if (least === undefined) return [`at most ${most}${unit}`]
  return [most === undefined ? `at least ${least}${unit}` : `${least} to ${most}${unit}`]
}

function listed(values: readonly Json[]): string {
  return values.map(shown).join(', ')
}

function shown(value: Json): string {
  return code(typeof value === 'string' ? value : JSON.stringify(value))
}

function sentence(parts: readonly string[]): string {
  return parts.join('; ')
}
