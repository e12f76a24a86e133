import type { PrismaClient } from '../infra/database.ts'
import type { Measure } from '../infra/telemetry.ts'

/** Counted no further: more than that is told as that. */
const most = 100_000

interface Counted {
  pending: number
  failed: number
  overdueSeconds: number
  failing: number
}

const nothing: Counted = { pending: 0, failed: 0, overdueSeconds: 0, failing: 0 }

/** What an operator watches of webhooks, from partial indexes alone. */
export function makeWebhookMeasures(prisma: PrismaClient) {
  return async function measure(): Promise<readonly Measure[]> {
    const rows = await prisma.$queryRaw<Counted[]>`
      WITH RECURSIVE waiting AS (
        SELECT min(endpoint_id) AS id FROM webhook_deliveries WHERE status = 'pending'
        UNION ALL
        SELECT (SELECT min(endpoint_id) FROM webhook_deliveries WHERE endpoint_id > waiting.id AND status = 'pending')
        FROM waiting WHERE id IS NOT NULL
      )
      SELECT (SELECT count(*)::float8 FROM (SELECT 1 FROM webhook_deliveries WHERE status = 'pending' LIMIT ${most}) p) AS pending,
        (SELECT count(*)::float8 FROM (SELECT 1 FROM webhook_deliveries WHERE status = 'failed' LIMIT ${most}) f) AS failed,
        (SELECT GREATEST(0, COALESCE(EXTRACT(epoch FROM now() - min(first.due_at)), 0))::float8 FROM waiting w
          JOIN webhook_endpoints e ON e.id = w.id AND e.enabled AND e.failures = 0
          CROSS JOIN LATERAL (SELECT min(d.due_at) AS due_at FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'pending') first
        ) AS "overdueSeconds",
        (SELECT count(*)::float8 FROM webhook_endpoints WHERE enabled AND failures > 0) AS failing`
    const [{ pending, failed, overdueSeconds, failing } = nothing] = rows
    return [
      one('webhook_deliveries_pending', `Pending webhook deliveries, ${most} at most.`, pending),
      one('webhook_deliveries_failed', `Permanently failed webhook deliveries, ${most} at most.`, failed),
      one('webhook_overdue_seconds', 'Age of the oldest due delivery of a healthy endpoint.', overdueSeconds),
      one('failing_webhook_endpoints', 'Webhook endpoints whose last delivery failed.', failing),
    ]
  }
}

function one(name: string, help: string, value: number): Measure {
  return { name, help, labels: [], samples: [{ labels: {}, value }] }
}
