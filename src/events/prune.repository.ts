import type { PrismaClient } from '../infra/database.ts'

/**
 * Deletes events that are older than is kept, in the order of the feed and of one project at a time. The last event of a
 * record stays, for it tells the record's status; what stays of a record's history has no gaps. How far it came is
 * written in the same statement, so that nobody reads on from an earlier place and misses something unknowingly.
 * Answers how many events it has looked at: `limit` means that there may be more.
 */
export function makePruneEvents(prisma: PrismaClient, { retentionDays }: { retentionDays: number }) {
  return async function pruneEvents(limit: number): Promise<number> {
    const rows = await prisma.$queryRaw<{ seen: number }[]>`
      WITH kept AS (
        SELECT now() - ${retentionDays}::int * interval '1 day' AS since
      ), project AS (
        SELECT p.id, p.events_pruned_to AS pruned_to FROM projects p, kept
        WHERE (SELECT at FROM workload_events WHERE project_id = p.id AND xid > p.events_pruned_to
          ORDER BY xid, workload_id, seq LIMIT 1) < kept.since
        LIMIT 1 FOR UPDATE OF p SKIP LOCKED
      ), seen AS MATERIALIZED (
        SELECT e.workload_id, e.seq, e.xid, e.at < kept.since AS is_old
        FROM kept, project p, LATERAL (
          SELECT * FROM workload_events
          WHERE project_id = p.id AND xid > p.pruned_to AND xid < pg_snapshot_xmin(pg_current_snapshot())
          ORDER BY xid, workload_id, seq LIMIT ${limit}
        ) e
      ), stop AS (
        -- A transaction is passed whole: the last that was seen may go on beyond the limit.
        SELECT LEAST(min(xid) FILTER (WHERE NOT is_old), CASE WHEN count(*) = ${limit} THEN max(xid) END) AS xid FROM seen
      ), passed AS (
        SELECT s.* FROM seen s, stop WHERE stop.xid IS NULL OR s.xid < stop.xid
      ), gone AS (
        DELETE FROM workload_events e USING (
          SELECT s.workload_id, max(s.seq) AS seq FROM passed s JOIN workloads w ON w.id = s.workload_id
          WHERE s.seq < w.seq GROUP BY s.workload_id
        ) old
        WHERE e.workload_id = old.workload_id AND e.seq <= old.seq
      ), marked AS (
        UPDATE projects SET events_pruned_to = (SELECT max(xid) FROM passed)
        WHERE id = (SELECT id FROM project) AND EXISTS (SELECT 1 FROM passed)
      )
      SELECT count(*)::int AS seen FROM passed`
    return rows[0]?.seen ?? 0
  }
}
