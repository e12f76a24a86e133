import { Prisma, type PrismaClient } from '../infra/database.ts'

export type PruneDeliveries = () => Promise<number>

const maxRows = 1000
const maxStatements = 50

/** Removes what is over and old, and what nobody can ask for any more: a bounded number of rows in each statement. */
export function makePruning(prisma: PrismaClient, { keepMs }: { keepMs: number }): PruneDeliveries {
  const old = Prisma.sql`now() - ${keepMs} * interval '1 ms'`
  const groups = [
    Prisma.sql`SELECT id FROM webhook_deliveries WHERE status <> 'pending' AND settled_at < ${old} ORDER BY settled_at LIMIT ${maxRows}`,
    // Of endpoints that were deleted, and of those that have been disabled for so long: nobody waits for what is pending there.
    Prisma.sql`
      SELECT t.id FROM webhook_endpoints e CROSS JOIN LATERAL (
        SELECT id FROM webhook_deliveries WHERE endpoint_id = e.id AND (status = 'pending' OR e.deleted_at IS NOT NULL) LIMIT ${maxRows}
      ) t
      WHERE NOT e.enabled AND (e.deleted_at IS NOT NULL OR e.disabled_at < ${old}) LIMIT ${maxRows}`,
  ]

  async function remove(group: Prisma.Sql): Promise<number> {
    let count = 0
    for (let left = maxStatements; left > 0; left -= 1) {
      const removed = await prisma.$executeRaw`
        DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM (${group}) g)`
      count += removed
      if (removed < maxRows) break
    }
    return count
  }

  return async () => {
    let count = 0
    for (const group of groups) count += await remove(group)
    await prisma.$executeRaw`
      DELETE FROM webhook_endpoints e WHERE NOT e.enabled AND e.deleted_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.endpoint_id = e.id)`
    return count
  }
}
