import type { PrismaClient } from '../infra/database.ts'
import type { Kind } from '../vocabulary/kinds.ts'

/** One change of one workload. Written with the change itself, read here. */
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
    /** The events of one workload whose `seq` is after `after`, in order. */
    async of(
      projectId: string,
      workloadId: string,
      { after, limit }: { after: number; limit: number },
    ): Promise<Event[]> {
      return prisma.$queryRaw<Event[]>`
        SELECT id, seq, type, at, data FROM workload_events
        WHERE workload_id = ${workloadId} AND project_id = ${projectId} AND seq > ${after} ORDER BY seq LIMIT ${limit}`
    },

    /** The same, and whether the workload has ended, as of one moment. Null: the project has none. */
    async follow(
      { projectId, kind, id }: { projectId: string; kind: Kind; id: string },
      { after, limit }: { after: number; limit: number },
    ): Promise<{ events: Event[]; hasEnded: boolean } | null> {
      const rows = await prisma.$queryRaw<(OrNone<Event> & { hasEnded: boolean })[]>`
        SELECT NOT w.live AS "hasEnded", e.id, e.seq, e.type, e.at, e.data
        FROM workloads w LEFT JOIN LATERAL (
          SELECT * FROM workload_events WHERE workload_id = w.id AND seq > ${after} ORDER BY seq LIMIT ${limit}
        ) e ON true
        WHERE w.id = ${id} AND w.project_id = ${projectId} AND w.kind = ${kind} ORDER BY e.seq`
      const [first] = rows
      if (first === undefined) return null
      return {
        hasEnded: first.hasEnded,
        events: rows.flatMap(({ hasEnded: _, ...event }) => (isThere(event) ? event : [])),
      }
    },
  }
}

/** A row of an outer join. */
export type OrNone<R extends { id: string }> = R | { [F in keyof R]: null }

export function isThere<R extends { id: string }>(row: OrNone<R>): row is R {
  return row.id !== null
}
