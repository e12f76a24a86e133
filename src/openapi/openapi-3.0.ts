import type { OpenApiDocument } from './document.ts'

type Json = Record<string, unknown>

/**
 * Renders the document as OpenAPI 3.0.3, for tools that read nothing newer. The result accepts at least what the original
 * accepts: keywords that 3.0 lacks are translated where it has a counterpart, and omitted otherwise. The given document is
 * not changed.
 */
export function asOpenApi30(document: OpenApiDocument): object {
  const { jsonSchemaDialect: _dialect, openapi: _version, info, ...rest } = structuredClone(document)
  const { license, summary: _summary, ...about } = (info ?? {}) as Json & { license?: Json }
  const { identifier: _identifier, ...licenseName } = license ?? {}
  const shown = { ...about, ...(license && { license: licenseName }) }
  return visited({ openapi: '3.0.3', info: shown, ...rest }, translateWithin) as object
}

type Visit = (value: Json, key: string) => Json

/** Positions that hold one schema, a list of schemas, or schemas by name. */
const oneSchema: ReadonlySet<string> = new Set(['schema', 'items', 'additionalProperties', 'not'])
const schemaLists: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'allOf'])
const schemaMaps: ReadonlySet<string> = new Set(['properties', 'schemas'])
/** Data, not structure. */
const opaque: ReadonlySet<string> = new Set(['example', 'examples', 'default', 'enum', 'const'])

/** Applies a function to each object of the document from the outside in, but not to example values. */
function visited(value: unknown, visit: Visit, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => visited(item, visit, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(visit(value as Json, key)).map(([name, inner]) => [
      name,
      opaque.has(name) && !schemaMaps.has(key) ? inner : visited(inner, visit, name),
    ]),
  )
}

const translateWithin: Visit = (value, key) => {
  if (key !== '' && (oneSchema.has(key) || schemaLists.has(key))) return translated(value)
  if (!schemaMaps.has(key)) return value
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, translated(schema as Json)]))
}

/** Keywords of JSON Schema 2020-12 without a counterpart in 3.0. */
const omitted: ReadonlySet<string> = new Set([
  ...['$id', '$schema', '$comment', '$defs', 'propertyNames', 'unevaluatedProperties', 'dependentRequired'],
  ...['contentSchema', 'contentMediaType', 'contentEncoding', 'if', 'then', 'else', 'prefixItems', 'contains'],
])

/** One schema in the terms of 3.0; its inner schemas are translated when they are visited. */
function translated(schema: Json): Json {
  // A schema that is already translated stays the same, so the order of the visit does not matter.
  const { $ref, type, const: constant, examples, patternProperties, anyOf, ...rest } = schema
  // In 3.0 nothing may be beside a reference.
  if ($ref !== undefined) return Object.keys(schema).length === 1 ? schema : { allOf: [{ $ref }], ...annotations(rest) }
  const kept = Object.fromEntries(Object.entries(rest).filter(([keyword]) => !omitted.has(keyword)))
  return {
    ...kept,
    ...typeOf(type),
    ...alternatives(anyOf),
    ...bound(rest, 'exclusiveMinimum', 'minimum'),
    ...bound(rest, 'exclusiveMaximum', 'maximum'),
    ...(constant === undefined ? {} : { enum: [constant] }),
    ...(Array.isArray(examples) && kept.example === undefined ? { example: examples[0] } : {}),
    ...mapOf(patternProperties, rest.additionalProperties),
  }
}

function annotations({ description, deprecated }: Json): Json {
  return { ...(description === undefined ? {} : { description }), ...(deprecated === true ? { deprecated } : {}) }
}

/** `null` is a flag in 3.0, and several types are alternatives. */
function typeOf(type: unknown): Json {
  if (type === undefined) return {}
  const types = [type].flat().filter((each) => each !== 'null')
  const flag = [type].flat().includes('null') ? { nullable: true } : {}
  if (types.length === 0) return { enum: [null], ...flag }
  return types.length === 1 ? { type: types[0], ...flag } : { anyOf: types.map((each) => ({ type: each })), ...flag }
}

/** An alternative `null` is a flag too. A single remaining alternative is kept as `allOf`, beside the flag. */
function alternatives(anyOf: unknown): Json {
  if (!Array.isArray(anyOf)) return {}
  const rest = anyOf.filter((each) => (each as Json).type !== 'null')
  if (rest.length === anyOf.length) return { anyOf }
  const [only] = rest as Json[]
  if (rest.length > 1 || only === undefined) return { anyOf: rest, nullable: true }
  // 3.0 tools accept `nullable` only beside a type; all referenced schemas with a null alternative are objects.
  return '$ref' in only ? { type: 'object', allOf: [only], nullable: true } : { ...translated(only), nullable: true }
}

/** An exclusive bound is a number in 3.1 and a flag of the bound in 3.0. */
function bound(schema: Json, exclusive: string, inclusive: string): Json {
  const limit = schema[exclusive]
  return typeof limit === 'number' ? { [inclusive]: limit, [exclusive]: true } : {}
}

/** Values of any key. 3.0 has no rules for keys. */
function mapOf(patternProperties: unknown, additional: unknown): Json {
  if (patternProperties === undefined) return {}
  const [only, ...more] = Object.values(patternProperties as Json)
  const isOpen = more.length > 0 || (additional !== undefined && additional !== false)
  return { additionalProperties: isOpen || only === undefined ? true : only }
}
