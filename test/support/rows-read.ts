import { type Database, Prisma } from '../../src/infra/database.ts'

interface PlanNode {
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  Plans?: PlanNode[]
}

/** Runs a statement and counts the rows of tables that it reads, shown or not; with its plan, for whoever asks why. */
export async function explain(
  { prisma }: Pick<Database, 'prisma'>,
  statement: Prisma.Sql,
): Promise<{ read: number; plan: string }> {
  const [row] = await prisma.$queryRaw<{ 'QUERY PLAN': [{ Plan: PlanNode }] }[]>(
    Prisma.sql`EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${statement}`,
  )
  const plan = row?.['QUERY PLAN'][0].Plan as PlanNode
  return { read: rowsRead(plan), plan: JSON.stringify(plan, null, 1) }
}

function rowsRead(node: PlanNode): number {
  const below = (node.Plans ?? []).reduce((sum, plan) => sum + rowsRead(plan), 0)
  const own = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)
  return below + (node['Relation Name'] === undefined ? 0 : own * node['Actual Loops'])
}
