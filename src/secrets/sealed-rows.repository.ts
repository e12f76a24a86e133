import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { AuditAction } from '../vocabulary/audit-actions.ts'
import { makeId } from '../vocabulary/ids.ts'

/** Every table column with sealed text, by its name in reports, and the table with its project id. */
const tables = {
  connections: { table: 'connections', id: 'id', sealed: 'sealed_credentials', owner: 'connections' },
  connection_networks: { table: 'connections', id: 'id', sealed: 'sealed_network', owner: 'connections' },
  workload_secrets: { table: 'workload_secrets', id: 'workload_id', sealed: 'sealed', owner: 'workloads' },
  webhook_endpoints: { table: 'webhook_endpoints', id: 'id', sealed: 'sealed_secret', owner: 'webhook_endpoints' },
} as const

const rotated: AuditAction = 'secrets.rotated'

export type SealedTable = keyof typeof tables
export const sealedTables = Object.keys(tables) as SealedTable[]

/** `id` is the row id that the text is sealed for. */
export interface SealedRow {
  id: string
  sealed: string
}

export type SealedRowsRepository = ReturnType<typeof makeSealedRowsRepository>

export function makeSealedRowsRepository(prisma: PrismaClient, by: Actor) {
  return {
    /** The next rows by id whose text does not start with `prefix`. Rows of deleted objects have no secrets. */
    async otherwiseSealed(
      table: SealedTable,
      { prefix, after, limit }: { prefix: string; after: string; limit: number },
    ): Promise<SealedRow[]> {
      const { id, sealed, name } = columnsOf(table)
      return prisma.$queryRaw<SealedRow[]>`
        SELECT ${id} AS id, ${sealed} AS sealed FROM ${name}
        WHERE ${id} > ${after} AND ${sealed} <> '' AND NOT starts_with(${sealed}, ${prefix}) ORDER BY ${id} LIMIT ${limit}`
    },

    /**
     * Replaces texts, except those changed in the meantime. Each project's audit log records the number. Returns the
     * total.
     */
    async replace(table: SealedTable, rows: readonly { id: string; from: string; to: string }[]): Promise<number> {
      const { id, sealed, name, owner } = columnsOf(table)
      const input = rows.map((row) => ({ ...row, auditId: makeId('audit') }))
      const counted = await prisma.$queryRaw<{ count: number }[]>`
        WITH updated AS (
          UPDATE ${name} t SET ${sealed} = i."to"
          FROM json_to_recordset(${JSON.stringify(input)}::json) AS i(id text, "from" text, "to" text, "auditId" text)
          WHERE t.${id} = i.id AND t.${sealed} = i."from"
          RETURNING i.id, i."auditId"
        ), audited AS (
          INSERT INTO audit (id, project_id, subject, address, request_id, action, outcome, data)
          SELECT min(u."auditId"), o.project_id, ${by.subject}, ${by.address}, ${by.requestId}, ${rotated}, 'done',
            jsonb_build_object('table', ${table}::text, 'count', count(*))
          FROM updated u JOIN ${owner} o ON o.id = u.id GROUP BY o.project_id
        )
        SELECT count(*)::int AS count FROM updated`
      return counted[0]?.count ?? 0
    },
  }
}

function columnsOf(table: SealedTable) {
  const { id, sealed, owner, table: name } = tables[table]
  return { name: Prisma.raw(name), id: Prisma.raw(id), sealed: Prisma.raw(sealed), owner: Prisma.raw(owner) }
}
