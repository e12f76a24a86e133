import { type Static, Type } from '@sinclair/typebox'
import { pageResponse, positionIn } from '../http/cursor.ts'
import { withHeaders } from '../http/headers.ts'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { idSchema } from '../vocabulary/ids.ts'
import { instantOf } from '../vocabulary/instant.ts'
import type { Scope } from '../vocabulary/scopes.ts'
import type { ApiKey } from './api-key.ts'
import { keyQuery } from './project.schemas.ts'
import type { KeyWithSecret, ProjectService } from './project-service.ts'

const tags = ['Administration']
const config = { scopes: ['admin'] as const }
const params = Type.Object({ id: idSchema('apiKey', 'API key id.') })

export function registerApiKeys(server: HttpServer, service: ProjectService): void {
  registerCollection(server, service)
  registerOne(server, service)
  registerRotation(server, service)
}

function registerCollection(server: HttpServer, service: ProjectService): void {
  server.post(
    '/api-keys',
    {
      config,
      schema: {
        tags,
        operationId: 'createApiKey',
        summary: 'Create an API key',
        description: 'The key is shown only once and stored as a hash.',
        body: Type.Ref('ApiKeyRequest'),
        response: { 201: withHeaders(Type.Ref('ApiKeyWithSecret'), 'Location'), ...errorResponses(404, 413, 415) },
      },
    },
    async (request, reply) => {
      const { projectId, by } = request.caller
      const body = request.body as { name: string; projectId?: string; scopes: Scope[]; expiresAt?: string }
      const key = await service.createKey(
        { ...body, projectId: body.projectId ?? projectId, expiresAt: timeOf(body.expiresAt) },
        by,
      )
      return reply.code(201).header('location', `/api-keys/${key.id}`).send(freshViewOf(key))
    },
  )
  server.get(
    '/api-keys',
    {
      config,
      schema: {
        tags,
        operationId: 'listApiKeys',
        summary: 'List API keys',
        description:
          'API keys of all projects, oldest first, including expired and revoked ones. Secrets are not returned.',
        querystring: keyQuery,
        response: { 200: Type.Ref('ApiKeyPage'), ...errorResponses() },
      },
    },
    async (request) => {
      const { limit = 50, cursor, ...filters } = request.query as Static<typeof keyQuery>
      const list = { name: 'api-keys', filters }
      const after = positionIn<{ id: string }>(cursor, list)?.id ?? null
      const found = await service.listKeys({ projectId: filters.projectId ?? null, after, limit: limit + 1 })
      return pageResponse(found, { limit, list, view: viewOf })
    },
  )
}

function registerOne(server: HttpServer, service: ProjectService): void {
  server.get(
    '/api-keys/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'getApiKey',
        summary: 'Get an API key',
        description: 'Returns scopes, expiry and last use of the key. The secret is not returned.',
        params,
        response: { 200: Type.Ref('ApiKey'), ...errorResponses(404) },
      },
    },
    async (request) => viewOf(await service.key((request.params as { id: string }).id)),
  )
  server.delete(
    '/api-keys/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'revokeApiKey',
        summary: 'Revoke an API key',
        description: 'Takes effect within 5 seconds. The record is kept for the audit log.',
        params,
        response: { 200: Type.Ref('ApiKey'), ...errorResponses(404) },
      },
    },
    async (request) => viewOf(await service.revokeKey((request.params as { id: string }).id, request.caller.by)),
  )
}

function registerRotation(server: HttpServer, service: ProjectService): void {
  server.post(
    '/api-keys/:id/rotate',
    {
      config,
      schema: {
        tags,
        operationId: 'rotateApiKey',
        summary: 'Rotate an API key',
        description:
          'The new key has the same project, name and scopes, and the same lifetime unless `expiresAt` is set. The old key stays valid for `overlapSeconds`.',
        params,
        body: Type.Ref('ApiKeyRotation'),
        response: { 201: withHeaders(Type.Ref('ApiKeyWithSecret'), 'Location'), ...errorResponses(404, 409, 413, 415) },
      },
    },
    async (request, reply) => {
      const { overlapSeconds = 86_400, expiresAt } = request.body as { overlapSeconds?: number; expiresAt?: string }
      const { id } = request.params as { id: string }
      const key = await service.rotateKey(id, { overlapSeconds, expiresAt: timeOf(expiresAt) }, request.caller.by)
      return reply.code(201).header('location', `/api-keys/${key.id}`).send(freshViewOf(key))
    },
  )
}

function timeOf(text: string | undefined): Date | null {
  return text === undefined ? null : instantOf(text, { in: 'body', pointer: '/expiresAt' })
}

function viewOf({ id, projectId, name, scopes, createdAt, expiresAt, revokedAt, lastUsedAt }: ApiKey) {
  return {
    ...{ id, projectId, name, scopes, createdAt: createdAt.toISOString() },
    ...(expiresAt === null ? {} : { expiresAt: expiresAt.toISOString() }),
    ...(revokedAt === null ? {} : { revokedAt: revokedAt.toISOString() }),
    ...(lastUsedAt === null ? {} : { lastUsedAt: lastUsedAt.toISOString() }),
  }
}

function freshViewOf(key: KeyWithSecret) {
  return { ...viewOf(key), key: key.key }
}
