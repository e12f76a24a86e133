import { type Static, Type } from '@sinclair/typebox'
import { ownerOf } from '../http/caller.ts'
import { pageResponse, positionIn } from '../http/cursor.ts'
import { withHeaders } from '../http/headers.ts'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import type { CreationHold } from '../workloads/maintenance/creation-holds.repository.ts'
import type { CreationHolds } from '../workloads/maintenance/creation-holds.ts'
import { creationHoldQuery, creationHoldSchemas, holdId } from './creation-hold.schemas.ts'

const tags = ['Administration']
const config = { scopes: ['admin'] as const }
const params = Type.Object({ id: holdId })

interface HoldBody {
  provider?: string
  connectionId?: string
  projectId?: string
  note?: string
}

/** Registers holds of new creates. */
export function registerCreationHolds(server: HttpServer, holds: CreationHolds): void {
  for (const schema of creationHoldSchemas) server.addSchema(schema)
  registerCollection(server, holds)
  registerOne(server, holds)
}

function registerCollection(server: HttpServer, holds: CreationHolds): void {
  server.post(
    '/creation-holds',
    {
      config,
      schema: {
        tags,
        operationId: 'createCreationHold',
        summary: 'Hold new creates',
        description:
          'Until it is released, no new create is sent for the given provider, connection or project. Requests are still accepted and wait with reason `held`; existing objects are still observed, and cancels, starts, stops and deletes are carried out. Creates that were sent before are recovered as usual.',
        body: Type.Ref('CreationHoldRequest'),
        response: { 201: withHeaders(Type.Ref('CreationHold'), 'Location'), ...errorResponses(409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const { provider = null, connectionId = null, projectId = null, note = '' } = request.body as HoldBody
      const hold = await holds.create({ provider, connectionId, projectId, note }, ownerOf(request))
      return reply.code(201).header('location', `/creation-holds/${hold.id}`).send(viewOf(hold))
    },
  )
  server.get(
    '/creation-holds',
    {
      config,
      schema: {
        tags,
        operationId: 'listCreationHolds',
        summary: 'List holds of new creates',
        description: 'Active and released holds, oldest first.',
        querystring: creationHoldQuery,
        response: { 200: Type.Ref('CreationHoldPage'), ...errorResponses() },
      },
    },
    async (request) => {
      const { limit = 50, cursor, active } = request.query as Static<typeof creationHoldQuery>
      const list = { name: 'creation-holds', filters: active === undefined ? {} : { active } }
      const after = positionIn<{ id: string }>(cursor, list)?.id ?? null
      const found = await holds.list({ active: active ?? null, after, limit: limit + 1 })
      return pageResponse(found, { limit, list, view: viewOf })
    },
  )
}

function registerOne(server: HttpServer, holds: CreationHolds): void {
  server.get(
    '/creation-holds/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'getCreationHold',
        summary: 'Get a hold of new creates',
        description: 'Returns an active or released hold.',
        params,
        response: { 200: Type.Ref('CreationHold'), ...errorResponses(404) },
      },
    },
    async (request) => viewOf(await holds.get((request.params as { id: string }).id)),
  )
  server.delete(
    '/creation-holds/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'releaseCreationHold',
        summary: 'Release a hold of new creates',
        description: 'Workloads that wait for it become due, unless another hold applies. Repeatable.',
        params,
        response: { 200: Type.Ref('CreationHold'), ...errorResponses(404) },
      },
    },
    async (request) => viewOf(await holds.release((request.params as { id: string }).id, ownerOf(request))),
  )
}

function viewOf({ id, provider, connectionId, projectId, note, createdBy, createdAt, releasedAt }: CreationHold) {
  return {
    id,
    ...(provider === null ? {} : { provider }),
    ...(connectionId === null ? {} : { connectionId }),
    ...(projectId === null ? {} : { projectId }),
    ...{ note, createdBy, createdAt: createdAt.toISOString() },
    ...(releasedAt === null ? {} : { releasedAt: releasedAt.toISOString() }),
  }
}
