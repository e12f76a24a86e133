import { createHash } from 'node:crypto'
import type { Pool, QueryResult } from 'pg'
import { Prisma } from '../generated/prisma/client.ts'
import { reject } from './classified-adapter.ts'

/**
 * Runs SQL of the hot paths straight on the pool. Statements have names, so that Postgres parses and plans each text once
 * for each connection; Prisma's own raw queries are parsed anew every time and pass through its runtime. Where a pooler
 * hands each transaction to another session the pool sends them without their names.
 */
export interface Statements {
  /** Times come back as `Date`, JSON as values, 8-byte integers as text. */
  rows<R>(statement: Prisma.Sql, options?: StatementOptions): Promise<R[]>
}

export interface StatementOptions {
  /**
   * false: parsed and planned for this execution alone. For statements that have very many texts, since each connection
   * keeps what has a name.
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
 * That a column with an index holds one of these ids, which are given or selected. Said beside a join with rows that came as
 * JSON: Postgres takes those for a hundred, and would rather read a table of some thousand rows whole than look up so many.
 * Selected in either case, since a plan for an array that is known looks cheaper than one for any, and would be made anew
 * for each execution.
 */
export function isOneOf(column: string, ids: readonly string[] | Prisma.Sql): Prisma.Sql {
  const selected = 'text' in ids ? ids : Prisma.sql`SELECT unnest(${[...ids]}::text[])`
  return Prisma.sql`${Prisma.raw(column)} = ANY(ARRAY(${selected}))`
}
