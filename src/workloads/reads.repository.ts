import type { PrismaClient } from '../infra/database.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import { type ListQuery, listStatement } from './list.repository.ts'
import { toWorkload, type WorkloadRecord, workloadColumns } from './row.repository.ts'
import type { Workload } from './workload.ts'

/** Who else there is for objects that show no mark. */
export interface Claims {
  /** Those that other records stand for, or stood for. */
  owned: ReadonlySet<string>
  /** Another create into the same environment is open, so it may have made them. */
  isContested: boolean
}

export type ReadsRepository = ReturnType<typeof makeReadsRepository>

export function makeReadsRepository(prisma: PrismaClient) {
  return {
    /** Null: there is none in this project; another project's looks the same. */
    async get<K extends Kind>(projectId: string, kind: K, id: string): Promise<Workload<K> | null> {
      const rows = await prisma.$queryRaw<WorkloadRecord[]>`
        SELECT ${workloadColumns} FROM workloads w WHERE w.id = ${id} AND w.project_id = ${projectId} AND w.kind = ${kind}`
      return rows[0] === undefined ? null : toWorkload<K>(rows[0])
    },

    /** One page by keyset. A list by name prefix is ordered by (name, id), any other by id, which is by creation. */
    async list<K extends Kind>(query: ListQuery & { kind: K }): Promise<Workload<K>[]> {
      const rows = await prisma.$queryRaw<WorkloadRecord[]>(listStatement(query))
      return rows.map((row) => toWorkload<K>(row))
    },

    /**
     * What other records of the same connection and kind have to do with these objects. Owned and open are read in one
     * statement: a create that is adopted in between would be neither.
     */
    async claimsOn(workload: Workload, remoteIds: readonly string[], sending: string): Promise<Claims> {
      const rows = await prisma.$queryRaw<{ remoteId: string | null }[]>`
        SELECT remote_id AS "remoteId" FROM workloads
        WHERE connection_id = ${workload.connectionId} AND kind = ${workload.kind} AND id <> ${workload.id}
          AND (remote_id = ANY(${remoteIds}) AND (live OR dispatched_at IS NOT NULL)
            OR remote_id IS NULL AND live AND status = ${sending} AND environment_id IS NOT DISTINCT FROM ${workload.environmentId})`
      const owned = new Set(rows.flatMap(({ remoteId }) => remoteId ?? []))
      return { owned, isContested: rows.some(({ remoteId }) => remoteId === null) }
    },

    /** A live workload that already stands for this remote object. */
    async holderOf(connectionId: string, kind: Kind, remoteId: string): Promise<string | null> {
      const rows = await prisma.$queryRaw<{ id: string }[]>`
        SELECT id FROM workloads WHERE connection_id = ${connectionId} AND kind = ${kind} AND remote_id = ${remoteId} AND live LIMIT 1`
      return rows[0]?.id ?? null
    },

    /**
     * Those of `marks`, seen in a list of this kind, that live workloads hold or that are another kind's: of what stands
     * in the lists of both, the list of its own kind tells whether it still goes on.
     */
    async heldMarks(kind: Kind, marks: readonly string[]): Promise<ReadonlySet<string>> {
      const rows = await prisma.$queryRaw<
        { mark: string }[]
      >`SELECT mark FROM workloads WHERE mark = ANY(${marks}) AND (live OR kind <> ${kind})`
      return new Set(rows.map((row) => row.mark))
    },

    /** Jobs of an environment that have not ended, by id, after this one. */
    async liveJobs(environmentId: string, { after, limit }: { after: string; limit: number }): Promise<string[]> {
      const rows = await prisma.$queryRaw<{ id: string }[]>`
        SELECT id FROM workloads WHERE environment_id = ${environmentId} AND live AND id > ${after} ORDER BY id LIMIT ${limit}`
      return rows.map((row) => row.id)
    },
  }
}
