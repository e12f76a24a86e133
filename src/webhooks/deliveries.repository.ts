import { auditStatement } from '../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Actor } from '../vocabulary/actor.ts'
import { idAt, makeId } from '../vocabulary/ids.ts'
import { type DeliveryStatus, deliveryStatuses, type WebhookDelivery } from './webhook-endpoint.ts'

/** Endpoint of a project, and the actor of a request. */
export interface EndpointOf {
  projectId: string
  id: string
  by: Actor
}

export type DeliveriesRepository = ReturnType<typeof makeDeliveriesRepository>

const columns = Prisma.raw(`d.id, d.endpoint_id AS "endpointId", d.event_id AS "eventId", d.type, d.status, d.attempts,
  d.created_at AS "createdAt", d.settled_at AS "settledAt", d.last_attempt_at AS "lastAttemptAt",
  d.last_http_status AS "lastHttpStatus", d.last_reason AS "lastReason",
  CASE WHEN e.enabled AND d.lease_id IS NULL AND d.status = 'pending' THEN GREATEST(d.due_at, e.not_before, e.retry_after_until) END AS "nextAttemptAt"`)

/** Tolerated clock error of the process that created an id, which starts with its time. */
const clockSlackMs = 3_600_000

/** Resets a delivery to the pending state of a new one. */
const pendingAgain = Prisma.raw(`status = 'pending', retry_step = 0, due_at = now(), settled_at = NULL`)

export function makeDeliveriesRepository(prisma: PrismaClient) {
  return {
    /** Newest first; reads the end of the index for each status. */
    async list(
      endpointId: string,
      page: { status: DeliveryStatus | null; before: string | null; limit: number },
    ): Promise<WebhookDelivery[]> {
      const statuses = page.status === null ? [...deliveryStatuses] : [page.status]
      return prisma.$queryRaw<WebhookDelivery[]>`
        SELECT ${columns} FROM unnest(${statuses}::text[]) s CROSS JOIN LATERAL (
          SELECT * FROM webhook_deliveries t
          WHERE t.endpoint_id = ${endpointId} AND t.status = s AND (${page.before}::text IS NULL OR t.id < ${page.before})
          ORDER BY t.id DESC LIMIT ${page.limit}
        ) d JOIN webhook_endpoints e ON e.id = d.endpoint_id
        ORDER BY d.id DESC LIMIT ${page.limit}`
    },

    async get(endpointId: string, id: string): Promise<WebhookDelivery | null> {
      const rows = await prisma.$queryRaw<WebhookDelivery[]>`
        SELECT ${columns} FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
        WHERE d.id = ${id} AND d.endpoint_id = ${endpointId}`
      return rows[0] ?? null
    },

    /** Inserts a delivery without a stored event. Null if the endpoint does not exist or is disabled. */
    async insertTest({ projectId, id, by }: EndpointOf): Promise<WebhookDelivery | null> {
      const eventId = makeId('event')
      const rows = await prisma.$queryRaw<WebhookDelivery[]>`
        WITH e AS (
          SELECT * FROM webhook_endpoints WHERE id = ${id} AND project_id = ${projectId} AND enabled FOR SHARE
        ), d AS (
          INSERT INTO webhook_deliveries (id, endpoint_id, project_id, event_id, type, payload)
          SELECT ${makeId('webhookDelivery')}, e.id, e.project_id, ${eventId}, 'webhook.test', jsonb_build_object('type', 'webhook.test',
            'timestamp', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'data', jsonb_build_object('eventId', ${eventId}::text, 'endpointId', e.id))
          FROM e RETURNING *
        ), audited AS (
          ${auditStatement(by, { action: 'webhook_endpoint.tested', data: { eventId } }, Prisma.sql`e`)}
        )
        SELECT ${columns} FROM d JOIN e ON e.id = d.endpoint_id`
      return rows[0] ?? null
    },

    /** Null if there is no finished delivery with this id, or its endpoint is disabled. */
    async redeliver({ projectId, id, by }: EndpointOf, deliveryId: string): Promise<WebhookDelivery | null> {
      const rows = await prisma.$queryRaw<WebhookDelivery[]>`
        WITH d AS (
          UPDATE webhook_deliveries SET ${pendingAgain}
          WHERE id = ${deliveryId} AND endpoint_id = ${id} AND project_id = ${projectId} AND status <> 'pending'
            AND EXISTS (SELECT 1 FROM webhook_endpoints e WHERE e.id = ${id} AND e.enabled)
          RETURNING *
        ), audited AS (
          ${auditStatement(by, { action: 'webhook_delivery.redelivered', data: { endpointId: id } }, Prisma.sql`d`)}
        )
        SELECT ${columns} FROM d JOIN webhook_endpoints e ON e.id = d.endpoint_id`
      return rows[0] ?? null
    },

    /** Resets up to `limit` failed deliveries created since then to pending, oldest first. Returns their number. */
    async replay({ projectId, id, by }: EndpointOf, { since, limit }: { since: Date; limit: number }): Promise<number> {
      const rows = await prisma.$queryRaw<{ count: number }[]>`
        WITH picked AS MATERIALIZED (
            SELECT id FROM webhook_deliveries
            WHERE endpoint_id = ${id} AND project_id = ${projectId} AND status = 'failed' AND created_at >= ${since}
              AND id >= ${idAt('webhookDelivery', since.getTime() - clockSlackMs)}
            ORDER BY id LIMIT ${limit} FOR UPDATE
        ), d AS (
          UPDATE webhook_deliveries SET ${pendingAgain} WHERE id IN (SELECT id FROM picked) RETURNING endpoint_id, project_id
        ), e AS (SELECT endpoint_id AS id, min(project_id) AS project_id FROM d GROUP BY endpoint_id), audited AS (
          ${auditStatement(by, { action: 'webhook_endpoint.replayed', data: { since } }, Prisma.sql`e`)}
        )
        SELECT count(*)::int AS count FROM d`
      return rows[0]?.count ?? 0
    },
  }
}
