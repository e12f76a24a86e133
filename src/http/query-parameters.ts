import { Type } from '@sinclair/typebox'
import type { HttpServer } from './http-server.ts'

const none = Type.Object({}, { additionalProperties: false })

/**
 * Rejects query parameters that a route does not declare. A parameter that is ignored may change the meaning of a request:
 * `POST /jobs?dryRun=true` would submit the job. A schema that permits other parameters is a programming error and fails the
 * start. Must be registered before any route that it applies to.
 */
export function rejectUnknownParameters(server: HttpServer): void {
  server.addHook('onRoute', (route) => {
    const { querystring = none } = (route.schema ?? {}) as { querystring?: { additionalProperties?: boolean } }
    if (querystring.additionalProperties !== false)
      throw new Error(`${route.method} ${route.url} permits any query parameter: set \`additionalProperties: false\`.`)
    route.schema = { ...route.schema, querystring }
  })
}
