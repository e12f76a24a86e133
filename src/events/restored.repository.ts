import type { PrismaClient } from '../infra/database.ts'

/**
 * After a dump was loaded into another cluster, events may carry numbers that its transactions come to much later: the
 * feed would hold them back until then, and put what happens now before them. They get the number of now; the order
 * within a record stays. After a failover, or a restore of the cluster itself, there are none. Repeating it is harmless.
 */
export async function renumberRestoredEvents(prisma: PrismaClient): Promise<void> {
  await prisma.$executeRaw`
    WITH marked AS (
      UPDATE projects SET pruned_xid = pg_current_xact_id() WHERE pruned_xid > pg_current_xact_id()
    )
    UPDATE workload_events SET xid = pg_current_xact_id() WHERE xid > pg_current_xact_id()`
}
