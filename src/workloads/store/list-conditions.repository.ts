import { Prisma } from '../../infra/database.ts'
import { type Range, startAfter } from '../../infra/intersection.ts'
import { idAt, idPrefixes } from '../../vocabulary/ids.ts'
import { type Filter, isByName, type ListQuery } from './list-filter.ts'

/** An id contains the time of its process, `created_at` that of the database; they differ by no more. */
const clockErrorMs = 3_600_000

/** The range of ids of a page, from its cursor and its creation times; `timesOf` is exact. */
export function rangeOf(query: ListQuery): Range {
  const { kind, order, after, filter } = query
  const { createdAfter, createdBefore } = filter
  const low = createdAfter === undefined ? '' : idAt(kind, createdAfter.getTime() - clockErrorMs)
  const high =
    createdBefore === undefined ? `${idPrefixes[kind]}_8` : idAt(kind, createdBefore.getTime() + clockErrorMs)
  const [first, end] = order === 'desc' ? [high, low] : [low, high]
  const next = after === null || isByName(query) ? first : startAfter(after.id, order)
  const isFurther = order === 'desc' ? next < first : next > first
  const start = isFurther ? next : first
  return { start: Prisma.sql`${start}::text COLLATE "C"`, end: Prisma.sql`${end}` }
}

/** Clients see milliseconds, the table holds microseconds: a record shown with this very time is not after it. */
export function timesOf({ createdAfter, createdBefore }: Filter): Prisma.Sql[] {
  return [
    ...(createdAfter === undefined ? [] : [Prisma.sql`w.created_at >= ${createdAfter}::timestamptz + interval '1 ms'`]),
    ...(createdBefore === undefined ? [] : [Prisma.sql`w.created_at < ${createdBefore}`]),
  ]
}

/** Names with this prefix, compared by byte. */
export function namesWithin(prefix: string): Prisma.Sql {
  return Prisma.sql`w.name >= ${prefix} AND w.name < ${`${prefix}\u{10ffff}`}`
}

/** What follows the previous page, in the order of the list. */
export function afterPage(query: ListQuery): Prisma.Sql[] {
  const { after } = query
  if (after === null) return []
  const comparison = Prisma.raw(query.order === 'asc' ? '>' : '<')
  return isByName(query)
    ? [Prisma.sql`(w.name, w.id) ${comparison} (${after.name ?? ''}, ${after.id})`]
    : [Prisma.sql`w.id ${comparison} ${after.id}`]
}

/** Every filter as a condition on a row. */
export function conditionsOf({ projectId, kind, filter }: ListQuery): Prisma.Sql[] {
  const { status, labels = [], provider, connectionId, environmentId, remoteId, active, namePrefix } = filter
  const optional: (Prisma.Sql | false)[] = [
    status !== undefined && Prisma.sql`w.status = ANY(${status})`,
    provider !== undefined && Prisma.sql`w.provider = ${provider}`,
    connectionId !== undefined && Prisma.sql`w.connection_id = ${connectionId}`,
    environmentId !== undefined && Prisma.sql`w.environment_id = ${environmentId}`,
    remoteId !== undefined && Prisma.sql`w.remote_id = ${remoteId}`,
    active === true && Prisma.sql`w.active AND w.ended_at IS NULL`,
    active === false && Prisma.sql`NOT (w.active AND w.ended_at IS NULL)`,
    namePrefix !== undefined && namesWithin(namePrefix),
  ]
  return [
    Prisma.sql`w.project_id = ${projectId} AND w.kind = ${kind}`,
    ...optional.filter((condition) => condition !== false),
    ...labels.map(({ key, value }) => Prisma.sql`w.labels->>${key} = ${value}`),
    ...timesOf(filter),
  ]
}
