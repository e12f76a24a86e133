import type { FastifyRequest, RouteOptions } from 'fastify'
import type { HttpServer } from './http-server.ts'

/**
 * What is deprecated: an operation, one of its parameters, or a field of a schema (`resources.flavor`). A field of a
 * request is named from the schema of the whole body: `jobs.resources.flavor` of `JobBatchRequest`.
 */
export type Deprecated = { operationId: string; parameter?: string } | { schema: string; field: string }

export interface Deprecation {
  what: Deprecated
  /** Deprecated since. */
  since: Date
  /** Not removed before; absent = not decided. */
  sunset?: Date
  /** What to use instead, as a sentence. */
  replacement: string
}

/** Everything that is deprecated in this version. docs/compatibility.md states how long it remains. */
export const deprecations: readonly Deprecation[] = []

interface RouteSchema {
  operationId?: string
  headers?: { properties?: object }
  body?: { $ref?: string }
}

/** The parts of a route that an entry may name. */
interface Documented {
  operationId: string | undefined
  /** Headers, by their name in lower case. */
  headers: object
  /** Name of the body's schema. */
  body: string | undefined
}

/**
 * Sends `Deprecation` (RFC 9745) and `Sunset` (RFC 8594) if a request uses something deprecated. Fields of responses
 * are marked only in the OpenAPI document. Must be registered before any route.
 */
export function announceDeprecations(server: HttpServer, table: readonly Deprecation[]): void {
  if (table.length === 0) return
  server.addHook('onRoute', (route) => {
    const documented = documentedOf(route)
    const relevant = table.filter(({ what }) => appliesTo(what, documented))
    if (relevant.length === 0) return
    route.preValidation = [
      async (request, reply) => {
        const used = relevant.filter(({ what }) => isUsed(what, request, documented))
        if (used.length > 0) void reply.headers(headersOf(used))
      },
      ...[route.preValidation ?? []].flat(),
    ]
  })
}

function documentedOf({ schema = {}, config }: RouteOptions): Documented {
  const { operationId, headers, body } = schema as RouteSchema
  return { operationId, headers: headers?.properties ?? {}, body: config?.documentedBody ?? body?.$ref }
}

function appliesTo(what: Deprecated, { operationId, body }: Documented): boolean {
  return 'operationId' in what ? what.operationId === operationId : what.schema === body
}

function isUsed(what: Deprecated, { query, headers, body }: FastifyRequest, documented: Documented): boolean {
  if ('schema' in what) return hasField(body, what.field.split('.'))
  if (what.parameter === undefined) return true
  const header = what.parameter.toLowerCase()
  return Object.hasOwn(documented.headers, header) ? header in headers : what.parameter in (query as object)
}

/** Whether a value has a field, in any item of the lists on the path. */
function hasField(value: unknown, [name, ...inner]: readonly string[]): boolean {
  if (Array.isArray(value)) return value.some((item) => hasField(item, name === undefined ? [] : [name, ...inner]))
  if (name === undefined) return true
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return false
  return hasField((value as Record<string, unknown>)[name], inner)
}

/** The earliest dates of what the request uses: a structured date, and an HTTP date. */
function headersOf(used: readonly Deprecation[]): Record<string, string> {
  const earliest = (dates: readonly Date[]) => new Date(Math.min(...dates.map(Number)))
  const sunsets = used.flatMap(({ sunset }) => (sunset === undefined ? [] : [sunset]))
  return {
    deprecation: `@${Math.floor(earliest(used.map(({ since }) => since)).getTime() / 1000)}`,
    ...(sunsets.length === 0 ? {} : { sunset: earliest(sunsets).toUTCString() }),
  }
}
