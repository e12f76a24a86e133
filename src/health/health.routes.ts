import { Type } from '@sinclair/typebox'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { noConnection } from '../vocabulary/api-error.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { connectionReaders } from '../vocabulary/scopes.ts'
import { healthSchemas } from './health.schemas.ts'
import { connectionView, measuredAt, providerView } from './health.view.ts'
import type { ReadHealth } from './provider-health.ts'

export interface HealthRoutesDeps {
  read: ReadHealth
  clock: { now(): Date }
}

const windowNote =
  'of the last hour, as recorded by all processes. Processes record their calls every 10 seconds. Does not contact the provider.'

/** Registers the health of connections, alone and by provider. A project sees its own connections, with any key. */
export async function registerHealth(server: HttpServer, { read, clock }: HealthRoutesDeps): Promise<void> {
  for (const schema of healthSchemas) server.addSchema(schema)
  server.get(
    '/providers/health',
    {
      config: { scopes: connectionReaders },
      schema: {
        tags: ['Providers'],
        operationId: 'getProviderHealth',
        summary: 'Get the health of providers',
        description: `Calls, errors and latency by provider ${windowNote} Covers the connections of the project. Not paginated.`,
        response: { 200: Type.Ref('ProviderHealthList'), ...errorResponses() },
      },
    },
    async (request) => {
      const rows = await read({ projectId: request.caller.projectId, connectionId: null })
      return { data: rows.map(providerView), ...measuredAt(rows[0]?.measuredAt ?? clock.now()) }
    },
  )
  server.get(
    '/connections/:id/health',
    {
      config: { scopes: connectionReaders },
      schema: {
        tags: ['Connections'],
        operationId: 'getConnectionHealth',
        summary: "Get a connection's health",
        description: `Calls, errors and latency ${windowNote}`,
        params: Type.Object({ id: idSchema('connection', 'Connection id.') }),
        response: { 200: Type.Ref('ConnectionHealth'), ...errorResponses(404) },
      },
    },
    async (request) => {
      const { id } = request.params as { id: string }
      const [row] = await read({ projectId: request.caller.projectId, connectionId: id })
      if (row === undefined) throw noConnection(id)
      return connectionView(id, row)
    },
  )
}
