import { type Static, type TObject, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { etagOf, sendRecord, targetOf } from '../http/conditional.ts'
import { pageAnswer, positionIn } from '../http/cursor.ts'
import { changeHeaders, readHeaders, withHeaders } from '../http/headers.ts'
import { notModified, refusals } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { idSchema } from '../vocabulary/ids.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Scope } from '../vocabulary/scopes.ts'
import type { ChangeConnection, ConnectionPatch } from './change-connection.ts'
import { connectionQuery, type makeConnectionSchemas } from './connection.schemas.ts'
import { viewOf } from './connection.view.ts'
import type { ConnectionQuestions } from './connection-questions.ts'
import type { ConnectionRequest, ConnectionService } from './connection-service.ts'

export interface ConnectionRoutesDeps {
  schemas: ReturnType<typeof makeConnectionSchemas>
  service: ConnectionService
  questions: ConnectionQuestions
  change: ChangeConnection
  /** What a provider can do with these settings; its schema is handed in by the composition. */
  describe(provider: string, settings: JsonObject): object
  capabilitiesSchemaId: string
}

const params = Type.Object({ id: idSchema('connection', 'The connection.') })
const tags = ['Connections']
const managers: readonly Scope[] = ['connections:manage']
/** Whoever submits may see over which connections; nothing secret is shown. */
const readers: readonly Scope[] = [
  'connections:manage',
  'jobs:read',
  'jobs:write',
  'environments:read',
  'environments:write',
]

export async function registerConnections(server: HttpServer, deps: ConnectionRoutesDeps): Promise<void> {
  for (const schema of Object.values(deps.schemas) as TObject[]) server.addSchema(schema)
  registerCollection(server, deps)
  registerOne(server, deps)
  registerChange(server, deps)
  registerQuestions(server, deps)
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
        summary: 'Connect an account at a provider',
        description: 'Credentials are encrypted and never shown again. Nothing is sent to the provider; see verify.',
        body: Type.Ref('ConnectionRequest'),
        response: { 201: withHeaders(Type.Ref('Connection'), 'ETag', 'Location'), ...refusals(409, 413, 415, 422) },
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
        querystring: connectionQuery,
        response: { 200: Type.Ref('ConnectionPage'), ...refusals() },
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
      return pageAnswer(found, { limit, list, view: viewOf })
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
        summary: 'Read a connection',
        params,
        headers: readHeaders,
        response: { 200: withHeaders(Type.Ref('Connection'), 'ETag'), ...notModified(), ...refusals(404) },
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
        summary: 'Forget a connection and its credentials',
        description: 'Refused while jobs or environments over it have not ended.',
        params,
        headers: changeHeaders,
        response: { 204: Type.Null({ description: 'It is gone.' }), ...refusals(404, 409, 412) },
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
        summary: 'Change a connection',
        description:
          'New credentials take effect without a restart. A hold stops everything that would be sent over it.',
        params,
        headers: changeHeaders,
        body: Type.Ref('ConnectionPatch'),
        response: { 200: withHeaders(Type.Ref('Connection'), 'ETag'), ...refusals(404, 409, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const connection = await change(targetOf(request), request.body as ConnectionPatch)
      return reply.header('etag', etagOf(connection)).send(viewOf(connection))
    },
  )
}

function registerQuestions(
  server: HttpServer,
  { service, questions, describe, capabilitiesSchemaId }: ConnectionRoutesDeps,
): void {
  server.post(
    '/connections/:id/verify',
    {
      config: { scopes: managers },
      schema: {
        tags,
        operationId: 'verifyConnection',
        summary: 'Ask the provider whether it takes the credentials',
        description:
          'Makes one harmless call. The answer names the wrong field where the provider tells. A yes ends a pause, and what waited for that goes on.',
        params,
        response: { 200: Type.Ref('Verification'), ...refusals(404) },
      },
    },
    async (request) => questions.verify(request.caller, idOf(request)),
  )
  server.get(
    '/connections/:id/capabilities',
    {
      config: { scopes: readers },
      schema: {
        tags,
        operationId: 'getConnectionCapabilities',
        summary: 'What can be done over this connection',
        description: "Some of a provider's capabilities depend on the settings of the connection.",
        params,
        response: { 200: Type.Ref(capabilitiesSchemaId), ...refusals(404) },
      },
    },
    async (request) => {
      const connection = await service.get(request.caller.projectId, idOf(request))
      return describe(connection.provider, connection.settings)
    },
  )
}

function registerCatalog(server: HttpServer, { questions }: ConnectionRoutesDeps): void {
  server.get(
    '/connections/:id/catalog',
    {
      config: { scopes: readers },
      schema: {
        tags,
        operationId: 'getConnectionCatalog',
        summary: 'What can be chosen from',
        description: 'Flavors, images, queues and the like, asked from the provider now.',
        params,
        response: { 200: Type.Ref('ConnectionCatalog'), ...refusals(404, 422, 502) },
      },
    },
    async (request) => questions.catalog(request.caller.projectId, idOf(request)),
  )
}

function registerOrphans(server: HttpServer, { questions }: ConnectionRoutesDeps): void {
  server.get(
    '/connections/:id/orphans',
    {
      config: { scopes: managers },
      schema: {
        tags,
        operationId: 'listConnectionOrphans',
        summary: 'Objects at the provider that nobody here answers for',
        description:
          'Active, with a mark of this installation, and of no live record. Walks the lists of the provider; nothing is deleted by itself.',
        params,
        response: { 200: Type.Ref('OrphanReport'), ...refusals(404, 502) },
      },
    },
    async (request) => questions.orphans(request.caller.projectId, idOf(request)),
  )
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id
}
