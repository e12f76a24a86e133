import type { Database } from '../../src/infra/database.ts'
import type { Statements } from '../../src/infra/statements.ts'

/**
 * Plans the one statement that `run` sends, without running it, as a named statement is planned after some executions.
 *
 * @returns which of these tables the plan reads whole
 */
export async function tablesReadWhole(
  { pool }: Pick<Database, 'pool'>,
  tables: readonly string[],
  run: (sql: Statements) => Promise<unknown>,
): Promise<string[]> {
  const texts: string[] = []
  await run({
    async rows({ text }) {
      texts.push(text)
      return []
    },
  })
  if (texts.length !== 1) throw new Error(`${texts.length} statements were sent instead of one.`)
  const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN, COSTS OFF) ${texts[0]}`)
  return tables.filter((table) => rows.some((row) => row['QUERY PLAN'].includes(`Seq Scan on ${table} `)))
}
