import { type Database, Prisma, type PrismaClient } from '../../src/infra/database.ts'
import type { Statements } from '../../src/infra/statements.ts'
import type { Planning } from './rows-read.ts'

/** How a plan reads a table. */
export interface Scan {
  table: string
  index: string | null
  /** Sequentially or in key order, from the beginning to the end. */
  isFull: boolean
  /** The step of the plan that receives the rows, such as `Limit` or `Sort`. */
  receiver: string
}

/** The statements that `run` sends; they are not executed and return nothing. */
export async function sentBy(
  run: (to: { sql: Statements; prisma: PrismaClient }) => Promise<unknown>,
): Promise<readonly Prisma.Sql[]> {
  const sent: Prisma.Sql[] = []
  const record = <R>(result: R) => {
    return (text: Prisma.Sql | TemplateStringsArray, ...values: unknown[]): Promise<R> => {
      sent.push(text instanceof Prisma.Sql ? text : Prisma.sql(text, ...values))
      return Promise.resolve(result)
    }
  }
  const sql: Statements = {
    rows(statement) {
      sent.push(statement)
      return Promise.resolve([])
    },
  }
  const prisma = { $queryRaw: record([]), $executeRaw: record(0) } as unknown as PrismaClient
  await run({ sql, prisma })
  return sent
}

/**
 * Plans a statement without executing it: with its values, as Postgres plans statements of Prisma, or with the generic
 * plan of a named statement.
 */
export async function scansOf(
  { pool }: Pick<Database, 'pool'>,
  { text, values }: Prisma.Sql,
  planning: Planning,
): Promise<Scan[]> {
  const isGeneric = planning === 'generic plan'
  const { rows } = await pool.query({
    text: `EXPLAIN (${isGeneric ? 'GENERIC_PLAN, ' : ''}COSTS OFF, FORMAT JSON) ${text}`,
    values: isGeneric ? [] : (values as unknown[]),
  })
  return scansIn(rows[0]['QUERY PLAN'][0].Plan, '')
}

/** @returns the given tables that the plan of the single statement that `run` sends scans completely */
export async function fullyScannedTables(
  database: Pick<Database, 'pool'>,
  tables: readonly string[],
  run: (sql: Statements) => Promise<unknown>,
): Promise<string[]> {
  const [statement, ...others] = await sentBy(({ sql }) => run(sql))
  if (statement === undefined || others.length > 0) throw new Error('not one statement was sent')
  const full = (await scansOf(database, statement, 'generic plan')).filter(({ isFull }) => isFull)
  return tables.filter((table) => full.some((scan) => scan.table === table))
}

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Index Cond'?: string
  Plans?: readonly PlanNode[]
}

function scansIn(node: PlanNode, receiver: string): Scan[] {
  const { 'Relation Name': table, 'Index Name': index = null, 'Node Type': type, Plans = [] } = node
  const isByKey = index?.endsWith('_pkey') === true
  const isFull = type === 'Seq Scan' || (isByKey && node['Index Cond'] === undefined)
  const own = table === undefined || type === 'ModifyTable' ? [] : [{ table, index, isFull, receiver }]
  return [...own, ...Plans.flatMap((each) => scansIn(each, type))]
}
