import { Prisma } from '../generated/prisma/client.ts'

/** A part of a list, in its order: from the first id that is not before `start` up to the last one before `end`. */
export interface Range {
  /** Descending, it is not part of it. */
  start: Prisma.Sql
  end: Prisma.Sql
}

/** The ids that one filter leaves, read from an index that has them in order. */
export interface Source {
  /** Index entries that are read for the first id of a range. */
  cost: number
  /** The first ids of a range, as `id`, in the order of the list. */
  page(range: Range, limit: number): Prisma.Sql
}

export type Sources = readonly [Source, ...Source[]]

export type Order = 'asc' | 'desc'

/** An index over a table: the values of its first columns, and then the id. */
export interface IndexKey {
  /** Table and alias. */
  table: Prisma.Sql
  columns: readonly (readonly [column: Prisma.Sql, value: Prisma.Sql | string])[]
  id: Prisma.Sql
  order: Order
  /** What else holds, as a partial index has it. */
  where?: Prisma.Sql
}

/**
 * Statement that reads an index from a place on. It compares all columns of the index at once, and orders by all of them: only
 * that index can serve it. With a condition for each column, statistics could tempt the planner to read another one, in the
 * order of ids, and to leave out what does not match, which may be nearly everything.
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

/** The start of what comes after an id; a space sorts before everything that could follow. */
export function startAfter(id: string, order: Order): string {
  return order === 'desc' ? id : `${id} `
}

export interface IntersectionOptions extends Range {
  order: Order
  /** Conditions on the row of an id, given that id: a query that has a row if they hold. Costs one row for each id. */
  also?: (id: Prisma.Sql) => Prisma.Sql
  /** Ids at most. */
  limit: number
  /** Rows and index entries that may be read. */
  reads: number
}

/**
 * A recursive query `jump` for the ids that all sources have. Each step reads one id from each source: the first one at the
 * place where the one before is. If all show the same id it is found; otherwise the next step begins where the last one is,
 * and what lies between is never read. So it costs about as much as the rarest of the sources is long, and less if they are
 * apart. It ends with a source, after `limit` ids, or after as many steps as `reads` permits: the last row is then `is_last`,
 * and everything up to its id is examined.
 */
export function intersection(sources: Sources, options: IntersectionOptions): Prisma.Sql {
  const { order, start, end, also, limit, reads } = options
  const [first, ...others] = sources
  const [from, past] = order === 'desc' ? [Prisma.sql` || ' '`, Prisma.empty] : [Prisma.empty, Prisma.sql` || ' '`]
  const fromThere = others.map((source, index) => {
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
      ${Prisma.join([...fromThere, Prisma.empty], ' ')}
      CROSS JOIN LATERAL (SELECT ${isFound} AS is_found OFFSET 0) f
      WHERE j.step < ${steps} AND j.found < ${limit}
    ) s
  )`
}
