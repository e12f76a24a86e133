import type { Client } from 'pg'
import { type Database, Prisma } from '../../src/infra/database.ts'

interface PlanNode {
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: PlanNode[]
}

interface Explained {
  read: number
  plan: string
}

/** Runs a statement and counts the table rows that it reads, returned or not; includes the plan for diagnosis. */
export async function explain({ prisma }: Pick<Database, 'prisma'>, statement: Prisma.Sql): Promise<Explained> {
  const [row] = await prisma.$queryRaw<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
    Prisma.sql`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${statement}`,
  )
  return explainedBy(row?.['QUERY PLAN'][0].Plan as PlanNode)
}

/** Postgres plans a prepared statement first for the values of each execution, and may later reuse one generic plan. */
export type Planning = 'custom plan' | 'generic plan'

/** As `explain`, with a given planning mode. */
export async function explainAs(client: Client, planning: Planning, { text, values }: Prisma.Sql): Promise<Explained> {
  const mode = planning === 'generic plan' ? 'force_generic_plan' : 'force_custom_plan'
  const parameters = values.map((value) => literal(client, value)).join(', ')
  await client.query(`SET plan_cache_mode = ${mode}; PREPARE explained AS ${text}`)
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE explained(${parameters})`,
  )
  await client.query('DEALLOCATE explained; RESET plan_cache_mode')
  return explainedBy(rows[0]?.['QUERY PLAN'][0].Plan as PlanNode)
}

function literal(client: Client, value: unknown): string {
  if (value === null) return 'NULL'
  if (Array.isArray(value)) return `ARRAY[${value.map((each) => literal(client, each)).join(', ')}]::text[]`
  return client.escapeLiteral(value instanceof Date ? value.toISOString() : String(value))
}

function explainedBy(plan: PlanNode): Explained {
  return { read: rowsRead(plan), plan: JSON.stringify(plan, null, 1) }
}

function rowsRead(node: PlanNode): number {
  const childRows = (node.Plans ?? []).reduce((sum, plan) => sum + rowsRead(plan), 0)
  const rows = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)
  return childRows + (node['Relation Name'] === undefined ? 0 : rows * node['Actual Loops'])
}
