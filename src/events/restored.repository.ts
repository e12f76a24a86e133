import type { PrismaClient } from '../infra/database.ts'

const maxConcurrent = 10_000
const batchTimeoutMs = 30_000

/**
 * After a dump is restored into another cluster, events may have transaction ids that the cluster reaches much later:
 * the feed would hold them back until then and place new events before them. They get current ids, batch by batch, so
 * that distant events stay in order; events of one batch are ordered by record. After a failover or a restore of the
 * cluster itself there are none. An interrupted run is resumed when it is repeated.
 *
 * The pruning progress is reset: cursors from before the restore are rejected, and pruning again deletes nothing more.
 */
export async function renumberRestoredEvents(prisma: PrismaClient): Promise<void> {
  const projects = await prisma.$queryRaw<{ id: string }[]>`
    SELECT id FROM projects p WHERE (
      SELECT xid FROM workload_events WHERE project_id = p.id ORDER BY xid DESC, workload_id DESC, seq DESC LIMIT 1
    ) >= pg_snapshot_xmax(pg_current_snapshot())`
  for (const { id } of projects) await renumber(prisma, id)
  await prisma.$executeRaw`
    UPDATE projects SET pruned_xid = '0', pruned_workload_id = '', pruned_seq = 0
    WHERE pruned_xid >= pg_snapshot_xmax(pg_current_snapshot())`
}

async function renumber(prisma: PrismaClient, projectId: string): Promise<void> {
  for (let count = maxConcurrent; count === maxConcurrent; ) {
    count = await prisma.$transaction(
      async (tx) => {
        // The lock keeps a concurrent writer from copying such an id from an earlier event.
        await tx.$executeRaw`LOCK TABLE workload_events IN SHARE ROW EXCLUSIVE MODE`
        return tx.$executeRaw`
          UPDATE workload_events e SET xid = pg_current_xact_id()
          FROM (
            SELECT workload_id, seq FROM workload_events
            WHERE project_id = ${projectId} AND xid > pg_current_xact_id() ORDER BY xid, workload_id, seq LIMIT ${maxConcurrent}
          ) old
          WHERE e.workload_id = old.workload_id AND e.seq = old.seq`
      },
      { timeout: batchTimeoutMs },
    )
  }
}
