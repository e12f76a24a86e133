import { Prisma } from '../infra/database.ts'
import type { Statements } from '../infra/statements.ts'
import { idAt } from '../vocabulary/ids.ts'

export interface FannedOut {
  /** Whether there are enabled endpoints; without any, deliveries need no polling either. */
  hasEndpoints: boolean
  /** Events read in this tick. */
  read: number
  /** Whether a project had unread events at the start. */
  isBehind: boolean
}

export type FanOut = () => Promise<FannedOut>

/** Limits that keep the statement short. */
const maxEndpoints = 50
const maxEvents = 100

/**
 * Turns new events into deliveries in one statement: selects endpoints that are behind, round-robin over projects,
 * reads the events after their cursors, inserts a delivery for each matching event, and moves the cursors. So a crash
 * neither loses nor duplicates deliveries, and processes may run it concurrently: rows locked by one are skipped by the
 * others.
 *
 * It reads up to the horizon: the feed is ordered by transaction id, and a transaction with a lower id may still be
 * open. Later events are read by a later tick. A cursor may be at the horizon of the statement that wrote it, although
 * Postgres may reuse ids after a crash: the id of that statement is not lower, and is durable.
 */
export function makeFanOut(sql: Statements): FanOut {
  return async () => {
    const [found] = await sql.rows<FannedOut>(Prisma.sql`
      WITH horizon AS MATERIALIZED (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xid), ahead AS MATERIALIZED (
        SELECT e.id, e.cursor_xid, row_number() OVER (PARTITION BY e.project_id ORDER BY e.cursor_xid) AS turn, (
          SELECT v.xid FROM workload_events v
          WHERE v.project_id = e.project_id AND (v.xid, v.workload_id, v.seq) > (e.cursor_xid, e.cursor_workload_id, e.cursor_seq)
          ORDER BY v.xid, v.workload_id, v.seq LIMIT 1
        ) AS xid
        FROM webhook_endpoints e WHERE e.enabled
      ), taken AS MATERIALIZED (
        SELECT e.id, e.project_id, e.event_types, e.cursor_xid, e.cursor_workload_id, e.cursor_seq
        FROM ahead a JOIN webhook_endpoints e ON e.id = a.id AND e.enabled
        WHERE a.xid < (SELECT xid FROM horizon) ORDER BY a.turn, a.cursor_xid LIMIT ${maxEndpoints} FOR UPDATE OF e SKIP LOCKED
      ), news AS MATERIALIZED (
        SELECT t.id AS endpoint_id, t.event_types, v.* FROM taken t CROSS JOIN LATERAL (
          SELECT w.* FROM workload_events w
          WHERE w.project_id = t.project_id AND w.xid < (SELECT xid FROM horizon)
            AND (w.xid, w.workload_id, w.seq) > (t.cursor_xid, t.cursor_workload_id, t.cursor_seq)
          ORDER BY w.xid, w.workload_id, w.seq LIMIT ${maxEvents}
        ) v
      ), moved AS (
        UPDATE webhook_endpoints e SET cursor_xid = n.xid, cursor_workload_id = n.workload_id, cursor_seq = n.seq
        FROM (SELECT DISTINCT ON (endpoint_id) * FROM news ORDER BY endpoint_id, xid DESC, workload_id DESC, seq DESC) n
        WHERE e.id = n.endpoint_id
      ), restarted AS (
        -- No cursor is beyond the horizon, unless the database was restored into a server whose transaction ids start over.
        UPDATE webhook_endpoints e SET cursor_xid = h.xid, cursor_workload_id = '', cursor_seq = 0
        FROM ahead a, horizon h WHERE e.id = a.id AND a.cursor_xid > h.xid AND e.cursor_xid = a.cursor_xid
      ), inserted AS (
        -- Ids sort by time, and within a statement by the order of the feed.
        INSERT INTO webhook_deliveries (id, endpoint_id, project_id, event_id, type, payload)
        SELECT ${idAt('webhookDelivery', Date.now())} || lpad(to_hex(row_number() OVER (ORDER BY n.xid, n.workload_id, n.seq)), 4, '0')
            || substr(md5(n.endpoint_id || n.id || random()::text), 1, 12),
          n.endpoint_id, n.project_id, n.id, n.type,
          jsonb_build_object('type', n.type, 'timestamp', to_char(n.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'data', n.data || jsonb_build_object('eventId', n.id, 'recordId', n.workload_id, 'kind', n.kind, 'seq', n.seq))
        FROM news n WHERE cardinality(n.event_types) = 0 OR n.type = ANY(n.event_types) OR n.kind || '.*' = ANY(n.event_types)
        ON CONFLICT (endpoint_id, event_id) DO NOTHING
      )
      SELECT EXISTS (SELECT 1 FROM ahead) AS "hasEndpoints", EXISTS (SELECT 1 FROM ahead WHERE xid IS NOT NULL) AS "isBehind",
        (SELECT count(*)::int FROM news) AS read`)
    return found ?? { hasEndpoints: false, isBehind: false, read: 0 }
  }
}
