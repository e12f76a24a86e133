import { type Static, type TObject, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { etagOf, sendRecord, targetOf } from '../http/conditional.ts'
import { pageResponse, positionIn } from '../http/cursor.ts'
import { changeHeaders, readHeaders, withHeaders } from '../http/headers.ts'
import { errorResponses, notModified } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { idSchema } from '../vocabulary/ids.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import { connectionReaders as readers, type Scope } from '../vocabulary/scopes.ts'
import type { ChangeConnection, ConnectionPatch } from './change-connection.ts'
import { connectionQuery, type makeConnectionSchemas } from './connection.schemas.ts'
import { viewOf } from './connection.ts'
import type { ConnectionQueries } from './connection-queries.ts'
import type { ConnectionRequest, ConnectionService } from './connection-service.ts'

export interface ConnectionRoutesDeps {
  schemas: ReturnType<typeof makeConnectionSchemas>
  service: ConnectionService
  queries: ConnectionQueries
  change: ChangeConnection
  /** The capabilities of a provider with these settings; the container provides the schema. */
  describe(provider: string, settings: JsonObject): object
  capabilitiesSchemaId: string
}

const params = Type.Object({ id: idSchema('connection', 'Connection id.') })
const tags = ['Connections']
const managers: readonly Scope[] = ['connections:manage']

export async function registerConnections(server: HttpServer, deps: ConnectionRoutesDeps): Promise<void> {
  for (const schema of Object.values(deps.schemas) as TObject[]) server.addSchema(schema)
  registerCollection(server, deps)
  registerOne(server, deps)
  registerChange(server, deps)
  registerQueries(server, deps)
  registerCatalog(server, deps)
  registerOrphans(server, deps)
}

function registerCollection(server: HttpServer, { service }: ConnectionRoutesDeps): void {
  server.post(
    '/connections',
    {
      config: { scopes: managers },
      schema: {
        tags,
        operationId: 'createConnection',
        summary: 'Create a connection',
        description: 'Credentials are encrypted and never returned. Does not contact the provider; use verify.',
        body: Type.Ref('ConnectionRequest'),
        response: {
          201: withHeaders(Type.Ref('Connection'), 'ETag', 'Location'),
          ...errorResponses(409, 413, 415, 422),
        },
      },
    },
    async (request, reply) => {
      const connection = await service.create(request.caller, request.body as ConnectionRequest)
      return reply
        .code(201)
        .headers({ location: `/connections/${connection.id}`, etag: etagOf(connection) })
        .send(viewOf(connection))
    },
  )
  server.get(
    '/connections',
    {
      config: { scopes: readers },
      schema: {
        tags,
        operationId: 'listConnections',
        summary: 'List connections',
        description: 'Connections of the project, oldest first. Credentials are never returned.',
        querystring: connectionQuery,
        response: { 200: Type.Ref('ConnectionPage'), ...errorResponses() },
      },
    },
    async (request) => {
      const { limit = 50, cursor, ...filters } = request.query as Static<typeof connectionQuery>
      const list = { name: 'connections', filters }
      const after = positionIn<{ id: string }>(cursor, list)?.id ?? null
      const found = await service.list(request.caller.projectId, {
        provider: filters.provider ?? null,
        after,
        limit: limit + 1,
      })
      return pageResponse(found, { limit, list, view: viewOf })
    },
  )
}

function registerOne(server: HttpServer, { service }: ConnectionRoutesDeps): void {
  server.get(
    '/connections/:id',
    {
      config: { scopes: readers },
      schema: {
        tags,
        operationId: 'getConnection',
        summary: 'Get a connection',
        description: 'Returns settings and state. Credentials are never returned.',
        params,
        headers: readHeaders,
        response: { 200: withHeaders(Type.Ref('Connection'), 'ETag'), ...notModified(), ...errorResponses(404) },
      },
    },
    async (request, reply) => {
      const connection = await service.get(request.caller.projectId, idOf(request))
      return sendRecord(request, reply, connection, viewOf(connection))
    },
  )
  server.delete(
    '/connections/:id',
    {
      config: { scopes: managers },
      schema: {
        tags,
        operationId: 'deleteConnection',
        summary: 'Delete a connection',
        description:
          'Deletes the connection and its credentials. Returns 409 while active jobs or environments use it.',
        params,
        headers: changeHeaders,
        response: { 204: Type.Null({ description: 'Deleted.' }), ...errorResponses(404, 409, 412) },
      },
    },
    async (request, reply) => {
      await service.remove(targetOf(request))
      return reply.code(204).send(null)
    },
  )
}

function registerChange(server: HttpServer, { change }: ConnectionRoutesDeps): void {
  server.patch(
    '/connections/:id',
    {
      config: { scopes: managers },
      schema: {
        tags,
        operationId: 'updateConnection',
        summary: 'Update a connection',
        description:
          'New credentials take effect without a restart. `held: true` suspends all calls over the connection.',
        params,
        headers: changeHeaders,
        body: Type.Ref('ConnectionPatch'),
        response: { 200: withHeaders(Type.Ref('Connection'), 'ETag'), ...errorResponses(404, 409, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const connection = await change(targetOf(request), request.body as ConnectionPatch)
      return reply.header('etag', etagOf(connection)).send(viewOf(connection))
    },
  )
}

function registerQueries(
  server: HttpServer,
  { service, queries, describe, capabilitiesSchemaId }: ConnectionRoutesDeps,
): void {
  server.post(
    '/connections/:id/verify',
    {
      config: { scopes: managers },
      schema: {
        tags,
        operationId: 'verifyConnection',
        summary: 'Verify a connection',
        description:
          'Sends one read-only request to the provider. On failure, `field` names the invalid setting or credential if the provider reports it. On success, the connection is unpaused and waiting workloads resume.',
        params,
        response: { 200: Type.Ref('Verification'), ...errorResponses(404) },
      },
    },
    async (request) => queries.verify(request.caller, idOf(request)),
  )
  server.get(
    '/connections/:id/capabilities',
    {
      config: { scopes: readers },
      schema: {
        tags,
        operationId: 'getConnectionCapabilities',
        summary: "Get a connection's capabilities",
        description: "Returns the provider's capabilities as determined by the settings of this connection.",
        params,
        response: { 200: Type.Ref(capabilitiesSchemaId), ...errorResponses(404) },
      },
    },
    async (request) => {
      const connection = await service.get(request.caller.projectId, idOf(request))
      return describe(connection.provider, connection.settings)
    },
  )
}

function registerCatalog(server: HttpServer, { queries }: ConnectionRoutesDeps): void {
  server.get(
    '/connections/:id/catalog',
    {
      config: { scopes: readers },
      schema: {
        tags,
        operationId: 'getConnectionCatalog',
        summary: 'List available flavors, images and queues',
        description: 'Fetched live from the provider.',
        params,
        response: { 200: Type.Ref('ConnectionCatalog'), ...errorResponses(404, 422, 502) },
      },
    },
    async (request) => queries.catalog(request.caller.projectId, idOf(request)),
  )
}

function registerOrphans(server: HttpServer, { queries }: ConnectionRoutesDeps): void {
  server.get(
    '/connections/:id/orphans',
    {
      config: { scopes: managers },
      schema: {
        tags,
        operationId: 'listConnectionOrphans',
        summary: 'List orphaned remote objects',
        description:
          'Returns active remote objects tagged by this installation without a live record. Scans provider lists; deletes nothing.',
        params,
        response: { 200: Type.Ref('OrphanReport'), ...errorResponses(404, 502) },
      },
    },
    async (request) => queries.orphans(request.caller.projectId, idOf(request)),
  )
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id
}
