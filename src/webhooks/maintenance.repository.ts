import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Measure } from '../telemetry/measure.ts'
import { endpointsWithPending } from './claims.repository.ts'

/** Upper limit of the counts, as `telemetry/metric-list.ts` states. */
const maxCount = 100_000

interface Counted {
  pending: number
  failed: number
  overdueSeconds: number
  failing: number
}

const nothing: Counted = { pending: 0, failed: 0, overdueSeconds: 0, failing: 0 }

/** Webhook metrics for operators, from partial indexes only. */
export function makeWebhookMeasures(prisma: PrismaClient) {
  return async function measure(): Promise<readonly Measure[]> {
    const rows = await prisma.$queryRaw<Counted[]>`
      SELECT (SELECT count(*)::float8 FROM (SELECT 1 FROM webhook_deliveries WHERE status = 'pending' LIMIT ${maxCount}) p) AS pending,
        (SELECT count(*)::float8 FROM (SELECT 1 FROM webhook_deliveries WHERE status = 'failed' LIMIT ${maxCount}) f) AS failed,
        (SELECT GREATEST(0, COALESCE(EXTRACT(epoch FROM now() - min(first.due_at)), 0))::float8 FROM (${endpointsWithPending}) w
          JOIN webhook_endpoints e ON e.id = w.id AND e.enabled AND e.failures = 0
          CROSS JOIN LATERAL (SELECT min(d.due_at) AS due_at FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'pending') first
        ) AS "overdueSeconds",
        (SELECT count(*)::float8 FROM webhook_endpoints WHERE enabled AND failures > 0) AS failing`
    const [{ pending, failed, overdueSeconds, failing } = nothing] = rows
    return [
      one('webhook_deliveries_pending', pending),
      one('webhook_deliveries_failed', failed),
      one('webhook_overdue_seconds', overdueSeconds),
      one('failing_webhook_endpoints', failing),
    ]
  }
}

function one<N extends string>(name: N, value: number) {
  return { name, samples: [{ labels: {}, value }] }
}

export type PruneDeliveries = () => Promise<number>

const maxRows = 1000
const maxStatements = 50

/** Deletes expired and unreachable deliveries, a bounded number of rows in each statement. */
export function makePruning(prisma: PrismaClient, { retentionMs }: { retentionMs: number }): PruneDeliveries {
  const old = Prisma.sql`now() - ${retentionMs} * interval '1 ms'`
  const groups = [
    Prisma.sql`SELECT id FROM webhook_deliveries WHERE status <> 'pending' AND settled_at < ${old} ORDER BY settled_at LIMIT ${maxRows}`,
    // Pending deliveries of endpoints that were deleted, or disabled for the retention time.
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
