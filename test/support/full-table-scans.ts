import type { Database } from '../../src/infra/database.ts'
import type { Statements } from '../../src/infra/statements.ts'

/**
 * Plans the single statement that `run` sends, without executing it, with the generic plan of a named statement.
 *
 * @returns the given tables that the plan scans completely
 */
export async function fullyScannedTables(
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
  const { rows } = await pool.query(`EXPLAIN (GENERIC_PLAN, COSTS OFF, FORMAT JSON) ${texts[0]}`)
  const read = new Set(
    nodesOf(rows[0]['QUERY PLAN'][0].Plan)
      .filter(isFullScan)
      .map((node) => node['Relation Name']),
  )
  return tables.filter((table) => read.has(table))
}

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Index Cond'?: string
  Plans?: readonly PlanNode[]
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)]
}

/** Whether a node scans a complete table, sequentially or in key order. */
function isFullScan(node: PlanNode): boolean {
  const isByKey = node['Index Name']?.endsWith('_pkey') === true
  return node['Node Type'] === 'Seq Scan' || (isByKey && node['Index Cond'] === undefined)
}
