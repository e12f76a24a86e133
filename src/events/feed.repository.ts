import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { type Event, isThere, type OrNone } from './events.repository.ts'

/**
 * A place in the order of a project's events. Ids and times are not the order in which they are committed; transactions
 * are, up to those that are still open.
 */
export interface FeedPosition {
  /** A transaction's number, in decimal. */
  xid: string
  workloadId: string
  seq: number
}

export interface ProjectEvent extends Event, FeedPosition {
  kind: Kind
}

export interface FeedPage {
  events: readonly ProjectEvent[]
  /** Where it ended; all there is before the horizon where fewer than `limit` were found. */
  end: FeedPosition
  isFull: boolean
  /** There is more that an open transaction holds back: look again soon, for nobody tells a second time. */
  isBehind: boolean
  /** The position is one of this database, which was not restored or replaced since. Positions of another mean nothing. */
  epoch: string
  /** Events after the position may have been pruned. */
  isPruned: boolean
}

export const beginning: FeedPosition = { xid: '0', workloadId: '', seq: 0 }

export type FeedRepository = ReturnType<typeof makeFeedRepository>

export function makeFeedRepository(prisma: PrismaClient) {
  return {
    /** Where the project's events end now, and in which database. Null: there is no such project. */
    async end(projectId: string): Promise<{ end: FeedPosition; epoch: string } | null> {
      const rows = await prisma.$queryRaw<Pick<Here, 'horizon' | 'epoch'>[]>`
        SELECT here.horizon::text AS horizon, here.epoch FROM (${hereIn(projectId)}) here`
      return rows[0] === undefined ? null : { end: before(rows[0].horizon), epoch: rows[0].epoch }
    },

    /**
     * The events of a project after a position, up to the oldest transaction that is still open: what it writes comes
     * before what later ones have written. Null: there is no such project.
     */
    async read(projectId: string, { after, limit }: { after: FeedPosition; limit: number }): Promise<FeedPage | null> {
      const rows = await prisma.$queryRaw<(OrNone<ProjectEvent> & Here)[]>(feedStatement(projectId, { after, limit }))
      const [first] = rows
      if (first === undefined) return null
      const events = rows.flatMap((row) => (isThere(row) ? row : []))
      const last = events.at(-1)
      const isFull = events.length === limit && last !== undefined
      const { horizon, epoch, isPruned, isBehind } = first
      return { events, end: isFull ? positionOf(last) : before(horizon), isFull, epoch, isPruned, isBehind }
    },
  }
}

/** One row for each event, and one without an event where there is none. */
export const feedStatement = (
  projectId: string,
  { after, limit }: { after: FeedPosition; limit: number },
) => Prisma.sql`
  WITH here AS MATERIALIZED (${hereIn(projectId)})
  SELECT e.id, e.seq, e.type, e.at, e.data, e.kind, e.workload_id AS "workloadId", e.xid::text AS xid,
    here.horizon::text AS horizon, here.epoch, here.pruned >= ${after.xid}::xid8 AS "isPruned", here.is_behind AS "isBehind"
  FROM here LEFT JOIN LATERAL (
    SELECT * FROM workload_events
    WHERE project_id = ${projectId} AND xid < here.horizon
      AND (xid, workload_id, seq) > (${after.xid}::xid8, ${after.workloadId}, ${after.seq}::int)
    ORDER BY xid, workload_id, seq LIMIT ${limit}
  ) e ON true
  ORDER BY e.xid, e.workload_id, e.seq`

interface Here {
  horizon: string
  epoch: string
  isPruned: boolean
  isBehind: boolean
}

/** What is true of this project's events at the moment of the statement. */
const hereIn = (projectId: string) => Prisma.sql`
  SELECT pg_snapshot_xmin(pg_current_snapshot()) AS horizon, p.events_pruned_to AS pruned,
    left(md5(i.system_identifier || '/' || i.timeline), 8) AS epoch,
    COALESCE((
      SELECT xid FROM workload_events WHERE project_id = p.id ORDER BY xid DESC, workload_id DESC, seq DESC LIMIT 1
    ) >= pg_snapshot_xmin(pg_current_snapshot()), false) AS is_behind
  FROM projects p, installation i WHERE p.id = ${projectId}`

function positionOf({ xid, workloadId, seq }: FeedPosition): FeedPosition {
  return { xid, workloadId, seq }
}

/** Behind every event of an earlier transaction. */
function before(xid: string): FeedPosition {
  return { xid, workloadId: '', seq: 0 }
}
