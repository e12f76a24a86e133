import { Prisma } from '../../infra/database.ts'
import { type IndexKey, indexPage, type Range, type Source } from '../../infra/intersection.ts'
import { environmentTransitions } from '../../vocabulary/environment.ts'
import { jobTransitions } from '../../vocabulary/job.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { statusesOf, terminalStatuses } from '../../vocabulary/transitions.ts'
import type { ListQuery } from './list-filter.ts'

/** A source that can show further columns. */
export interface RowSource extends Source {
  page(range: Range, limit: number, shown?: Prisma.Sql): Prisma.Sql
}

/** A source for each filter that has an index in id order. */
export function sourcesOf(query: ListQuery): Source[] {
  const { labels = [], environmentId, connectionId, provider } = query.filter
  const statuses = statusesIn(query)
  const sources = [
    ...labels.map((label) => ofLabel(query, label)),
    environmentId !== undefined && ofEnvironment(query, environmentId),
    connectionId !== undefined && ofWorkloads(query, [[Prisma.sql`w.connection_id`, connectionId]]),
    provider !== undefined && ofWorkloads(query, [[Prisma.sql`w.provider`, provider]]),
    statuses !== null && ofStatuses(query, statuses),
  ]
  return conflict(labels) ? [ofStatuses(query, [])] : sources.filter((source) => source !== false)
}

/** All records of the project. */
export function everything(query: ListQuery): RowSource {
  return ofWorkloads(query, [])
}

/** A label has one value. */
function conflict(labels: readonly { key: string; value: string }[]): boolean {
  return labels.some(({ key, value }) => labels.some((other) => other.key === key && other.value !== value))
}

function rows({ order }: ListQuery, columns: IndexKey['columns'], where?: Prisma.Sql): RowSource {
  const id = Prisma.sql`w.id`
  const index = { table: Prisma.sql`workloads w`, columns, id, order, ...(where === undefined ? {} : { where }) }
  return { cost: 1, page: (range, limit, shown = id) => indexPage(index, range, limit)(shown) }
}

function ofWorkloads(query: ListQuery, columns: IndexKey['columns']): RowSource {
  const { projectId, kind } = query
  return rows(query, [[Prisma.sql`w.project_id`, projectId], [Prisma.sql`w.kind`, kind], ...columns])
}

function ofLabel({ projectId, kind, order }: ListQuery, { key, value }: { key: string; value: string }): Source {
  const id = Prisma.sql`l.workload_id`
  const columns = [
    [Prisma.sql`l.project_id`, projectId] as const,
    [Prisma.sql`l.kind`, kind] as const,
    [Prisma.sql`l.key`, key] as const,
    [Prisma.sql`l.value`, value] as const,
  ]
  const index = { table: Prisma.sql`workload_labels l`, columns, id, order }
  return { cost: 1, page: (range, limit) => indexPage(index, range, limit)(Prisma.sql`${id} AS id`) }
}

/** All jobs of an environment belong to one project; if the first belongs to another, only that one is read. */
function ofEnvironment(query: ListQuery, environmentId: string): Source {
  const own = Prisma.sql`(SELECT e.environment_id FROM (
    SELECT environment_id, project_id FROM workloads WHERE environment_id = ${environmentId} ORDER BY environment_id, id LIMIT 1
  ) e WHERE e.project_id = ${query.projectId})`
  return rows(query, [[Prisma.sql`w.environment_id`, own]], Prisma.sql`w.environment_id IS NOT NULL`)
}

/** The index is in id order per status, so the pages of several are merged. */
function ofStatuses(query: ListQuery, statuses: readonly string[]): Source {
  const none: Source = { cost: 1, page: () => Prisma.sql`SELECT NULL::text COLLATE "C" AS id WHERE false` }
  const [only = none, ...others] = statuses.map((status) => ofStatus(query, status))
  if (others.length === 0) return only
  return {
    cost: statuses.length,
    page(range, limit) {
      const pages = [only, ...others].map((source) => Prisma.sql`(${source.page(range, limit)})`)
      return Prisma.sql`
        SELECT t.id FROM (${Prisma.join(pages, ' UNION ALL ')}) t ORDER BY t.id ${Prisma.raw(query.order)} LIMIT ${limit}`
    },
  }
}

const statusesByKind: Readonly<Record<Kind, { all: readonly string[]; ended: readonly string[] }>> = {
  job: { all: statusesOf(jobTransitions), ended: terminalStatuses(jobTransitions) },
  environment: { all: statusesOf(environmentTransitions), ended: terminalStatuses(environmentTransitions) },
}

/**
 * Statuses in which only some have ended, as `ended_at` shows: an environment whose create failed stays until it is
 * deleted.
 */
const mayHaveEnded: Readonly<Record<Kind, readonly string[]>> = { job: [], environment: ['failed'] }

/** Requested statuses, by name or by activity; null = any. */
function statusesIn({ kind, filter: { status, active } }: ListQuery): readonly string[] | null {
  if (active === undefined) return status === undefined ? null : [...new Set(status)]
  const { all, ended } = statusesByKind[kind]
  const requested = new Set(status ?? all)
  return [...requested].filter((each) => mayHaveEnded[kind].includes(each) || ended.includes(each) !== active)
}

/** If only some of a status have ended, partial indexes are used; the planner needs to see their constants. */
function ofStatus(query: ListQuery, status: string): Source {
  const { projectId, kind, filter } = query
  if (filter.active === undefined || !mayHaveEnded[kind].includes(status))
    return ofWorkloads(query, [[Prisma.sql`w.status`, status]])
  const ended = filter.active ? 'NULL' : 'NOT NULL'
  const where = Prisma.raw(`w.kind = '${kind}' AND w.status = '${status}' AND w.ended_at IS ${ended}`)
  return rows(query, [[Prisma.sql`w.project_id`, projectId]], where)
}
