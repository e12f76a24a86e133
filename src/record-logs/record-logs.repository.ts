import { Prisma } from '../infra/database.ts'
import type { Statements } from '../infra/statements.ts'
import { leaseOf, restartStatement } from './leases.repository.ts'
import { auditStatementOf, eventStatement } from './reading.repository.ts'

/** `audit`: entries of the audit log. `events`: events of jobs and environments, of all projects. */
export type RecordStream = 'audit' | 'events'

/** Position of a record: of its project, or of the whole stream where `projectId` is empty. */
export interface RecordPosition {
  projectId: string
  xid: string
  recordId: string
  seq: number
}

export interface StreamedRecord {
  position: RecordPosition
  fields: { id: string; at: Date } & Readonly<Record<string, unknown>>
}

export type RecordLogsRepository = ReturnType<typeof makeRecordLogsRepository>

/** One process at a time writes a stream. Its lease outlives no process for long. */
export function makeRecordLogsRepository(sql: Statements, { holder, leaseMs }: { holder: string; leaseMs: number }) {
  return {
    /** Begins a stream where it was not written before, with the records of from now on. */
    async begin(stream: RecordStream): Promise<void> {
      const projects = stream === 'audit' ? Prisma.sql`(SELECT '' AS id)` : Prisma.sql`projects`
      await sql.rows(Prisma.sql`
        WITH made AS (
          INSERT INTO record_logs (stream) VALUES (${stream}) ON CONFLICT (stream) DO NOTHING RETURNING stream
        )
        INSERT INTO record_log_cursors (stream, project_id, xid)
        SELECT m.stream, p.id, pg_snapshot_xmin(pg_current_snapshot()) FROM made m, ${projects} p`)
    },

    /** Takes or renews the lease. False if another process has it. */
    async claim(stream: RecordStream): Promise<boolean> {
      const rows = await sql.rows(Prisma.sql`
        UPDATE record_logs SET lease_id = ${holder}, lease_until = now() + ${leaseMs} * interval '1 ms'
        WHERE stream = ${stream} AND (lease_id IS NULL OR lease_id = ${holder} OR lease_until < now()) RETURNING stream`)
      return rows.length > 0
    },

    /** Ends the lease, so that another process continues at once. */
    async release(stream: RecordStream): Promise<void> {
      await sql.rows(Prisma.sql`
        UPDATE record_logs SET lease_id = NULL, lease_until = NULL WHERE stream = ${stream} AND lease_id = ${holder}`)
    },

    /** Records after the cursors, up to the oldest open transaction, whose records precede those of later ones. */
    async read(stream: RecordStream): Promise<readonly StreamedRecord[]> {
      await sql.rows(restartStatement(stream))
      const rows = await sql.rows<RecordPosition & StreamedRecord['fields']>(
        stream === 'audit' ? auditStatementOf() : eventStatement(),
      )
      return rows.map(({ xid, seqInFeed, cursorProjectId, positionId, ...fields }) => ({
        position: {
          ...{ projectId: String(cursorProjectId), xid, recordId: String(positionId), seq: Number(seqInFeed) },
        },
        fields: fields as StreamedRecord['fields'],
      }))
    },

    /** Moves the cursors past these positions, unless the lease was lost: then its holder has moved them. */
    async advance(stream: RecordStream, positions: readonly RecordPosition[]): Promise<void> {
      await sql.rows(Prisma.sql`
        INSERT INTO record_log_cursors (stream, project_id, xid, record_id, seq)
        SELECT ${stream}, i."projectId", i.xid::xid8, i."recordId", i.seq
        FROM json_to_recordset(${JSON.stringify(positions)}::json) AS i("projectId" text, xid text, "recordId" text, seq int)
        WHERE EXISTS (${leaseOf(stream, holder)})
        ON CONFLICT (stream, project_id) DO UPDATE SET xid = EXCLUDED.xid, record_id = EXCLUDED.record_id, seq = EXCLUDED.seq`)
    },
  }
}
