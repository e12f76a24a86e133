import { Prisma } from '../../infra/database.ts'
import { intersection, type Source, type Sources } from '../../infra/intersection.ts'
import { afterPage, conditionsOf, namesWithin, rangeOf, timesOf } from './list-conditions.repository.ts'
import { isByName, type ListQuery } from './list-filter.ts'
import { everything, sourcesOf } from './list-sources.repository.ts'
import { workloadColumns } from './row.repository.ts'

export type { Filter, ListQuery } from './list-filter.ts'

/**
 * One page by keyset. With any filters, it reads a bounded number of rows per row of a page; a test counts them. If the
 * page is not full by then, the last row has `isLast`: there may be more after `examinedId` (and `examinedName`). That
 * row may have no record.
 */
export function listStatement(query: ListQuery, shown = workloadColumns): Prisma.Sql {
  const direction = Prisma.raw(query.order)
  const order = isByName(query) ? Prisma.sql`p.name ${direction}, p.id ${direction}` : Prisma.sql`p.id ${direction}`
  // OFFSET keeps the planner from merging the subquery, so each row is read by its id whatever the statistics.
  return Prisma.sql`
    SELECT ${shown}, p.id AS "examinedId", p.name AS "examinedName", p.is_last AS "isLast"
    FROM (${pageOf(query)}) p LEFT JOIN LATERAL (SELECT * FROM workloads w WHERE w.id = p.id AND p.is_found OFFSET 0) w ON true
    ORDER BY ${order} LIMIT ${query.limit}`
}

/** The ids and names of a page. */
function pageOf(query: ListQuery): Prisma.Sql {
  const { ids, remoteId } = query.filter
  if (ids !== undefined || remoteId !== undefined) return fromFew(query)
  const hasTimes = timesOf(query.filter).length > 0
  const [first, ...others] = sourcesOf(query)
  if (isByName(query)) {
    if (first === undefined && !hasTimes) return byName(query)
    return byNameAnd(query, [first ?? everything(query), ...others])
  }
  if (first !== undefined && others.length > 0) return fromAll(query, [first, ...others])
  if (hasTimes) return byTime(query, first ?? null)
  return Prisma.sql`
    SELECT t.id, NULL AS name, true AS is_found, false AS is_last
    FROM (${(first ?? everything(query)).page(rangeOf(query), query.limit)}) t`
}

/** Maximum rows read at `perRow` per row of a page; a small page may cost as much as one of 20. */
function readsFor({ limit }: ListQuery, perRow: number): number {
  return perRow * Math.max(limit, 20)
}

/** Records with given ids, or with a remote id over any connection of the project: few, so all are read. */
function fromFew(query: ListQuery): Prisma.Sql {
  const { projectId, kind, limit, filter } = query
  const { ids, remoteId, connectionId } = filter
  const few =
    ids === undefined
      ? Prisma.sql`(SELECT c.id FROM connections c WHERE c.project_id = ${projectId}
          ${connectionId === undefined ? Prisma.empty : Prisma.sql`AND c.id = ${connectionId}`}) c CROSS JOIN LATERAL (
          SELECT * FROM workloads w WHERE w.connection_id = c.id AND w.kind = ${kind} AND w.remote_id = ${remoteId} OFFSET 0) w`
      : Prisma.sql`(SELECT DISTINCT unnest(${ids}::text[]) AS id) i
          CROSS JOIN LATERAL (SELECT * FROM workloads w WHERE w.id = i.id OFFSET 0) w`
  return Prisma.sql`
    SELECT w.id, w.name, true AS is_found, false AS is_last FROM ${few}
    WHERE ${Prisma.join([...conditionsOf(query), ...afterPage(query)], ' AND ')}
    ORDER BY ${orderOf(query)} LIMIT ${limit}`
}

/** Several filters. */
function fromAll(query: ListQuery, sources: Sources): Prisma.Sql {
  const common = commonOf(query, sources, { limit: query.limit, reads: readsFor(query, 12) })
  return Prisma.sql`
    WITH RECURSIVE ${common}
    SELECT j.id, NULL AS name, j.is_found, j.is_last FROM jump j WHERE j.is_found OR j.is_last`
}

