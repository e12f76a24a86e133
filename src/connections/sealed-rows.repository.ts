import { Prisma, type PrismaClient } from '../infra/database.ts'

/** Every place where a table holds sealed text. */
const places = {
  connections: { id: 'id', sealed: 'sealed_credentials' },
  workload_secrets: { id: 'workload_id', sealed: 'sealed' },
} as const

export type SealedTable = keyof typeof places
export const sealedTables = Object.keys(places) as SealedTable[]

/** `id` is what the text was sealed for. */
export interface SealedRow {
  id: string
  sealed: string
}

export type SealedRowsRepository = ReturnType<typeof makeSealedRowsRepository>

export function makeSealedRowsRepository(prisma: PrismaClient) {
  return {
    /** The next rows by id whose text does not begin with `prefix`. A deleted connection has none. */
    async otherwiseSealed(
      table: SealedTable,
      { prefix, after, limit }: { prefix: string; after: string; limit: number },
    ): Promise<SealedRow[]> {
      const { id, sealed, name } = columnsOf(table)
      return prisma.$queryRaw<SealedRow[]>`
        SELECT ${id} AS id, ${sealed} AS sealed FROM ${name}
        WHERE ${id} > ${after} AND ${sealed} <> '' AND NOT starts_with(${sealed}, ${prefix}) ORDER BY ${id} LIMIT ${limit}`
    },

    /** Puts new texts in the place of the old; what somebody has changed meanwhile is left alone. Answers how many. */
    async replace(table: SealedTable, rows: readonly { id: string; from: string; to: string }[]): Promise<number> {
      const { id, sealed, name } = columnsOf(table)
      return prisma.$executeRaw`
        UPDATE ${name} t SET ${sealed} = i."to"
        FROM json_to_recordset(${JSON.stringify(rows)}::json) AS i(id text, "from" text, "to" text)
        WHERE t.${id} = i.id AND t.${sealed} = i."from"`
    },
  }
}

function columnsOf(table: SealedTable) {
  const { id, sealed } = places[table]
  return { name: Prisma.raw(table), id: Prisma.raw(id), sealed: Prisma.raw(sealed) }
}
