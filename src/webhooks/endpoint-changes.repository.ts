import { auditStatement } from '../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import { endpointColumns, type Target } from './endpoints.repository.ts'
import type { WebhookEndpoint } from './webhook-endpoint.ts'

/** What changes; null stays. */
export interface EndpointChange {
  url: string | null
  description: string | null
  eventTypes: readonly string[] | null
  enabled: boolean | null
}

/** A new secret in the place of the one that was read. */
export interface Rotation {
  /** As it was read: whoever rotates it at the same time comes second. */
  from: string
  to: string
  overlapSeconds: number
}

export type EndpointChangesRepository = ReturnType<typeof makeEndpointChangesRepository>

export function makeEndpointChangesRepository(prisma: PrismaClient) {
  return {
    /**
     * Null where it is gone or at another version. One that is enabled again gets what happens from now on, and what was
     * pending; so its failures are forgotten, as they are with another URL.
     */
    async apply(target: Target, { url, description, eventTypes, enabled }: EndpointChange) {
      const fields = Object.entries({ url, description, eventTypes, enabled })
      const given = fields.flatMap(([field, value]) => (value === null ? [] : [field]))
      const types = eventTypes === null ? null : [...eventTypes]
      return one(prisma.$queryRaw<WebhookEndpoint[]>`
        WITH before AS (
          SELECT id, ${enabled}::boolean IS TRUE AND NOT enabled AS "isRevived", ${url}::text IS DISTINCT FROM url AND ${url}::text IS NOT NULL AS "isMoved"
          FROM webhook_endpoints WHERE ${whereOf(target)} FOR UPDATE
        ), e AS (
          UPDATE webhook_endpoints e SET url = COALESCE(${url}::text, e.url), description = COALESCE(${description}::text, e.description),
            event_types = COALESCE(${types}::text[], e.event_types), enabled = COALESCE(${enabled}::boolean, e.enabled),
            cursor_xid = CASE WHEN b."isRevived" THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE e.cursor_xid END,
            cursor_workload_id = CASE WHEN b."isRevived" THEN '' ELSE e.cursor_workload_id END,
            cursor_seq = CASE WHEN b."isRevived" THEN 0 ELSE e.cursor_seq END,
            failures = CASE WHEN b."isRevived" OR b."isMoved" THEN 0 ELSE e.failures END,
            not_before = CASE WHEN b."isRevived" OR b."isMoved" THEN NULL ELSE e.not_before END,
            retry_after_until = CASE WHEN b."isMoved" THEN NULL ELSE e.retry_after_until END,
            config_epoch = e.config_epoch + (b."isRevived" OR b."isMoved")::int,
            failing_since = CASE WHEN b."isRevived" OR b."isMoved" THEN NULL ELSE e.failing_since END,
            disabled_at = CASE WHEN COALESCE(${enabled}::boolean, e.enabled) THEN NULL ELSE COALESCE(e.disabled_at, now()) END,
            disabled_reason = CASE WHEN COALESCE(${enabled}::boolean, e.enabled) THEN NULL ELSE e.disabled_reason END,
            version = e.version + 1, updated_at = now()
          FROM before b WHERE e.id = b.id RETURNING e.*
        ), audited AS (
          ${auditStatement(target.by, { action: 'webhook_endpoint.updated', data: { fields: given } }, Prisma.sql`e`)}
        )
        SELECT ${endpointColumns} FROM e`)
    },

    /** Null where it is gone, at another version, or has another secret by now. */
    async rotate(target: Target, { from, to, overlapSeconds }: Rotation) {
      return one(prisma.$queryRaw<WebhookEndpoint[]>`
        WITH e AS (
          UPDATE webhook_endpoints SET sealed_secret = ${to}, overlap_until = now() + ${overlapSeconds}::int * interval '1 second',
            version = version + 1, updated_at = now()
          WHERE ${whereOf(target)} AND sealed_secret = ${from} RETURNING *
        ), audited AS (
          ${auditStatement(target.by, { action: 'webhook_endpoint.secret_rotated', data: { overlapSeconds } }, Prisma.sql`e`)}
        )
        SELECT ${endpointColumns} FROM e`)
    },
  }
}

function whereOf({ id, projectId, ifVersions }: Target): Prisma.Sql {
  return Prisma.sql`id = ${id} AND project_id = ${projectId} AND deleted_at IS NULL AND (${ifVersions}::int[] IS NULL OR version = ANY(${ifVersions}::int[]))`
}

async function one(found: Promise<WebhookEndpoint[]>): Promise<WebhookEndpoint | null> {
  const [endpoint] = await found
  return endpoint ?? null
}
