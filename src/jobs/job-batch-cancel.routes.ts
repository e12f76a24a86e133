import { Type } from '@sinclair/typebox'
import { maxErrors } from '../http/bounded-validation.ts'
import { ownerOf } from '../http/caller.ts'
import { encodeCursor, positionIn } from '../http/cursor.ts'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { invalidRequest } from '../http/validation-errors.ts'
import { filterOf, type ListParameters } from '../records/list-query.ts'
import { instantOf } from '../vocabulary/instant.ts'
import { type CancelJobs, type CancelPosition, maxCancels } from '../workloads/actions/cancel-jobs.ts'
import { jobBatchCancelSchemas } from './job-batch-cancel.schemas.ts'

interface BatchCancel {
  filter: { [Name in keyof ListParameters]: ListParameters[Name] | null }
  dryRun?: boolean
  limit?: number
  cursor?: string
}

const cursorIn = { in: 'body', pointer: '/cursor' } as const

export function registerJobBatchCancel(server: HttpServer, cancelJobs: CancelJobs): void {
  for (const schema of jobBatchCancelSchemas) server.addSchema(schema)
  server.post(
    '/jobs/batch-cancel',
    {
      config: { scopes: ['jobs:write'] },
      schema: {
        tags: ['Jobs'],
        operationId: 'cancelJobBatch',
        summary: 'Cancel jobs in a batch',
        description:
          'Cancels the unfinished jobs that match a filter, as POST /jobs/{id}/cancel does, newest first (by name with `namePrefix`) and up to `limit` per request. A request may cancel fewer jobs, or none, and still return a `nextCursor`: continue until it is absent. Jobs that are submitted after the first request are not canceled.',
        body: Type.Ref('JobBatchCancelRequest'),
        response: { 200: Type.Ref('JobBatchCancelResult'), ...errorResponses(413, 415) },
      },
    },
    async (request) => {
      const { filter: sent, dryRun = false, limit = maxCancels, cursor } = request.body as BatchCancel
      const filter = givenFilters(sent)
      const list = { name: 'jobs/batch-cancel', filters: filter, cursorIn }
      const { matched, requestedIds, unsupportedIds, next } = await cancelJobs({
        ...ownerOf(request),
        filter: filterOf(filter, (name) => ({ in: 'body', pointer: `/filter/${name}` })),
        after: positionOf(positionIn(cursor, list)),
        limit,
        isDryRun: dryRun,
      })
      const [requested, unsupported] = [requestedIds.length, unsupportedIds.length]
      return {
        ...{ dryRun, matched, requested, unchanged: matched - requested - unsupported, unsupported },
        ...{ requestedIds, unsupportedIds },
        ...(next === null ? {} : { nextCursor: encodeCursor(encodable(next), list) }),
      }
    },
  )
}

/** Without filters that are null. A filter of nothing else would select all jobs. */
function givenFilters(sent: BatchCancel['filter']): ListParameters {
  const given = Object.entries(sent).filter(([, value]) => value !== null)
  if (given.length > 0) return Object.fromEntries(given)
  const detail = '/filter has no filter that is not null. Send at least one.'
  throw invalidRequest([{ in: 'body', pointer: '/filter', code: 'minProperties', detail }], maxErrors)
}

/** A position as in a cursor, where all values are text. */
interface Encoded {
  id: string
  name?: string
  createdBefore?: string
}

function encodable({ createdBefore, ...after }: CancelPosition): Encoded {
  return createdBefore === undefined ? after : { ...after, createdBefore: createdBefore.toISOString() }
}

function positionOf(encoded: Encoded | null): CancelPosition | null {
  if (encoded === null) return null
  const { createdBefore, ...after } = encoded
  return createdBefore === undefined ? after : { ...after, createdBefore: instantOf(createdBefore, cursorIn) }
}
