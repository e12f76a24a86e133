import type { PrismaClient } from '../infra/database.ts'
import type { Kind } from '../vocabulary/kinds.ts'

/** Change of a workload. Written together with the change. */
export interface Event {
  id: string
  seq: number
  type: string
  at: Date
  data: object
}

export type EventsRepository = ReturnType<typeof makeEventsRepository>

export function makeEventsRepository(prisma: PrismaClient) {
  return {
    /** Events of a workload with a `seq` greater than `after`, in order. */
    async of(
      projectId: string,
      workloadId: string,
      { after, limit }: { after: number; limit: number },
    ): Promise<Event[]> {
      return prisma.$queryRaw<Event[]>`
        SELECT id, seq, type, at, data FROM workload_events
        WHERE workload_id = ${workloadId} AND project_id = ${projectId} AND seq > ${after} ORDER BY seq LIMIT ${limit}`
    },

    /**
     * Events of several workloads, at most `limit` each, with whether the workload has finished, from one snapshot and
     * in the given order. Null: the project has no such workload.
     */
    async follow(many: readonly FollowedPosition[], limit: number): Promise<(FollowedEvents | null)[]> {
      const rows = await prisma.$queryRaw<(OrNone<Event> & { place: number; hasEnded: boolean })[]>`
        SELECT k.place::int, NOT w.active AS "hasEnded", e.id, e.seq, e.type, e.at, e.data
        FROM unnest(${many.map(({ id }) => id)}::text[], ${many.map(({ projectId }) => projectId)}::text[],
          ${many.map(({ kind }) => kind)}::text[], ${many.map(({ after }) => after)}::int[])
          WITH ORDINALITY AS k(id, project_id, kind, after, place)
        JOIN workloads w ON w.id = k.id AND w.project_id = k.project_id AND w.kind = k.kind
        LEFT JOIN LATERAL (
          SELECT * FROM workload_events WHERE workload_id = w.id AND seq > k.after ORDER BY seq LIMIT ${limit}
        ) e ON true
        ORDER BY k.place, e.seq`
      const byPlace = Map.groupBy(rows, ({ place }) => place)
      return many.map((_, index) => followedIn(byPlace.get(index + 1), limit))
    },
  }
}

/** Workload and the `seq` after which to read. */
export interface FollowedPosition {
  projectId: string
  kind: Kind
  id: string
  after: number
}

export interface FollowedEvents {
  events: Event[]
  /** More may be readable immediately. */
  isFull: boolean
  hasEnded: boolean
}

function followedIn(
  rows: readonly (OrNone<Event> & { place: number; hasEnded: boolean })[] | undefined,
  limit: number,
): FollowedEvents | null {
  const [first] = rows ?? []
  if (rows === undefined || first === undefined) return null
  const events = rows.flatMap(({ hasEnded: _, place: __, ...event }) => (isThere(event) ? event : []))
  return { events, isFull: events.length === limit, hasEnded: first.hasEnded }
}

/** A row of an outer join. */
export type OrNone<R extends { id: string }> = R | { [F in keyof R]: null }

export function isThere<R extends { id: string }>(row: OrNone<R>): row is R {
  return row.id !== null
}
