import { type TObject, Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { watchCaller } from '../http/caller-validity.ts'
import type { WaitLimit } from '../http/concurrency-limits.ts'
import { etagOf, isKnown, sendRecord, targetOf } from '../http/conditional.ts'
import { encodeCursor, positionIn } from '../http/cursor.ts'
import { changeHeaders, waitHeaders, withHeaders } from '../http/headers.ts'
import { applied, preferredWaitMs } from '../http/prefer-wait.ts'
import { errorResponses, notModified } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { type Followed, registerStream } from '../http/stream.routes.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { Scope } from '../vocabulary/scopes.ts'
import { type Histories, registerHistories } from './history.routes.ts'

/** How far a list was examined. */
export interface Position {
  id: string
  name?: string
}

/** What the common routes need of a kind of record. */
export interface Records<R extends { id: string; name: string; version: number }> extends Histories<R>, Followed {
  /** `jobs`: used in the path and in operation ids. */
  plural: 'jobs' | 'environments'
  scopes: { read: readonly Scope[]; write: readonly Scope[] }
  /** `Job`: the schema's name; its page is `JobPage`. */
  singular: 'Job' | 'Environment'
  query: TObject
  waits: WaitLimit
  /** A page and the start of the next one; null = none. */
  list(
    projectId: string,
    query: ListQuery,
    page: { after: Position | null; limit: number },
  ): Promise<{ found: readonly R[]; next: Position | null }>
  patch(
    target: { projectId: string; by: Actor; id: string; ifVersions: readonly number[] | null },
    patch: object,
  ): Promise<R>
  /** The record as clients see it. */
  view(record: R, view: 'basic' | 'full'): Promise<object>
  /** Whether no change is expected. */
  isSettled(record: R): boolean
  /** Reads until `isEnough` or until the time is over. */
  readUntil(
    projectId: string,
    id: string,
    isReady: (record: R) => boolean,
    wait: { waitMs: number; signal: AbortSignal },
  ): Promise<R>
}

export type ListQuery = {
  limit?: number
  cursor?: string
  view?: 'basic' | 'full'
  order?: 'asc' | 'desc'
  namePrefix?: string
} & Record<string, unknown>

/** Routes to read, list and patch records, and for their history. */
export function registerRecords<R extends { id: string; name: string; version: number }>(
  server: HttpServer,
  records: Records<R>,
): void {
  registerList(server, records)
  registerOne(server, records)
  registerHistories(server, records)
  registerStream(server, records)
}

function registerList<R extends { id: string; name: string; version: number }>(
  server: HttpServer,
  records: Records<R>,
): void {
  const { plural, singular, tag } = records
  server.get(
    `/${plural}`,
    {
      config: { scopes: records.scopes.read },
      schema: {
        tags: [tag],
        operationId: `list${singular}s`,
        summary: `List ${plural}`,
        description:
          'Newest first by default. A cursor is valid only with the same filters. A page may contain fewer records than `limit`, or none, and still have a `nextCursor`: continue until it is absent.',
        querystring: records.query,
        response: { 200: Type.Ref(`${singular}Page`), ...errorResponses() },
      },
    },
    async (request) => {
      const { limit = 50, cursor, view = 'basic', ...filters } = request.query as ListQuery
      const list = { name: plural, filters }
      const after = positionIn<Position>(cursor, list)
      const { found, next } = await records.list(request.caller.projectId, filters, { after, limit })
      const data = await Promise.all(found.map((record) => records.view(record, view)))
      return next === null ? { data } : { data, nextCursor: encodeCursor(next, list) }
    },
  )
}

function registerOne<R extends { id: string; name: string; version: number }>(
  server: HttpServer,
  records: Records<R>,
): void {
  const { plural, singular, tag } = records
  const params = Type.Object({ id: records.id })
  server.get(
    `/${plural}/:id`,
    {
      config: { scopes: records.scopes.read },
      schema: {
        tags: [tag],
        operationId: `get${singular}`,
        summary: `Get ${withArticle(singular)}`,
        description:
          '`Prefer: wait=N` enables long polling: with `If-None-Match`, waits until the record changes, otherwise until it reaches a stable status.',
        params,
        headers: waitHeaders(records.waits),
        response: {
          200: withHeaders(Type.Ref(singular), 'ETag', 'Preference-Applied'),
          ...notModified('Preference-Applied'),
          ...errorResponses(404),
        },
      },
    },
    async (request, reply) => {
      const record = await readAsPreferred(records, request, reply)
      return sendRecord(request, reply, record, await records.view(record, 'full'))
    },
  )
  server.patch(
    `/${plural}/:id`,
    {
      config: { scopes: records.scopes.write },
      schema: {
        tags: [tag],
        operationId: `update${singular}`,
        summary: `Update ${withArticle(singular)}`,
        description:
          'Labels are merged with the existing ones. Fields that the provider cannot change on existing objects return 422.',
        params,
        headers: changeHeaders,
        body: Type.Ref(`${singular}Patch`),
        response: { 200: withHeaders(Type.Ref(singular), 'ETag'), ...errorResponses(404, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const record = await records.patch(targetOf(request), request.body as object)
      void reply.header('etag', etagOf(record))
      return records.view(record, 'full')
    },
  )
}

function withArticle(singular: 'Job' | 'Environment'): string {
  return singular === 'Job' ? 'a job' : 'an environment'
}

async function readAsPreferred<R extends { id: string; name: string; version: number }>(
  records: Records<R>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<R> {
  const { id } = request.params as { id: string }
  const { projectId } = request.caller
  const waitMs = preferredWaitMs(request, records.waits.maxSeconds)
  if (waitMs === null) return records.get(projectId, id)
  const left = new AbortController()
  request.raw.once('close', () => left.abort())
  const awaitsChange = request.headers['if-none-match'] !== undefined
  const isReady = (record: R) => (awaitsChange ? !isKnown(request, record) : records.isSettled(record))
  const leave = records.waits.acquire(request.caller.by.subject)
  const stopWatching = watchCaller(request, () => left.abort())
  const record = await records.readUntil(projectId, id, isReady, { waitMs, signal: left.signal }).finally(() => {
    leave()
    stopWatching()
  })
  // The key may have been revoked meanwhile.
  request.caller = await request.server.authenticate(request)
  applied(reply, waitMs)
  return record
}
