import type { PrismaClient } from '../infra/database.ts'

/**
 * Deletes events past retention, in feed order and of one project at a time. Kept are the last event of a record, which
 * holds its status, and the whole history of a record with a detected duplicate. The remaining history of a record has
 * no gaps. The progress is written in the same statement, so that no reader resumes before it and misses events
 * unnoticed. Returns the number of events examined; 0: none is due.
 */
export function makePruneEvents(prisma: PrismaClient, { retentionDays }: { retentionDays: number }) {
  return async function pruneEvents(limit: number): Promise<number> {
    const rows = await prisma.$queryRaw<{ seen: number }[]>`
      WITH kept AS (
        SELECT now() - ${retentionDays}::int * interval '1 day' AS since
      ), project AS (
        SELECT p.* FROM projects p, kept
        WHERE (SELECT at FROM workload_events
          WHERE project_id = p.id AND (xid, workload_id, seq) > (p.pruned_xid, p.pruned_workload_id, p.pruned_seq)
          ORDER BY xid, workload_id, seq LIMIT 1) < kept.since
        LIMIT 1 FOR UPDATE OF p SKIP LOCKED
      ), seen AS MATERIALIZED (
        -- Expired, as all events before it; the first newer one ends the scan.
        SELECT e.workload_id, e.seq, e.xid, bool_and(e.at < kept.since) OVER (ORDER BY e.xid, e.workload_id, e.seq) AS is_old
        FROM kept, project p, LATERAL (
          SELECT * FROM workload_events
          WHERE project_id = p.id AND (xid, workload_id, seq) > (p.pruned_xid, p.pruned_workload_id, p.pruned_seq)
            AND xid < pg_snapshot_xmin(pg_current_snapshot())
          ORDER BY xid, workload_id, seq LIMIT ${limit}
        ) e
      ), passed AS (
        SELECT * FROM seen WHERE is_old
      ), gone AS (
        DELETE FROM workload_events e USING (
          SELECT p.workload_id, max(p.seq) AS seq FROM passed p JOIN workloads w ON w.id = p.workload_id
          WHERE p.seq < w.seq AND NOT EXISTS (
            SELECT 1 FROM workload_events d
            WHERE d.workload_id = p.workload_id AND d.type IN ('job.duplicate_detected', 'environment.duplicate_detected'))
          GROUP BY p.workload_id
        ) old
        WHERE e.workload_id = old.workload_id AND e.seq <= old.seq
      ), marked AS (
        UPDATE projects SET pruned_xid = l.xid, pruned_workload_id = l.workload_id, pruned_seq = l.seq
        FROM (SELECT * FROM passed ORDER BY xid DESC, workload_id DESC, seq DESC LIMIT 1) l
        WHERE id = (SELECT id FROM project)
      )
      SELECT count(*)::int AS seen FROM passed`
    return rows[0]?.seen ?? 0
  }
}
