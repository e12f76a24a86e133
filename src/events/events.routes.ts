import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { isStillAuthenticated } from '../http/caller-validity.ts'
import { type StreamLifetime, type Streams, sendTexts } from '../http/event-stream.ts'
import { streamHeaders } from '../http/headers.ts'
import { cursorQuery, errorResponses, limitQuery } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { streamedAs } from '../http/stream.routes.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import { type Kind, kinds } from '../vocabulary/kinds.ts'
import { permits, type Scope } from '../vocabulary/scopes.ts'
import { ProjectEventPage, ProjectEventSchema } from './event.schemas.ts'
import type { Feed } from './feed.ts'
import type { Audience } from './feed-stream.ts'

export interface EventRoutesDeps {
  feed: Feed
  /** Opens the project's events as stream text. */
  open: (audience: Audience, lifetime: StreamLifetime) => Promise<AsyncIterable<string | Uint8Array>>
  streams: Streams
}

const scopeOf: Readonly<Record<Kind, Scope>> = { job: 'jobs:read', environment: 'environments:read' }
const about = { tags: ['Events'] }
const config = { scopes: Object.values(scopeOf) }
const cursor = Type.Optional({
  ...cursorQuery,
  description: '`endCursor` or `nextCursor` of a page, or the `id` of a stream message.',
})

/** Registers the event feed of a project, paginated and streamed. */
export async function registerEvents(server: HttpServer, deps: EventRoutesDeps): Promise<void> {
  for (const schema of [ProjectEventSchema, ProjectEventPage]) server.addSchema(schema)
  registerPages(server, deps)
  registerStream(server, deps)
}

function registerPages(server: HttpServer, { feed }: EventRoutesDeps): void {
  server.get(
    '/events',
    {
      config,
      schema: {
        ...about,
        operationId: 'listEvents',
        summary: 'List project events',
        description:
          "Oldest first, filtered by the key's scopes. A page may be shorter than `limit` even if more events exist. The order is stable and the same for all readers; within a record it follows `seq`.",
        querystring: Type.Object({ limit: Type.Optional(limitQuery), cursor }, { additionalProperties: false }),
        response: { 200: Type.Ref('ProjectEventPage'), ...errorResponses(410) },
      },
    },
    async (request) => {
      const { limit = 50, cursor: given = null } = request.query as { limit?: number; cursor?: string }
      const query = { kinds: kindsOf(request), cursor: given, limit }
      const { messages, position, isFull } = await feed.read(request.caller.projectId, query)
      const data = messages.map((message) => message.data)
      return { data, endCursor: position, ...(isFull ? { nextCursor: position } : {}) }
    },
  )
}

function registerStream(server: HttpServer, { open, streams }: EventRoutesDeps): void {
  server.get(
    '/events/stream',
    {
      exposeHeadRoute: false,
      config,
      schema: {
        ...about,
        operationId: 'streamEvents',
        summary: 'Stream project events',
        description:
          'Starts with new events, or after `Last-Event-ID` or `cursor`. Resuming with the last `id` loses no events; returns 410 if they have expired.',
        headers: streamHeaders,
        querystring: Type.Object({ cursor }, { additionalProperties: false }),
        produces: ['text/event-stream'],
        response: { ...streamedAs('ProjectEvent'), ...errorResponses(410) },
      },
    },
    async (request, reply) =>
      sendTexts(request, reply, streams, (lifetime) => {
        const audience = {
          projectId: request.caller.projectId,
          cursor: lastIdOf(request) ?? (request.query as { cursor?: string }).cursor ?? null,
          kinds: () => kindsOf(request),
          isPermitted: () => isStillAuthenticated(request),
        }
        return open(audience, lifetime).catch((error: unknown) => Promise.reject(blaming(request, error)))
      }),
  )
}

/** A reconnecting client repeats its original query and adds this header. */
function lastIdOf({ headers }: FastifyRequest): string | undefined {
  const lastId = headers['last-event-id']
  return typeof lastId === 'string' && lastId !== '' ? lastId : undefined
}

/** Reports a cursor error at the header if the cursor came from there. */
function blaming(request: FastifyRequest, error: unknown): unknown {
  if (!(error instanceof ApiError) || lastIdOf(request) === undefined) return error
  const errors = error.errors.map((validationError) => ({
    ...validationError,
    in: 'header' as const,
    pointer: 'last-event-id',
  }))
  return new ApiError(error.code, error.message.replace(/^cursor /, 'Last-Event-ID '), { errors })
}

function kindsOf({ caller }: FastifyRequest): readonly Kind[] {
  return kinds.filter((kind) => permits(caller.scopes, [scopeOf[kind]]))
}
