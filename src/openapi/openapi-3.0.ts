import type { OpenApiDocument } from './document.ts'

type Json = Record<string, unknown>

/**
 * Renders the document as OpenAPI 3.0.3, for tools that read nothing newer. The result accepts at least what the original
 * accepts. Webhooks, which 3.0 lacks, become `x-webhooks`. Translates the keywords that the document contains, not all of JSON Schema; a test lists them. The given document
 * is not changed.
 */
export function asOpenApi30(document: OpenApiDocument): object {
  const { jsonSchemaDialect: _dialect, openapi: _version, info, webhooks, ...rest } = structuredClone(document)
  const { license, summary: _summary, ...about } = (info ?? {}) as Json & { license?: Json }
  const { identifier: _identifier, ...licenseName } = license ?? {}
  const shown = { ...about, ...(license && { license: licenseName }) }
  const received = webhooks && { 'x-webhooks': webhooks }
  return visited({ openapi: '3.0.3', info: shown, ...rest, ...received }, translateWithin) as object
}

type Visit = (value: Json, key: string) => Json

/** Positions that hold one schema, a list of schemas, or schemas by name. */
const oneSchema: ReadonlySet<string> = new Set(['schema', 'items', 'additionalProperties'])
const schemaLists: ReadonlySet<string> = new Set(['anyOf', 'allOf'])
const schemaMaps: ReadonlySet<string> = new Set(['properties', 'schemas'])
/** Data, not structure. */
const opaque: ReadonlySet<string> = new Set(['example', 'examples', 'enum'])

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

/** One schema in the terms of 3.0; its inner schemas are translated when they are visited. */
function translated(schema: Json): Json {
  // A schema that is already translated stays the same, so the order of the visit does not matter.
  // 3.0 has no rules for keys of maps.
  const { $ref, examples, anyOf, propertyNames: _, ...rest } = schema
  // In 3.0 a reference has no sibling keywords.
  if ($ref !== undefined) return Object.keys(schema).length === 1 ? schema : { allOf: [{ $ref }], ...annotations(rest) }
  return {
    ...rest,
    ...alternatives(anyOf),
    ...(Array.isArray(examples) && rest.example === undefined ? { example: examples[0] } : {}),
  }
}

function annotations({ description, deprecated }: Json): Json {
  return { ...(description === undefined ? {} : { description }), ...(deprecated === true ? { deprecated } : {}) }
}

/** An alternative `null` is a flag in 3.0. A single remaining alternative is kept as `allOf`, with the flag. */
function alternatives(anyOf: unknown): Json {
  if (!Array.isArray(anyOf)) return {}
  const rest = anyOf.filter((each) => (each as Json).type !== 'null')
  if (rest.length === anyOf.length) return { anyOf }
  const [only] = rest as Json[]
  if (rest.length > 1 || only === undefined) return { anyOf: rest, nullable: true }
  // 3.0 tools accept `nullable` only with a type; all referenced schemas with a null alternative are objects.
  return '$ref' in only ? { type: 'object', allOf: [only], nullable: true } : { ...translated(only), nullable: true }
}
