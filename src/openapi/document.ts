/** The parts of an OpenAPI document that are completed here. Everything else passes through unchanged. */

export interface Schema {
  $ref?: string
  properties?: Record<string, Schema>
  items?: Schema
  description?: string
  deprecated?: boolean
  [keyword: string]: unknown
}

export interface Header {
  $ref?: string
  description?: string
  required?: boolean
  schema?: Schema
}

export interface MediaType {
  schema?: Schema
  examples?: Record<string, { summary?: string; value: unknown }>
}

export interface Response {
  $ref?: string
  description?: string
  headers?: Record<string, Header>
  content?: Record<string, MediaType>
}

export interface Parameter {
  in: string
  name: string
  description?: string
  deprecated?: boolean
  schema?: Schema
  [field: string]: unknown
}

export interface Operation {
  operationId: string
  description?: string
  deprecated?: boolean
  /** Empty = no key is needed. */
  security?: readonly object[]
  parameters?: Parameter[]
  requestBody?: { content: Record<string, MediaType>; [field: string]: unknown }
  responses: Record<string, Response>
  [field: string]: unknown
}

export interface OpenApiDocument {
  paths: Record<string, Record<string, Operation>>
  webhooks?: Record<string, Record<string, Operation>>
  components: {
    schemas: Record<string, Schema>
    headers?: Record<string, Header>
    responses?: Record<string, Response>
    [kind: string]: object | undefined
  }
  [field: string]: unknown
}

export function operationsOf({ paths }: OpenApiDocument): Operation[] {
  return Object.values(paths).flatMap((methods) => Object.values(methods))
}

/** Name at the end of a reference. */
export function nameOf(ref: string): string {
  return ref.split('/').at(-1) ?? ''
}

/** A schema, or the component that it refers to. */
export function resolvedSchema({ components }: OpenApiDocument, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema
  const found = components.schemas[nameOf(schema.$ref)]
  if (found === undefined) throw new Error(`The OpenAPI document has no ${schema.$ref}.`)
  return found
}
