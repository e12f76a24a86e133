import { randomUUID } from 'node:crypto'
import { Prisma } from '../../infra/database.ts'
import type { Statements } from '../../infra/statements.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import { pauseAfter } from '../apply/writes.repository.ts'
import { toWorkload, type WorkloadRecord, workloadColumns } from '../store/row.repository.ts'
import type { Workload } from '../workload.ts'
import { makeWatchlists, type Watched } from './watchlists.repository.ts'

export type { Watched } from './watchlists.repository.ts'

/** A scan that only this process may do until the lease expires. */
export interface ClaimedSweep {
  connectionId: string
  kind: Kind
  leaseId: string
  /** The pause before this scan. */
  lastMs: number
  /** The database clock at the claim. */
  startedAt: Date
  connectionVersion: number
  notBefore: Date | null
  isHeld: boolean
  /** Whether calls over the connection have failed since the last success. */
  hasFailed: boolean
  pauseReason: Reason | null
}

/** A workload and the exact row it was read from, which every write replaces. */
export interface AsRead<K extends Kind = Kind> {
  workload: Workload<K>
  row: string
}

export type SweepsRepository = ReturnType<typeof makeSweepsRepository>

const watchedColumns = Prisma.sql`
  id, remote_id AS "remoteId", correlation_tag AS "correlationTag", remote_identity AS "remoteIdentity", imported, version, dispatched_at AS "dispatchedAt", observed_at AS "observedAt", missing_since AS "missingSince"`

export function makeSweepsRepository(sql: Statements, leaseMs: number) {
  const watchlists = makeWatchlists(sql)
  return {
    async claimDue(limit: number): Promise<ClaimedSweep[]> {
      const leaseId = randomUUID()
      return sql.rows<ClaimedSweep>(Prisma.sql`
        WITH t AS MATERIALIZED (
          SELECT d.connection_id, d.kind FROM sweeps d
          WHERE d.due_at <= now() AND (d.lease_until IS NULL OR d.lease_until < now())
          ORDER BY d.due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED
        )
        UPDATE sweeps s SET lease_id = ${leaseId}, lease_until = now() + ${leaseMs} * interval '1 ms',
          due_at = now() + ${leaseMs} * interval '1 ms', last_started_at = now()
        FROM t, connections c
        WHERE s.connection_id = t.connection_id AND s.kind = t.kind AND c.id = s.connection_id
        RETURNING s.connection_id AS "connectionId", s.kind, s.lease_id AS "leaseId", s.interval_ms AS "lastMs", now() AS "startedAt",
          c.version AS "connectionVersion", c.held AS "isHeld", c.failures > 0 AS "hasFailed", c.not_before AS "notBefore", c.pause_reason AS "pauseReason"`)
    },

    /** Renews the leases of running scans. Keeps a due time that another writer set. */
    async renew(claims: readonly ClaimedSweep[]): Promise<void> {
      if (claims.length === 0) return
      await sql.rows(Prisma.sql`
        UPDATE sweeps SET lease_until = now() + ${leaseMs} * interval '1 ms',
          due_at = CASE WHEN due_at IS DISTINCT FROM lease_until THEN due_at ELSE now() + ${leaseMs} * interval '1 ms' END
        WHERE lease_id = ANY(${claims.map(({ leaseId }) => leaseId)})`)
    },

    /** Active workloads with a remote object: the snapshot that a scan compares its pages with. */
    watched: watchlists.read,

    /** Workloads beyond the snapshot that do not wait for a read yet, longest unseen first. */
    async unwatched(connectionId: string, kind: Kind, after: Watched, limit: number): Promise<Watched[]> {
      return sql.rows<Watched>(Prisma.sql`
        SELECT ${watchedColumns} FROM workloads
        WHERE connection_id = ${connectionId} AND kind = ${kind} AND (remote_id, id) > (${after.remoteId}, ${after.id}) AND active
          AND missing_since IS NULL
        ORDER BY observed_at NULLS FIRST LIMIT ${limit}`)
    },

    /** Workloads that are unchanged since the snapshot and not claimed. */
    async unchanged(watched: readonly Watched[]): Promise<AsRead[]> {
      const snapshot = watched.map(({ id, version }) => ({ id, version }))
      const rows = await sql.rows<WorkloadRecord & { row: string }>(Prisma.sql`
        SELECT ${workloadColumns}, w.xmin::text AS row FROM workloads w
        JOIN json_to_recordset(${JSON.stringify(snapshot)}::json) AS i(id text, version int) ON i.id = w.id AND i.version = w.version
        WHERE w.lease_id IS NULL OR w.lease_until < now()`)
      return rows.map(({ row, ...record }) => ({ workload: toWorkload(record), row }))
    },

    /**
     * Ends a scan. Without `nextMs` there is nothing to watch until the next dispatch. If a workload changed meanwhile,
     * the next scan is due after the shortest pause.
     */
    async finish(
      sweep: ClaimedSweep,
      { nextMs, seen, orphans = null }: { nextMs: number | null; seen: number | null; orphans?: number | null },
    ): Promise<void> {
      const listed = Prisma.sql`COALESCE(${seen}::int, last_seen)`
      await sql.rows(Prisma.sql`
        UPDATE sweeps SET lease_id = NULL, lease_until = NULL, interval_ms = ${Math.round(nextMs ?? 0)}::int,
          due_at = CASE WHEN due_at IS DISTINCT FROM lease_until THEN GREATEST(due_at, now() + ${pauseAfter(listed)}) ELSE now() + ${nextMs}::float8 * interval '1 ms' END,
          last_completed_at = CASE WHEN ${seen}::int IS NULL THEN last_completed_at ELSE now() END, last_seen = ${listed},
          last_orphans = COALESCE(${orphans}::int, last_orphans)
        WHERE connection_id = ${sweep.connectionId} AND kind = ${sweep.kind} AND lease_id = ${sweep.leaseId}`)
    },
  }
}
