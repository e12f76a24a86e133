import { Prisma, type PrismaClient } from '../../infra/database.ts'
import type { WorkloadKinds } from '../kind.ts'

/** Long enough for every request that was in flight during the lost time. */
const settleMs = 600_000
const maxConcurrent = 1000

/**
 * Recovery after a restore or a failover: a workload without a remote object may have got one in the lost time. Each
 * gets an attempt with unknown outcome, dated back to the record's creation, so it is searched for before anything is
 * sent. Workloads with an object are read. Returns the number of reopened workloads.
 */
export async function reopenAll(prisma: PrismaClient, kinds: WorkloadKinds): Promise<number> {
  let count = 0
  for (const { name, waiting, dispatchingStatus } of Object.values(kinds)) {
    for (let batch = maxConcurrent; batch === maxConcurrent; count += batch) {
      batch = await prisma.$executeRaw(reopenStatement(name, waiting, dispatchingStatus))
    }
  }
  return count
}

/** Event ids derive from the workload id and the number, since this statement inserts one per row. */
const reopenStatement = (kind: string, waiting: string, dispatchingStatus: string) => Prisma.sql`
  WITH picked AS MATERIALIZED (
    SELECT id FROM workloads WHERE kind = ${kind} AND active AND remote_id IS NULL AND NOT imported
      AND (status = ${waiting} OR (status = ${dispatchingStatus} AND status_message IS DISTINCT FROM 'The database was replaced; looking for what may have been made.'))
    ORDER BY id LIMIT ${maxConcurrent} FOR UPDATE
  ), reopened AS (
    UPDATE workloads w SET status = ${dispatchingStatus}, status_reason = 'outcome_unknown', status_message = 'The database was replaced; looking for what may have been made.',
      status_changed_at = now(), lease_id = NULL, lease_until = NULL, due_at = now(), version = w.version + 1, seq = w.seq + 1, updated_at = now()
    WHERE w.id IN (SELECT id FROM picked)
    RETURNING w.id, w.seq, w.project_id, w.kind, w.status, w.correlation_tag, w.created_at
  ), attempts AS (
    INSERT INTO workload_attempts (workload_id, number, correlation_tag, scope, pre_create_snapshot, started_at, send_by, absence_conclusive_at, outcome)
    SELECT r.id, COALESCE((SELECT max(number) FROM workload_attempts a WHERE a.workload_id = r.id), 0) + 1, r.correlation_tag,
      '{"databaseWasReplaced": true}', 'null', r.created_at, now(), now() + ${settleMs} * interval '1 ms', 'unknown'
    FROM reopened r
  )
  INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
  SELECT r.id, r.seq, 'evt_' || substr(r.id, strpos(r.id, '_') + 1) || '_' || r.seq, r.project_id, r.kind, r.kind || '.' || r.status,
    jsonb_build_object('status', r.status, 'reason', 'outcome_unknown')
  FROM reopened r`
