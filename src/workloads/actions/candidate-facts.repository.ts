import { Prisma } from '../../infra/database.ts'
import type { Statements } from '../../infra/statements.ts'
import type { Json } from '../../vocabulary/json.ts'

/** What a search for the object of a create needs besides the workload. */
export interface CandidateFacts {
  environmentRemoteId: string | null
  /** The snapshot that the latest attempt was sent with. */
  before: Json
  firstSentAt: Date
}

export type CandidateFactsRepository = ReturnType<typeof makeCandidateFactsRepository>

export function makeCandidateFactsRepository(sql: Statements) {
  return {
    async of(workloadId: string): Promise<CandidateFacts> {
      const [row] = await sql.rows<CandidateFacts>(Prisma.sql`
        SELECT e.remote_id AS "environmentRemoteId", a.before, COALESCE(a.first, w.created_at) AS "firstSentAt"
        FROM workloads w LEFT JOIN workloads e ON e.id = w.environment_id LEFT JOIN LATERAL (
          SELECT min(t.started_at) AS first, (array_agg(t.pre_create_snapshot ORDER BY t.number DESC))[1] AS before
          FROM workload_attempts t WHERE t.workload_id = w.id
        ) a ON true
        WHERE w.id = ${workloadId}`)
      if (row === undefined) throw new Error(`${workloadId} no longer exists`)
      return row
    },
  }
}
