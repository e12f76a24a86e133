import { Prisma } from '../infra/database.ts'

/** Limits that keep the statements short. */
const maxEntries = 500
const maxProjects = 20
const maxEventsEach = 200

export function auditStatementOf(): Prisma.Sql {
  return Prisma.sql`
    SELECT '' AS "cursorProjectId", a.xid::text AS xid, a.id AS "positionId", 0 AS "seqInFeed",
      a.id, a.at, a.project_id AS "projectId", a.subject, a.address, a.request_id AS "requestId", a.action,
      a.object_id AS "objectId", a.outcome, a.data
    FROM record_log_cursors c JOIN audit a ON a.xid IS NOT NULL AND (a.xid, a.id) > (c.xid, c.record_id)
      AND a.xid < pg_snapshot_xmin(pg_current_snapshot())
    WHERE c.stream = 'audit' AND c.project_id = ''
    ORDER BY a.xid, a.id LIMIT ${maxEntries}`
}

/** The feeds of the projects that are behind; a project without a cursor began after the stream. */
export function eventStatement(): Prisma.Sql {
  return Prisma.sql`
    WITH place AS MATERIALIZED (
      SELECT p.id, COALESCE(c.xid, '0'::xid8) AS xid, COALESCE(c.record_id, '') AS record_id, COALESCE(c.seq, 0) AS seq
      FROM projects p LEFT JOIN record_log_cursors c ON c.stream = 'events' AND c.project_id = p.id
    ), behind AS MATERIALIZED (
      SELECT p.* FROM place p WHERE EXISTS (
        SELECT 1 FROM workload_events v WHERE v.project_id = p.id AND (v.xid, v.workload_id, v.seq) > (p.xid, p.record_id, p.seq)
          AND v.xid < pg_snapshot_xmin(pg_current_snapshot())
      ) ORDER BY p.xid LIMIT ${maxProjects}
    )
    SELECT e.project_id AS "cursorProjectId", e.xid::text AS xid, e.workload_id AS "positionId", e.seq AS "seqInFeed",
      e.id, e.at, e.project_id AS "projectId", e.kind, e.workload_id AS "recordId", e.seq, e.type, e.data
    FROM behind b CROSS JOIN LATERAL (
      SELECT * FROM workload_events v WHERE v.project_id = b.id AND (v.xid, v.workload_id, v.seq) > (b.xid, b.record_id, b.seq)
        AND v.xid < pg_snapshot_xmin(pg_current_snapshot())
      ORDER BY v.xid, v.workload_id, v.seq LIMIT ${maxEventsEach}
    ) e
    ORDER BY e.project_id, e.xid, e.workload_id, e.seq`
}
