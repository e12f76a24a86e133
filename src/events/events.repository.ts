import type { PrismaClient } from '../infra/database.ts'

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
  }
}
