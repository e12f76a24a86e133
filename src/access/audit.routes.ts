import { Readable } from 'node:stream'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import { encodeCursor, positionIn } from '../http/cursor.ts'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import type { AuditRepository } from './audit.repository.ts'
import { type AuditExport, entryViewOf } from './audit-export.ts'
import { auditExportQuery, auditQuery } from './project.schemas.ts'

const tags = ['Administration']
const config = { scopes: ['admin'] as const }

export interface AuditRoutesDeps {
  audit: Pick<AuditRepository, 'list'>
  exportAudit: AuditExport
}

export function registerAudit(server: HttpServer, { audit, exportAudit }: AuditRoutesDeps): void {
  server.get(
    '/audit',
    {
      config,
      schema: {
        tags,
        operationId: 'listAudit',
        summary: 'List audit log entries',
        description:
          'Client changes, access disclosures and denied requests, newest first. A page may contain fewer entries than `limit`, or none, and still have a `nextCursor`: continue until it is absent.',
        querystring: auditQuery,
        response: { 200: Type.Ref('AuditPage'), ...errorResponses() },
      },
    },
    async (request) => {
      const { limit = 50, cursor, ...filters } = request.query as Static<typeof auditQuery>
      const list = { name: 'audit', filters }
      const after = positionIn<{ id: string }>(cursor, list)?.id ?? null
      const { found, next } = await audit.list(filters, { after, limit })
      const data = found.map(entryViewOf)
      return next === null ? { data } : { data, nextCursor: encodeCursor({ id: next }, list) }
    },
  )
  registerExport(server, exportAudit)
}

function registerExport(server: HttpServer, exportAudit: AuditExport): void {
  server.get(
    '/audit/export',
    {
      exposeHeadRoute: false,
      config,
      schema: {
        tags,
        operationId: 'exportAudit',
        summary: 'Export audit log entries',
        description:
          'Streams entries as lines of JSON, oldest first, each of the schema `AuditEntry`. Entries of the last minute are not included yet. To resume an interrupted export, or to continue it later, send the id of the last complete line as `after`.',
        querystring: auditExportQuery,
        produces: ['application/x-ndjson'],
        response: {
          200: {
            description: 'Lines of JSON.',
            content: {
              'application/x-ndjson': {
                schema: Type.String({ 'x-line-schema': '#/components/schemas/AuditEntry' }),
              },
            },
          },
          ...errorResponses(),
        },
      },
    },
    async (request, reply) => {
      const { after = null, ...filters } = request.query as Static<typeof auditExportQuery>
      const lines = exportAudit(filters, after)
      // Errors of the first read are returned as usual.
      const { value: begin = '' } = await lines.next()
      return sendLines(reply, document(begin, lines))
    },
  )
}

function sendLines(reply: FastifyReply, lines: AsyncIterable<string>): FastifyReply {
  // In byte mode: in object mode the stream would buffer many chunks for a slow client.
  const text = Readable.from(lines, { objectMode: false })
  return reply.type('application/x-ndjson').header('cache-control', 'no-store').send(text)
}

/** Read on only as fast as the client reads. */
async function* document(begin: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield begin
  yield* rest
}
