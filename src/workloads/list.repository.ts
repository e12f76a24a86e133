import { Prisma } from '../infra/database.ts'
import { environmentTransitions } from '../vocabulary/environment.ts'
import { idAt } from '../vocabulary/ids.ts'
import { jobTransitions } from '../vocabulary/job.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { statusesOf, terminalStatuses } from '../vocabulary/transitions.ts'
import { workloadColumns } from './row.repository.ts'

/** What a list is narrowed down to. All given filters hold; several statuses are alternatives. */
export interface Filter {
  status?: readonly string[]
  labels?: readonly { key: string; value: string }[]
  provider?: string
  connectionId?: string
  environmentId?: string
  remoteId?: string
  active?: boolean
  namePrefix?: string
  createdAfter?: Date
  createdBefore?: Date
  ids?: readonly string[]
}

/** Where a page begins: after this id (and, in a list by name, after this name). */
export interface After {
  id: string
  name?: string
}

export interface ListQuery {
  projectId: string
  kind: Kind
  filter: Filter
  order: 'asc' | 'desc'
  limit: number
  after: After | null
}

/** An id tells the time of the process that made it, `created_at` that of the database; they are not further apart. */
const clockErrorMs = 3_600_000

/**
 * One page by keyset. A list by name prefix is ordered by (name, id), any other by id, which is by creation.
 * Narrowed down by any one filter, a page costs a page, however much there is that the filter leaves out; a test counts
 * the rows. At the end of a time it may cost an hour more, and of several filters one has an index, and what that finds is
 * read until the page is full.
 */
export function listStatement(query: ListQuery): Prisma.Sql {
  const [label, ...moreLabels] = query.filter.labels ?? []
  const more = moreLabels.map(({ key, value }) => Prisma.sql`w.labels->>${key} = ${value}`)
  if (label !== undefined) return labelled(query, label, more)
  const source = mergedFrom(query)
  if (source === null) return page(query, [])
  return Prisma.sql`
    SELECT ${workloadColumns} FROM ${source} ORDER BY w.id ${Prisma.raw(query.order)} LIMIT ${query.limit}`
}

/** The first label is read from its own index, which is ordered by id. What bounds the id bounds both tables. */
function labelled(query: ListQuery, { key, value }: { key: string; value: string }, more: Prisma.Sql[]): Prisma.Sql {
  const { projectId, kind } = query
  const from = Prisma.sql`workload_labels l JOIN workloads w ON w.id = l.workload_id
    AND l.project_id = ${projectId} AND l.kind = ${kind} AND l.key = ${key} AND l.value = ${value}`
  return page(query, more, { from, ids: [Prisma.sql`l.workload_id`, Prisma.sql`w.id`] })
}

function page(
  query: ListQuery,
  more: readonly Prisma.Sql[],
  { from = Prisma.sql`workloads w`, columns = workloadColumns, ids = [Prisma.sql`w.id`] } = {},
): Prisma.Sql {
  const { projectId, kind, filter, order, limit } = query
  const conditions = [
    Prisma.sql`w.project_id = ${projectId} AND w.kind = ${kind}`,
    ...simpleConditions(filter),
    ...ids.flatMap((id) => boundsOf(query, id)),
    ...more,
  ]
  const direction = Prisma.raw(order)
  const ordering = isByName(query)
    ? Prisma.sql`w.name ${direction}, w.id ${direction}`
    : Prisma.sql`${ids[0]} ${direction}`
  return Prisma.sql`SELECT ${columns} FROM ${from} WHERE ${Prisma.join(conditions, ' AND ')} ORDER BY ${ordering} LIMIT ${limit}`
}

/**
 * Where an index is in order only for each of several values, a page is read for each of them, and those are merged: for
 * each status, by its name, so that the planner knows how rare it is; for each connection that may have this remote id.
 */
function mergedFrom(query: ListQuery): Prisma.Sql | null {
  const { namePrefix, ids, environmentId, connectionId, provider, remoteId } = query.filter
  if (namePrefix !== undefined || ids !== undefined || environmentId !== undefined) return null
  const pageWith = (condition: Prisma.Sql) => page(query, [condition], { columns: Prisma.sql`w.*` })
  const statuses = statusesIn(query)
  if (remoteId !== undefined)
    return connectionId !== undefined
      ? null
      : Prisma.sql`(SELECT c.id FROM connections c WHERE c.project_id = ${query.projectId}) b
          CROSS JOIN LATERAL (${pageWith(Prisma.sql`w.connection_id = b.id`)}) w`
  // A connection or a provider has an index of its own, and few of what they have may be of a status.
  if (statuses === null || connectionId !== undefined || provider !== undefined) return null
  const pages = statuses.map((status) => Prisma.sql`(${pageWith(ofStatus(query, status))})`)
  return Prisma.sql`(${pages.length === 0 ? pageWith(Prisma.sql`false`) : Prisma.join(pages, ' UNION ALL ')}) w`
}

