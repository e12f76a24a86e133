import type { PrismaClient } from '../infra/database.ts'
import { idAt } from '../vocabulary/ids.ts'

/** Entries per transaction. */
const maxBatch = 2000
const dayMs = 86_400_000

/**
 * Deletes audit log entries whose retention has expired, oldest first. The table is append-only for everything else: a
 * trigger accepts a deletion only with a stated retention, and only of entries that are older.
 *
 * @param retentionDays absent = unlimited
 * @returns a function that deletes up to `limit` entries and returns how many it deleted
 */
export function makePruneAudit(prisma: PrismaClient, retentionDays: number | undefined) {
  return async function pruneAudit(limit: number): Promise<number> {
    if (retentionDays === undefined) return 0
    const before = idAt('audit', Date.now() - retentionDays * dayMs)
    const [, deleted] = await prisma.$transaction([
      prisma.$queryRaw`SELECT set_config('switchyard.audit_retention_days', ${String(retentionDays)}, true)`,
      prisma.$executeRaw`
        DELETE FROM audit WHERE id = ANY(ARRAY(
          SELECT id FROM audit WHERE id < ${before} AND at < now() - ${retentionDays}::int * interval '1 day'
          ORDER BY id LIMIT ${Math.min(limit, maxBatch)} FOR UPDATE SKIP LOCKED))`,
    ])
    return deleted
  }
}
