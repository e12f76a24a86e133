import { type TObject, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import { numberIn, pageResponse } from '../http/cursor.ts'
import { afterQuery, cursorQuery, errorResponses, limitQuery, pageOf } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import type { Scope } from '../vocabulary/scopes.ts'

/** What the history routes need of a kind of record. */
export interface Histories<R> {
  plural: string
  singular: string
  tag: string
  scopes: { read: readonly Scope[] }
  /** Schema of `{id}`. */
  id: TObject['properties'][string]
  /** Throws if it does not exist in the project. */
  get(projectId: string, id: string): Promise<R>
  /** Events as clients see them, after a number. */
  events(projectId: string, id: string, page: NumberedPage): Promise<readonly { seq: number }[]>
  /** Attempts as clients see them, after a number. */
  attempts(projectId: string, id: string, page: NumberedPage): Promise<readonly { number: number }[]>
  remote(record: R): object
}

/** A page of a list whose entries are numbered from 1. */
export interface NumberedPage {
  after: number
  limit: number
}

export const historyPages = [
  pageOf('Event', 'EventPage', 'Events of a record, oldest first.'),
  pageOf('Attempt', 'AttemptPage', 'Creation attempts, oldest first.'),
]

const pageQuery = { limit: Type.Optional(limitQuery), cursor: Type.Optional(cursorQuery) }
const attemptQuery = Type.Object(pageQuery, { additionalProperties: false })
const eventQuery = Type.Object(
  {
    after: Type.Optional(afterQuery),
    ...pageQuery,
  },
  { additionalProperties: false },
)

interface HistoryQuery {
  limit?: number
  cursor?: string
  after?: number
}

/** Events, attempts, and the latest provider payload. */
export function registerHistories<R>(server: HttpServer, records: Histories<R>): void {
  const { plural, singular } = records
  registerHistory(server, records, {
    ...{ name: 'events', operationId: `list${singular}Events`, summary: 'List events' },
    description: 'Status changes and requested actions of the record, oldest first.',
    ...{ querystring: eventQuery, page: 'EventPage' },
    read: async (projectId, id, page) => (await records.events(projectId, id, page)).map((e) => [e.seq, e]),
  })
  registerHistory(server, records, {
    ...{ name: 'attempts', operationId: `list${singular}Attempts`, summary: 'List creation attempts' },
    description: 'Attempts to create the object at the provider, oldest first, with their outcomes.',
    ...{ querystring: attemptQuery, page: 'AttemptPage' },
    read: async (projectId, id, page) => (await records.attempts(projectId, id, page)).map((e) => [e.number, e]),
  })
  server.get(
    `/${plural}/:id/remote`,
    {
      config: { scopes: records.scopes.read },
      schema: {
        ...about(records),
        operationId: `get${singular}Remote`,
        summary: 'Get the latest provider payload',
        description: 'Returns what the provider reported last, redacted. Does not contact the provider.',
        response: { 200: Type.Ref('RemotePayload'), ...errorResponses(404) },
      },
    },
    async (request) => records.remote(await records.get(request.caller.projectId, idOf(request))),
  )
}

interface History {
  name: 'events' | 'attempts'
  operationId: string
  summary: string
  description: string
  querystring: TObject
  page: string
  /** Entries with their numbers. */
  read(projectId: string, id: string, page: NumberedPage): Promise<[number, object][]>
}

function registerHistory<R>(server: HttpServer, records: Histories<R>, history: History): void {
  const { name, operationId, summary, description, querystring, page } = history
  server.get(
    `/${records.plural}/:id/${name}`,
    {
      config: { scopes: records.scopes.read },
      schema: {
        ...{ ...about(records), operationId, summary, description, querystring },
        response: { 200: Type.Ref(page), ...errorResponses(404) },
      },
    },
    async (request) => {
      const { limit = 50, cursor, after = 0 } = request.query as HistoryQuery
      const { projectId } = request.caller
      const id = idOf(request)
      const list = { name: `${records.plural}/${id}/${name}`, filters: { after } }
      const from = numberIn(cursor, list) ?? after
      await records.get(projectId, id)
      const entries = await history.read(projectId, id, { after: from, limit: limit + 1 })
      const found = entries.map(([number, entry]) => ({ id: String(number), entry }))
      return pageResponse(found, { limit, list, view: ({ entry }) => entry })
    },
  )
}

function about<R>({ tag, id }: Histories<R>) {
  return { tags: [tag], params: Type.Object({ id }) }
}

function idOf(request: FastifyRequest): string {
  return (request.params as { id: string }).id
}
