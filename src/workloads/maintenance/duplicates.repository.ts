import type { PrismaClient } from '../../infra/database.ts'
import { makeId } from '../../vocabulary/ids.ts'

/** Records for operators that a provider holds two objects for one workload. One event per object. */
export function makeDuplicatesRepository(prisma: PrismaClient) {
  return async function noteDuplicate(workloadId: string, remoteId: string): Promise<void> {
    await prisma.$executeRaw`
      WITH w AS (
        UPDATE workloads SET seq = seq + 1, version = version + 1, updated_at = now() WHERE id = ${workloadId}
          AND NOT EXISTS (SELECT 1 FROM workload_events e WHERE e.workload_id = ${workloadId}
            AND e.type = kind || '.duplicate_detected' AND e.data->>'remoteId' = ${remoteId})
        RETURNING *
      )
      INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
      SELECT w.id, w.seq, ${makeId('event')}, w.project_id, w.kind, w.kind || '.duplicate_detected',
        jsonb_build_object('status', w.status, 'remoteId', ${remoteId}::text) FROM w`
  }
}
