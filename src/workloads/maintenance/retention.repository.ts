import { type Database, Prisma } from '../../infra/database.ts'

/** Workloads per statement, which locks their rows. */
const maxBatch = 500

/**
 * Deletes jobs and environments whose retention has expired, oldest first, with all their records. Nothing is sent to a
 * provider. Kept are environments with kept jobs, workloads with events in the project feed, and those with a duplicate
 * object.
 *
 * @param retentionDays absent = unlimited
 * @returns a function that deletes up to `limit` workloads and returns how many it deleted
 */
export function makePruneWorkloads({ sql }: Pick<Database, 'sql'>, retentionDays: number | undefined) {
  return async function pruneWorkloads(limit: number): Promise<number> {
    if (retentionDays === undefined) return 0
    const [row] = await sql.rows<{ deleted: number }>(pruneStatement(retentionDays, Math.min(limit, maxBatch)))
    return row?.deleted ?? 0
  }
}

const pruneStatement = (retentionDays: number, limit: number) => Prisma.sql`
  WITH old AS MATERIALIZED (
    SELECT w.id FROM workloads w
    WHERE NOT w.active AND w.ended_at < now() - ${retentionDays}::int * interval '1 day'
      -- One lookup per row: NOT EXISTS could become a join that scans the tables.
      AND (SELECT 1 FROM workloads j WHERE j.environment_id = w.id LIMIT 1) IS NULL
      AND (
        SELECT 1 FROM workload_events e, projects p WHERE e.workload_id = w.id AND e.seq = w.seq AND p.id = w.project_id
          AND (e.xid, e.workload_id, e.seq) > (p.pruned_xid, p.pruned_workload_id, p.pruned_seq)) IS NULL
      AND (
        SELECT 1 FROM workload_events d WHERE d.workload_id = w.id
          AND d.type IN ('job.duplicate_detected', 'environment.duplicate_detected') LIMIT 1) IS NULL
    ORDER BY w.ended_at LIMIT ${limit}::int FOR UPDATE OF w SKIP LOCKED
  ), labels AS (
    DELETE FROM workload_labels WHERE workload_id = ANY(ARRAY(SELECT id FROM old))
  ), secrets AS (
    DELETE FROM workload_secrets WHERE workload_id = ANY(ARRAY(SELECT id FROM old))
  ), attempts AS (
    DELETE FROM workload_attempts WHERE workload_id = ANY(ARRAY(SELECT id FROM old))
  ), events AS (
    DELETE FROM workload_events WHERE workload_id = ANY(ARRAY(SELECT id FROM old))
  ), deleted AS (
    DELETE FROM workloads WHERE id = ANY(ARRAY(SELECT id FROM old)) RETURNING id
  )
  SELECT count(*)::int AS deleted FROM deleted`