const statusesByKind: Readonly<Record<Kind, { all: readonly string[]; ended: readonly string[] }>> = {
  job: { all: statusesOf(jobTransitions), ended: terminalStatuses(jobTransitions) },
  environment: { all: statusesOf(environmentTransitions), ended: terminalStatuses(environmentTransitions) },
}

/** Some of these have ended, which `ended_at` tells: an environment whose create failed stays until it is deleted. */
const mayHaveEnded: Readonly<Record<Kind, readonly string[]>> = { job: [], environment: ['failed'] }

/** The statuses that are asked for, by name or as those of what is active or is not; null = any. */
function statusesIn({ kind, filter: { status, active } }: ListQuery): readonly string[] | null {
  if (active === undefined) return status === undefined ? null : [...new Set(status)]
  const { all, ended } = statusesByKind[kind]
  const asked = new Set(status ?? all)
  return [...asked].filter((each) => mayHaveEnded[kind].includes(each) || ended.includes(each) !== active)
}

/** Said as the partial indexes say it, where only some of a status have ended. */
function ofStatus({ kind, filter: { active } }: ListQuery, status: string): Prisma.Sql {
  if (active === undefined || !mayHaveEnded[kind].includes(status)) return Prisma.sql`w.status = ${status}`
  return Prisma.sql`w.status = ${status} AND w.ended_at IS ${active ? Prisma.sql`NULL` : Prisma.sql`NOT NULL`}`
}

function isByName({ filter }: ListQuery): boolean {
  return filter.namePrefix !== undefined
}

/** Where the page before ended, and the times: what an index in the order of ids need not read. */
function boundsOf(query: ListQuery, id: Prisma.Sql): Prisma.Sql[] {
  const { kind, after, order } = query
  const { createdAfter, createdBefore } = query.filter
  const comparison = Prisma.raw(order === 'asc' ? '>' : '<')
  const optional: (Prisma.Sql | false)[] = [
    after !== null && !isByName(query) && Prisma.sql`${id} ${comparison} ${after.id}`,
    after !== null && isByName(query) && Prisma.sql`(w.name, w.id) ${comparison} (${after.name ?? ''}, ${after.id})`,
    createdAfter !== undefined && Prisma.sql`${id} >= ${idAt(kind, createdAfter.getTime() - clockErrorMs)}`,
    createdBefore !== undefined && Prisma.sql`${id} < ${idAt(kind, createdBefore.getTime() + clockErrorMs)}`,
  ]
  return optional.filter((condition) => condition !== false)
}

function simpleConditions(filter: Filter): Prisma.Sql[] {
  const { status, provider, connectionId, environmentId, remoteId, active, namePrefix, ids } = filter
  const { createdAfter, createdBefore } = filter
  const optional: (Prisma.Sql | false)[] = [
    status !== undefined && Prisma.sql`w.status = ANY(${status})`,
    provider !== undefined && Prisma.sql`w.provider = ${provider}`,
    connectionId !== undefined && Prisma.sql`w.connection_id = ${connectionId}`,
    environmentId !== undefined && Prisma.sql`w.environment_id = ${environmentId}`,
    remoteId !== undefined && Prisma.sql`w.remote_id = ${remoteId}`,
    active === true && Prisma.sql`w.live AND w.ended_at IS NULL`,
    active === false && Prisma.sql`NOT (w.live AND w.ended_at IS NULL)`,
    namePrefix !== undefined && Prisma.sql`w.name >= ${namePrefix} AND w.name < ${beyond(namePrefix)}`,
    // Clients see milliseconds, the table holds microseconds: what is shown as this very moment is not after it.
    createdAfter !== undefined && Prisma.sql`w.created_at >= ${createdAfter}::timestamptz + interval '1 ms'`,
    createdBefore !== undefined && Prisma.sql`w.created_at < ${createdBefore}`,
    ids !== undefined && Prisma.sql`w.id = ANY(${ids})`,
  ]
  return optional.filter((condition) => condition !== false)
}

/** The first string after all that begin with `prefix`; names are compared by byte. */
function beyond(prefix: string): string {
  return `${prefix}\u{10ffff}`
}
