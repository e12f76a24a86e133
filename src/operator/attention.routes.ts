import { type Static, Type } from '@sinclair/typebox'
import { sendAccepted, targetOf } from '../http/conditional.ts'
import { encodeCursor, invalidCursor, type List, positionIn } from '../http/cursor.ts'
import { changeHeaders, withHeaders } from '../http/headers.ts'
import { errorResponses } from '../http/schemas.ts'
import type { HttpServer } from '../http/server.ts'
import { instantOf } from '../vocabulary/instant.ts'
import type { FindCandidates } from '../workloads/actions/candidates.ts'
import type { Resolution } from '../workloads/actions/resolve.ts'
import { maxResolutions, type ResolveAttention, type SharedResolution } from '../workloads/actions/resolve-attention.ts'
import type {
  AttentionFilter,
  AttentionPosition,
  AttentionRepository,
} from '../workloads/store/attention.repository.ts'
import { attentionQuery, attentionSchemas, workloadId } from './attention.schemas.ts'
import { attentionViewOf, candidatesViewOf, resolvedViewOf } from './attention.view.ts'

export interface AttentionRoutesDeps {
  attention: Pick<AttentionRepository, 'list'>
  resolve: ResolveAttention
  findCandidates: FindCandidates
}

const tags = ['Administration']
const config = { scopes: ['admin'] as const }
const params = Type.Object({ id: workloadId })
const cursorIn = { in: 'body', pointer: '/cursor' } as const

/** Registers the workloads that wait for an operator in all projects, and their resolution. */
export function registerAttention(server: HttpServer, deps: AttentionRoutesDeps): void {
  for (const schema of attentionSchemas) server.addSchema(schema)
  registerList(server, deps)
  registerCandidates(server, deps)
  registerResolve(server, deps)
  registerResolveMany(server, deps)
}

function registerList(server: HttpServer, { attention }: AttentionRoutesDeps): void {
  server.get(
    '/attention',
    {
      config,
      schema: {
        tags,
        operationId: 'listAttention',
        summary: 'List workloads that need an operator',
        description:
          'Jobs and environments of all projects that are parked or have an unknown outcome, longest waiting first, with what is known of each and the requests that can resolve it. A page may contain fewer entries than `limit`, or none, and still have a `nextCursor`: continue until it is absent.',
        querystring: attentionQuery,
        response: { 200: Type.Ref('AttentionPage'), ...errorResponses() },
      },
    },
    async (request) => {
      const { limit = 50, cursor, ...filters } = request.query as Static<typeof attentionQuery>
      const list = { name: 'attention', filters }
      const filter = filterOf(filters, { in: 'query', pointer: 'sinceBefore' })
      const { found, next } = await attention.list(filter, { after: positionOf(cursor, list), limit })
      return { data: found.map(attentionViewOf), ...nextCursorOf(next, list) }
    },
  )
}

function registerCandidates(server: HttpServer, { findCandidates }: AttentionRoutesDeps): void {
  server.get(
    '/attention/:id/candidates',
    {
      config,
      schema: {
        tags,
        operationId: 'findCandidates',
        summary: 'Search the provider for the object of an open create',
        description:
          'Fetched live from the provider: the objects that the create may have made, and the requests that resolve it. Changes nothing.',
        params,
        response: { 200: Type.Ref('CandidateReport'), ...errorResponses(404, 409, 502) },
      },
    },
    async (request) => candidatesViewOf(await findCandidates((request.params as { id: string }).id)),
  )
}

function registerResolve(server: HttpServer, { resolve }: AttentionRoutesDeps): void {
  server.post(
    '/attention/:id/resolve',
    {
      config,
      schema: {
        tags,
        operationId: 'resolveWorkload',
        summary: 'Resolve a job or an environment of any project',
        description:
          'Operator action after inspecting the provider: give the remote id, confirm that nothing was created, set the final status of a job with an unknown outcome, or process a parked workload again.',
        params,
        headers: changeHeaders,
        body: Type.Ref('WorkloadResolution'),
        response: {
          202: withHeaders(Type.Ref('ResolvedWorkload'), 'ETag', 'Location'),
          ...errorResponses(404, 409, 412, 413, 415),
        },
      },
    },
    async (request, reply) => {
      const { workload } = await resolve.one(targetOf(request), request.body as Resolution)
      const { id, kind, projectId, status, reason, version } = workload
      const view = { id, kind, projectId, status, ...(reason === null ? {} : { statusReason: reason }), version }
      return sendAccepted(reply, kind === 'job' ? 'jobs' : 'environments', workload, view)
    },
  )
}

interface ResolveBody {
  filter: Filters
  resolution: SharedResolution
  dryRun?: boolean
  limit?: number
  cursor?: string
}

function registerResolveMany(server: HttpServer, { resolve }: AttentionRoutesDeps): void {
  server.post(
    '/attention/resolve',
    {
      config,
      schema: {
        tags,
        operationId: 'resolveAttention',
        summary: 'Resolve workloads in bulk',
        description:
          'Resolves the workloads of all projects that match a filter, longest waiting first and up to `limit` per request, each as by POST /attention/{id}/resolve, with its own event and audit log entry. Repeat an interrupted request: what was resolved no longer matches. With `dryRun`, nothing is changed.',
        body: Type.Ref('AttentionResolveRequest'),
        response: { 200: Type.Ref('AttentionResolveResult'), ...errorResponses(413, 415) },
      },
    },
    async (request) => {
      const { filter, resolution, dryRun = false, limit = maxResolutions, cursor } = request.body as ResolveBody
      const list = { name: 'attention/resolve', filters: { ...filter, ...resolution }, cursorIn }
      const { items, next } = await resolve.many({
        ...{ by: request.caller.by, resolution, limit, isDryRun: dryRun, after: positionOf(cursor, list) },
        filter: filterOf(filter, { in: 'body', pointer: '/filter/sinceBefore' }),
      })
      const resolved = items.filter(({ result }) => result === 'resolved' || result === 'resolvable').length
      return {
        ...{ dryRun, matched: items.length, resolved, items: items.map(resolvedViewOf) },
        ...nextCursorOf(next, list),
      }
    },
  )
}

type Filters = Omit<Static<typeof attentionQuery>, 'limit' | 'cursor'>

function filterOf(
  { state = ['parked', 'unknown'], sinceBefore, ...equal }: Filters,
  place: Parameters<typeof instantOf>[1],
): AttentionFilter {
  return {
    ...{ ...equal, states: state },
    ...(sinceBefore === undefined ? {} : { sinceBefore: instantOf(sinceBefore, place) }),
  }
}

function positionOf(cursor: string | undefined, list: List): AttentionPosition | null {
  const position = positionIn<AttentionPosition>(cursor, list)
  if (position !== null && !/^\d{1,17}$/.test(position.sinceUs)) throw invalidCursor(list.cursorIn)
  return position
}

function nextCursorOf(next: AttentionPosition | null, list: List): { nextCursor?: string } {
  return next === null ? {} : { nextCursor: encodeCursor(next, list) }
}
