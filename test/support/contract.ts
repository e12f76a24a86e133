import { readFileSync } from 'node:fs'

/** JSON schema, limited to the keywords of this contract. */
export interface Schema {
  $ref?: string
  type?: string | readonly string[]
  enum?: readonly unknown[]
  const?: unknown
  anyOf?: readonly Schema[]
  properties?: Readonly<Record<string, Schema>>
  patternProperties?: Readonly<Record<string, Schema>>
  additionalProperties?: boolean | Schema
  propertyNames?: Schema
  required?: readonly string[]
  items?: Schema
  pattern?: string
  format?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  minItems?: number
  maxItems?: number
  uniqueItems?: boolean
  minProperties?: number
  maxProperties?: number
  [keyword: string]: unknown
}

/** Operation of the committed OpenAPI document. */
export interface Operation {
  id: string
  method: string
  /** Path template, with `{id}`. */
  path: string
  /** Schema of the request body; null = none. */
  body: Schema | null
  query: readonly { name: string; schema: Schema }[]
  /** Documented request headers, in lower case. */
  headers: readonly string[]
  /** Documented response statuses. */
  statuses: readonly number[]
  /** Documented response headers by status, in lower case. */
  responseHeaders: Readonly<Record<number, readonly string[]>>
}

interface Documented {
  operationId: string
  tags: readonly string[]
  requestBody?: { content: { 'application/json': { schema: Schema } } }
  parameters?: readonly { in: string; name: string; schema: Schema }[]
  responses: Readonly<Record<string, DocumentedResponse>>
}

interface DocumentedResponse {
  $ref?: string
  headers?: object
}

interface OpenApi {
  paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>
  components: {
    schemas: Readonly<Record<string, Schema>>
    responses: Readonly<Record<string, DocumentedResponse>>
  }
}

const file = new URL('../../openapi/openapi.json', import.meta.url)

/** The committed contract. `npm run openapi:check` verifies that it matches the routes. */
export const document = JSON.parse(readFileSync(file, 'utf8')) as OpenApi

export const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId, requestBody, parameters = [], responses }]) => ({
    id: operationId,
    method: method.toUpperCase(),
    path,
    body: requestBody?.content['application/json'].schema ?? null,
    query: parameters.filter((parameter) => parameter.in === 'query'),
    headers: parameters.flatMap((parameter) => (parameter.in === 'header' ? [parameter.name] : [])),
    statuses: Object.keys(responses).flatMap((status) => (status === 'default' ? [] : [Number(status)])),
    responseHeaders: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [
        status,
        Object.keys(resolvedResponse(response).headers ?? {}).map((name) => name.toLowerCase()),
      ]),
    ),
  })),
)

/** Resolves a `$ref` to a shared response. */
export function resolvedResponse<R extends DocumentedResponse>(response: R): R {
  if (response.$ref === undefined) return response
  const found = document.components.responses[response.$ref.split('/').at(-1) ?? '']
  if (found === undefined) throw new Error(`The contract has no ${response.$ref}.`)
  return found as R
}

/** Resolves a `$ref`. */
export function resolved(schema: Schema): Schema {
  if (schema.$ref === undefined) return schema
  const found = document.components.schemas[schema.$ref.split('/').at(-1) ?? '']
  if (found === undefined) throw new Error(`The contract has no ${schema.$ref}.`)
  return found
}
