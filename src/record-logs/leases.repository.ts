import { Prisma } from '../infra/database.ts'

export function leaseOf(stream: string, holder: string): Prisma.Sql {
  return Prisma.sql`SELECT 1 FROM record_logs WHERE stream = ${stream} AND lease_id = ${holder} AND lease_until > now()`
}

/** No cursor is beyond the horizon, unless the database was restored into a server whose transaction ids start over. */
export function restartStatement(stream: string): Prisma.Sql {
  return Prisma.sql`
    UPDATE record_log_cursors SET xid = pg_snapshot_xmin(pg_current_snapshot()), record_id = '', seq = 0
    WHERE stream = ${stream} AND xid > pg_snapshot_xmax(pg_current_snapshot())`
}