/** Ids that all sources have in common, created within the filter's times. */
function commonOf(query: ListQuery, sources: Sources, most: { limit: number; reads: number }): Prisma.Sql {
  const times = timesOf(query.filter)
  return intersection(sources, {
    ...{ order: query.order, ...most, ...rangeOf(query) },
    ...(times.length === 0
      ? {}
      : {
          also: (id) =>
            Prisma.sql`SELECT FROM workloads w WHERE ${Prisma.join([Prisma.sql`w.id = ${id}`, ...times], ' AND ')}`,
        }),
  })
}

/** Filtered by creation time and at most one other filter. Ids bound it, but not exactly. */
function byTime(query: ListQuery, source: Source | null): Prisma.Sql {
  const times = Prisma.join(timesOf(query.filter), ' AND ')
  const most = readsFor(query, source === null ? 16 : 8)
  const read =
    source === null
      ? everything(query).page(rangeOf(query), most, Prisma.sql`w.id, ${times} AS is_found`)
      : Prisma.sql`
          SELECT s.id, w.is_found FROM (${source.page(rangeOf(query), most)}) s
          CROSS JOIN LATERAL (SELECT ${times} AS is_found FROM workloads w WHERE w.id = s.id OFFSET 0) w`
  const direction = Prisma.raw(query.order)
  return Prisma.sql`
    SELECT t.id, NULL AS name, t.is_found, t.is_last FROM (
      SELECT r.id, r.is_found, row_number() OVER (ORDER BY r.id ${direction}) = ${most} AS is_last FROM (${read}) r
    ) t WHERE t.is_found OR t.is_last ORDER BY t.id ${direction} LIMIT ${query.limit}`
}

function byName(query: ListQuery): Prisma.Sql {
  return Prisma.sql`
    SELECT w.id, w.name, true AS is_found, false AS is_last FROM workloads w
    WHERE ${Prisma.join(namesOf(query), ' AND ')} ORDER BY ${orderOf(query)} LIMIT ${query.limit}`
}

/** If few records match the other filters, these are sorted; otherwise those with the prefix are read in order. */
function byNameAnd(query: ListQuery, sources: Sources): Prisma.Sql {
  const { limit } = query
  const most = readsFor(query, 10)
  const order = orderOf(query)
  const names = Prisma.join(namesOf(query), ' AND ')
  const found = Prisma.join(conditionsOf(query), ' AND ')
  const common = commonOf(query, sources, { limit: readsFor(query, 4), reads: readsFor(query, 4) })
  return Prisma.sql`
    WITH RECURSIVE ${common},
    few AS MATERIALIZED (SELECT NOT bool_or(j.is_last) AS are_all FROM jump j)
    (SELECT w.id, w.name, true AS is_found, false AS is_last
      FROM jump j CROSS JOIN LATERAL (SELECT * FROM workloads w WHERE w.id = j.id AND j.is_found OFFSET 0) w
      WHERE (SELECT are_all FROM few) AND ${names} ORDER BY ${order} LIMIT ${limit})
    UNION ALL
    (SELECT w.id, w.name, w.is_found, w.is_last FROM (
      SELECT w.id, w.name, ${found} AS is_found, row_number() OVER (ORDER BY ${order}) = ${most} AS is_last
      FROM workloads w WHERE NOT (SELECT are_all FROM few) AND ${names} ORDER BY ${order} LIMIT ${most}
    ) w WHERE w.is_found OR w.is_last ORDER BY ${order} LIMIT ${limit})`
}

function namesOf(query: ListQuery): Prisma.Sql[] {
  const { projectId, kind, filter } = query
  const own = Prisma.sql`w.project_id = ${projectId} AND w.kind = ${kind}`
  return [own, namesWithin(filter.namePrefix ?? ''), ...afterPage(query)]
}

function orderOf(query: ListQuery): Prisma.Sql {
  const { order } = query
  return Prisma.raw(isByName(query) ? `w.name ${order}, w.id ${order}` : `w.id ${order}`)
}
