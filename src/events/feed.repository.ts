import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { type Event, isThere, type OrNone } from './events.repository.ts'

/**
 * Position in the feed of a project: that of an existing event. Ids and times do not follow the commit order;
 * transaction ids do, below the oldest open transaction (the horizon). The horizon itself is not a valid position:
 * after a crash Postgres may reuse ids of transactions that wrote nothing, and events with these ids would follow.
 */
export interface FeedPosition {
  /** Transaction id, in decimal. */
  xid: string
  workloadId: string
  seq: number
}

export interface ProjectEvent extends Event, FeedPosition {
  kind: Kind
}

export interface FeedPage {
  events: readonly ProjectEvent[]
  /** Position of the last event; the start position if the page is empty. */
  end: FeedPosition
  isFull: boolean
  /** An open transaction holds back events: poll soon, since no second notification follows. */
  isBehind: boolean
  /** Database epoch of the position; changes with a restore or replacement. Positions of another epoch are invalid. */
  epoch: string
  /** Events after the position may have been pruned. */
  isPruned: boolean
}

export type FeedRepository = ReturnType<typeof makeFeedRepository>

export function makeFeedRepository(prisma: PrismaClient) {
  return {
    /** Position of the last readable event, and the epoch. Null: the project does not exist. */
    async end(projectId: string): Promise<{ end: FeedPosition; epoch: string } | null> {
      const rows = await prisma.$queryRaw<(FeedPosition & { epoch: string })[]>`
        WITH state AS MATERIALIZED (${feedStateOf(projectId)})
        SELECT state.epoch, COALESCE(e.xid, state.pruned_xid)::text AS xid,
          COALESCE(e.workload_id, state.pruned_workload_id) AS "workloadId", COALESCE(e.seq, state.pruned_seq) AS seq
        FROM state LEFT JOIN LATERAL (
          SELECT * FROM workload_events
          WHERE project_id = ${projectId} AND xid < state.horizon AND (xid, workload_id, seq) > ${pruned}
          ORDER BY xid DESC, workload_id DESC, seq DESC LIMIT 1
        ) e ON true`
      const [row] = rows
      return row === undefined ? null : { epoch: row.epoch, end: positionOf(row) }
    },

    /**
     * Events of a project after a position, or after the pruned ones if it is null; up to the oldest open transaction,
     * whose events precede those of later ones. Null: the project does not exist.
     */
    async read(
      projectId: string,
      { after, limit }: { after: FeedPosition | null; limit: number },
    ): Promise<FeedPage | null> {
      const rows = await prisma.$queryRaw<(OrNone<ProjectEvent> & FeedState)[]>(
        feedStatement(projectId, { after, limit }),
      )
      const [first] = rows
      if (first === undefined) return null
      const events = rows.flatMap((row) => (isThere(row) ? row : []))
      const last = events.at(-1)
      const { epoch, isPruned, isBehind } = first
      const start = after ?? { xid: first.prunedXid, workloadId: first.prunedWorkloadId, seq: first.prunedSeq }
      const end = last === undefined ? start : positionOf(last)
      return { events, end, isFull: events.length === limit, epoch, isPruned, isBehind }
    },
  }
}

/** One row per event, or one row without an event if there are none. */
export const feedStatement = (
  projectId: string,
  { after, limit }: { after: FeedPosition | null; limit: number },
) => Prisma.sql`
  WITH state AS MATERIALIZED (${feedStateOf(projectId)})
  SELECT e.id, e.seq, e.type, e.at, e.data, e.kind, e.workload_id AS "workloadId", e.xid::text AS xid,
    state.epoch, state.is_behind AS "isBehind", ${pruned} > ${positionSql(after)} AS "isPruned",
    state.pruned_xid::text AS "prunedXid", state.pruned_workload_id AS "prunedWorkloadId", state.pruned_seq AS "prunedSeq"
  FROM state LEFT JOIN LATERAL (
    SELECT * FROM workload_events
    WHERE project_id = ${projectId} AND xid < state.horizon AND (xid, workload_id, seq) > ${positionSql(after)}
    ORDER BY xid, workload_id, seq LIMIT ${limit}
  ) e ON true
  ORDER BY e.xid, e.workload_id, e.seq`

interface FeedState {
  epoch: string
  isPruned: boolean
  isBehind: boolean
  prunedXid: string
  prunedWorkloadId: string
  prunedSeq: number
}

/** State of the project's feed at the time of the statement. */
const feedStateOf = (projectId: string) => Prisma.sql`
  SELECT pg_snapshot_xmin(pg_current_snapshot()) AS horizon, p.pruned_xid, p.pruned_workload_id, p.pruned_seq,
    left(md5(i.system_identifier || '/' || i.timeline || CASE WHEN i.restored_at IS NULL THEN '' ELSE '/' || i.table_identity END), 8) AS epoch,
    COALESCE((
      SELECT xid FROM workload_events WHERE project_id = p.id ORDER BY xid DESC, workload_id DESC, seq DESC LIMIT 1
    ) >= pg_snapshot_xmin(pg_current_snapshot()), false) AS is_behind
  FROM projects p, installation i WHERE p.id = ${projectId}`

const pruned = Prisma.sql`(state.pruned_xid, state.pruned_workload_id, state.pruned_seq)`

function positionSql(position: FeedPosition | null): Prisma.Sql {
  if (position === null) return pruned
  const { xid, workloadId, seq } = position
  return Prisma.sql`(${xid}::xid8, ${workloadId}, ${seq}::int)`
}

function positionOf({ xid, workloadId, seq }: FeedPosition): FeedPosition {
  return { xid, workloadId, seq }
}
