import { createHash } from 'node:crypto'
import type { Pool, QueryResult } from 'pg'
import { Prisma } from '../generated/prisma/client.ts'
import { reject } from './classified-adapter.ts'

/**
 * Runs SQL of hot paths directly on the pool. Statements are named, so that Postgres parses and plans each text once
 * per connection; Prisma's raw queries are parsed every time and pass through its runtime. Under transaction pooling,
 * the pool sends them unnamed.
 */
export interface Statements {
  /** Returns timestamps as `Date`, JSON as values and 8-byte integers as text. */
  rows<R>(statement: Prisma.Sql, options?: StatementOptions): Promise<R[]>
}

export interface StatementOptions {
  /**
   * false: parsed and planned for each execution. For statements with many different texts, because each connection
   * caches named ones.
   */
  isNamed?: boolean
}

export function makeStatements(pool: Pick<Pool, 'query'>): Statements {
  const names = new Map<string, string>()

  function nameOf(text: string): string {
    const known = names.get(text)
    if (known !== undefined) return known
    const name = `s_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
    names.set(text, name)
    return name
  }

  return {
    async rows<R>({ text, values }: Prisma.Sql, { isNamed = true }: StatementOptions = {}) {
      const config = { ...(isNamed ? { name: nameOf(text) } : {}), text, values: values as unknown[] }
      const { rows }: QueryResult = await pool.query(config).catch(reject)
      return rows as R[]
    },
  }
}

/**
 * A condition that an indexed column holds one of these ids, given as values or as a query. Used next to a join with
 * rows from JSON: Postgres estimates those at a hundred rows and would prefer a sequential scan of a table with some
 * thousand rows. The ids are always selected, because a plan for a known array looks cheaper than a generic one and
 * would be recomputed for each execution.
 */
export function isOneOf(column: string, ids: readonly string[] | Prisma.Sql): Prisma.Sql {
  const selected = 'text' in ids ? ids : Prisma.sql`SELECT unnest(${[...ids]}::text[])`
  return Prisma.sql`${Prisma.raw(column)} = ANY(ARRAY(${selected}))`
}

/** Query of the distinct `id`s in an indexed column: one index step each, however many rows have the same. */
export function distinctIds(table: string, column: string, condition: Prisma.Sql): Prisma.Sql {
  const [from, id] = [Prisma.raw(table), Prisma.raw(column)]
  return Prisma.sql`
    WITH RECURSIVE step AS (
      SELECT min(${id}) AS id FROM ${from} WHERE ${condition}
      UNION ALL
      SELECT (SELECT min(${id}) FROM ${from} WHERE ${id} > step.id AND ${condition}) FROM step WHERE id IS NOT NULL
    )
    SELECT id FROM step WHERE id IS NOT NULL`
}
