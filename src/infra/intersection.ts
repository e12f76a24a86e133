import { Prisma } from '../generated/prisma/client.ts'

/** A range of a list in list order: from the first id at or after `start` to the last id before `end`. */
export interface Range {
  /** Inclusive; exclusive in descending order. */
  start: Prisma.Sql
  end: Prisma.Sql
}

/** The ids that match one filter, read in order from an index. */
export interface Source {
  /** Index entries read to find the first id of a range. */
  cost: number
  /** The first ids of a range, as `id`, in list order. */
  page(range: Range, limit: number): Prisma.Sql
}

export type Sources = readonly [Source, ...Source[]]

export type Order = 'asc' | 'desc'

/** An index on a table: the values of its leading columns, followed by the id. */
export interface IndexKey {
  /** Table and alias. */
  table: Prisma.Sql
  columns: readonly (readonly [column: Prisma.Sql, value: Prisma.Sql | string])[]
  id: Prisma.Sql
  order: Order
  /** The condition of a partial index. */
  where?: Prisma.Sql
}

/**
 * A statement that reads an index from a position. It compares and orders by all columns of the index, so that only
 * this index can serve it. With separate conditions per column, the planner could choose another index in id order and
 * filter out most rows.
 */
export function indexPage({ table, columns, id, order, where }: IndexKey, { start, end }: Range, limit: number) {
  const names = [...columns.map(([column]) => column), id]
  const key = Prisma.join(names)
  const at = (place: Prisma.Sql) => Prisma.join([...columns.map(([, value]) => value), place])
  const [low, high] = order === 'desc' ? [end, start] : [start, end]
  const ordering = Prisma.join(names.map((name) => Prisma.sql`${name} ${Prisma.raw(order)}`))
  return (shown: Prisma.Sql) => Prisma.sql`
    SELECT ${shown} FROM ${table} WHERE (${key}) >= (${at(low)}) AND (${key}) < (${at(high)})
    ${where === undefined ? Prisma.empty : Prisma.sql`AND ${where}`} ORDER BY ${ordering} LIMIT ${limit}`
}

/** The start of the range after an id; a space sorts before every character of an id. */
export function startAfter(id: string, order: Order): string {
  return order === 'desc' ? id : `${id} `
}

export interface IntersectionOptions extends Range {
  order: Order
  /** Further conditions, as a query that returns a row if they hold for the given id. Reads one row per id. */
  also?: (id: Prisma.Sql) => Prisma.Sql
  /** Maximum number of ids. */
  limit: number
  /** Maximum number of rows and index entries to read. */
  reads: number
}

/**
 * A recursive query `jump` for the ids that all sources contain. Each step reads one id from each source: the first one
 * at or after that of the previous source. If all are equal, the id is a result; otherwise the next step starts at the
 * last id, and the ids between are never read. The cost is proportional to the rarest source, or less if the sources
 * rarely overlap. It ends when a source is exhausted, after `limit` ids, or after the number of steps that `reads`
 * permits: the last row then has `is_last`, and everything up to its id has been examined.
 */
export function intersection(sources: Sources, options: IntersectionOptions): Prisma.Sql {
  const { order, start, end, also, limit, reads } = options
  const [first, ...others] = sources
  const [from, past] = order === 'desc' ? [Prisma.sql` || ' '`, Prisma.empty] : [Prisma.empty, Prisma.sql` || ' '`]
  const joins = others.map((source, index) => {
    const [previous, alias] = [Prisma.raw(`s${index}.id`), Prisma.raw(`s${index + 1}`)]
    return Prisma.sql`CROSS JOIN LATERAL (${source.page({ start: Prisma.sql`${previous}${from}`, end }, 1)}) ${alias}`
  })
  const last = Prisma.raw(`s${others.length}.id`)
  const isFound = Prisma.sql`s0.id = ${last}${also === undefined ? Prisma.empty : Prisma.sql` AND EXISTS (${also(Prisma.sql`s0.id`)})`}`
  const cost = sources.reduce((sum, source) => sum + source.cost, also === undefined ? 0 : 1)
  const steps = Math.max(1, Math.floor(reads / cost))
  return Prisma.sql`jump AS (
    SELECT ${start} AS id, ${start} AS start, false AS is_found, 0 AS step, 0 AS found, false AS is_last
    UNION ALL
    SELECT s.*, s.step = ${steps} OR s.found = ${limit} FROM (
      SELECT s0.id, CASE WHEN s0.id = ${last} THEN s0.id${past} ELSE ${last}${from} END AS start, f.is_found,
        j.step + 1 AS step, j.found + f.is_found::int AS found
      FROM jump j CROSS JOIN LATERAL (${first.page({ start: Prisma.sql`j.start`, end }, 1)}) s0
      ${Prisma.join([...joins, Prisma.empty], ' ')}
      CROSS JOIN LATERAL (SELECT ${isFound} AS is_found OFFSET 0) f
      WHERE j.step < ${steps} AND j.found < ${limit}
    ) s
  )`
}
