import { Prisma } from '../infra/database.ts'
import type { Statements } from '../infra/statements.ts'
import type { AuditEntry, AuditFilter } from './audit.repository.ts'

export interface AuditChunk {
  entries: readonly AuditEntry[]
  /** Last id that was examined; null if there is none after the start. */
  last: string | null
}

export type AuditExportRepository = ReturnType<typeof makeAuditExportRepository>

/** Entries that a statement examines. */
const maxExamined = 500

/**
 * Delay after which an entry is exported. Ids sort by the clock of the process that created them, and become visible when
 * their transaction commits: a resumed export must not have passed a lower id.
 */
export const exportDelayMs = 60_000

export function makeAuditExportRepository(sql: Statements) {
  return {
    /** Matching entries among the next ones after an id, oldest first. */
    async next(filter: AuditFilter, { after, before }: { after: string; before: string }): Promise<AuditChunk> {
      const rows = await sql.rows<AuditEntry & { isFound: boolean }>(Prisma.sql`
        SELECT a.id, a.at, a.project_id AS "projectId", a.subject, a.address, a.request_id AS "requestId", a.action,
          a.object_id AS "objectId", a.outcome, a.data, ${matches(filter)} AS "isFound"
        FROM audit a WHERE a.id > ${after} AND a.id < ${before} ORDER BY a.id LIMIT ${maxExamined}`)
      const entries = rows.flatMap(({ isFound, ...entry }) => (isFound ? [entry] : []))
      return { entries, last: rows.at(-1)?.id ?? null }
    },

    /** The database clock. */
    async now(): Promise<Date> {
      const [row] = await sql.rows<{ now: Date }>(Prisma.sql`SELECT now()`)
      if (row === undefined) throw new Error('the database did not return its time')
      return row.now
    },
  }
}

function matches({ projectId, subject, objectId, action }: AuditFilter): Prisma.Sql {
  return Prisma.sql`
    (${projectId ?? null}::text IS NULL OR a.project_id = ${projectId ?? null}) AND (${subject ?? null}::text IS NULL OR a.subject = ${subject ?? null})
    AND (${objectId ?? null}::text IS NULL OR a.object_id = ${objectId ?? null}) AND (${action ?? null}::text IS NULL OR a.action = ${action ?? null})`
}
