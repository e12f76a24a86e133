import { type TObject, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { ApiError } from '../vocabulary/api-error.ts'
import type { Scope } from '../vocabulary/scopes.ts'
import { type Streams, sendEvents } from './event-stream.ts'
import type { TailOptions } from './event-tail.ts'
import { streamHeaders } from './headers.ts'
import { afterQuery, errorResponses } from './schemas.ts'
import type { HttpServer } from './server.ts'

/** Record type whose events can be streamed. */
export interface Followed {
  plural: string
  singular: string
  tag: string
  scopes: { read: readonly Scope[] }
  /** Schema of `{id}`. */
  id: TObject['properties'][string]
  streams: Streams
  /** Events of a record after a `seq`, as clients see them. `read` throws if the project has no such record. */
  follow(projectId: string, id: string): Pick<TailOptions<number>, 'read' | 'wait' | 'clock'>
}

/**
 * Responses of a stream besides errors. OpenAPI 3.1 describes no sequence of messages, and generators parse the whole
 * stream by its schema: it is text, and `x-event-schema` names the schema of the `data` of each message.
 */
export function streamedAs(eventId: string) {
  const description = `Server-Sent Events. The \`data\` of each message is JSON of the schema \`${eventId}\`; send its \`id\` as \`Last-Event-ID\` to resume.`
  const schema = Type.String({ 'x-event-schema': `#/components/schemas/${eventId}` })
  return { 200: { description, content: { 'text/event-stream': { schema } } } }
}

/** Registers the stream of past and new events of one record. */
export function registerStream(server: HttpServer, records: Followed): void {
  const { plural, singular, tag, id } = records
  server.get(
    `/${plural}/:id/events/stream`,
    {
      // A stream has no useful HEAD response.
      exposeHeadRoute: false,
      config: { scopes: records.scopes.read },
      schema: {
        tags: [tag],
        operationId: `stream${singular}Events`,
        summary: 'Stream events',
        description:
          'Sends past events, then new ones as they occur, and closes after the final event. Reconnect with `Last-Event-ID` to resume; returns 204 when the stream is complete.',
        params: Type.Object({ id }),
        headers: streamHeaders,
        querystring: Type.Object({ after: Type.Optional(afterQuery) }, { additionalProperties: false }),
        produces: ['text/event-stream'],
        response: {
          ...streamedAs('Event'),
          204: Type.Null({ description: 'Stream complete.' }),
          ...errorResponses(404),
        },
      },
    },
    async (request, reply) => {
      const { id: recordId } = request.params as { id: string }
      const following = records.follow(request.caller.projectId, recordId)
      return sendEvents(request, reply, { ...following, streams: records.streams, from: startOf(request) })
    },
  )
}

const maxSeq = 2 ** 31 - 1

/** A reconnecting client repeats its original query, so `Last-Event-ID` takes precedence over `after`. */
function startOf(request: FastifyRequest): number {
  const { after = 0 } = request.query as { after?: number }
  const lastId = request.headers['last-event-id']
  if (lastId === undefined || lastId === '') return after
  if (typeof lastId === 'string' && /^\d{1,10}$/.test(lastId) && Number(lastId) <= maxSeq) return Number(lastId)
  const detail = 'Last-Event-ID is not the id of an event of this stream. Leave it out to begin with the first event.'
  throw new ApiError('invalid_request', detail, {
    errors: [{ in: 'header', pointer: 'last-event-id', code: 'format', detail }],
  })
}
