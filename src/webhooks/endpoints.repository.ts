import { auditStatement } from '../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import { withProjectLock } from '../infra/project-lock.ts'
import type {
  EndpointChange,
  EndpointTarget,
  NewEndpoint,
  Rotation,
  SealedEndpoint,
  WebhookEndpoint,
} from './webhook-endpoint.ts'

export type EndpointsRepository = ReturnType<typeof makeEndpointsRepository>

const endpointColumns =
  Prisma.raw(`e.id, e.project_id AS "projectId", e.url, e.description, e.event_types AS "eventTypes", e.enabled, e.version,
  e.failing_since AS "failingSince", e.last_succeeded_at AS "lastSucceededAt", e.disabled_at AS "disabledAt",
  e.disabled_reason AS "disabledReason", e.created_at AS "createdAt", e.updated_at AS "updatedAt"`)

export function makeEndpointsRepository(prisma: PrismaClient) {
  return {
    /** Inserts an endpoint, which receives later events. Null if the project has `most` endpoints already. */
    async insert(endpoint: NewEndpoint, max: number): Promise<WebhookEndpoint | null> {
      return withProjectLock(prisma, [endpoint.projectId], async (tx) => {
        const [counted] = await tx.$queryRaw<{ count: number }[]>`
          SELECT count(*)::int AS count FROM webhook_endpoints WHERE project_id = ${endpoint.projectId} AND deleted_at IS NULL`
        return (counted?.count ?? 0) < max ? insertOne(tx, endpoint) : null
      })
    },

    async get(projectId: string, id: string): Promise<SealedEndpoint | null> {
      const rows = await prisma.$queryRaw<SealedEndpoint[]>`
        SELECT ${endpointColumns}, e.sealed_secret AS "sealedSecret" FROM webhook_endpoints e
        WHERE e.id = ${id} AND e.project_id = ${projectId} AND e.deleted_at IS NULL`
      return rows[0] ?? null
    },

    async list(projectId: string, page: { after: string | null; limit: number }): Promise<WebhookEndpoint[]> {
      return prisma.$queryRaw<WebhookEndpoint[]>`
        SELECT ${endpointColumns} FROM webhook_endpoints e
        WHERE e.project_id = ${projectId} AND e.deleted_at IS NULL AND (${page.after}::text IS NULL OR e.id > ${page.after})
        ORDER BY e.id LIMIT ${page.limit}`
    },

    /**
     * Null if the endpoint is deleted or at another version. A re-enabled endpoint receives new events and its pending
     * deliveries; re-enabling and a new URL both reset its failures.
     */
    async apply(target: EndpointTarget, { url, description, eventTypes, enabled }: EndpointChange) {
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

    /** Null if the endpoint is deleted, at another version, or has a different secret by now. */
    async rotate(target: EndpointTarget, { from, to, overlapSeconds }: Rotation) {
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

    /** Clears secret and URL; maintenance deletes the deliveries. False if already deleted or at another version. */
    async remove(target: EndpointTarget): Promise<boolean> {
      const removed = await prisma.$executeRaw`
        WITH e AS (
          UPDATE webhook_endpoints SET deleted_at = now(), updated_at = now(), url = '', sealed_secret = '', overlap_until = NULL,
            enabled = false, disabled_at = COALESCE(disabled_at, now())
          WHERE ${whereOf(target)}
          RETURNING id, project_id
        )
        ${auditStatement(target.by, { action: 'webhook_endpoint.deleted' }, Prisma.sql`e`)}`
      return removed > 0
    },
  }
}

async function insertOne(tx: Prisma.TransactionClient, endpoint: NewEndpoint): Promise<WebhookEndpoint | null> {
  const { id, projectId, url, description, eventTypes, enabled, sealedSecret, by } = endpoint
  const audited = { action: 'webhook_endpoint.created', data: { eventTypes, enabled } } as const
  const rows = await tx.$queryRaw<WebhookEndpoint[]>`
    WITH e AS (
      INSERT INTO webhook_endpoints (id, project_id, url, description, event_types, enabled, disabled_at, sealed_secret)
      VALUES (${id}, ${projectId}, ${url}, ${description}, ${[...eventTypes]}::text[], ${enabled},
        CASE WHEN NOT ${enabled} THEN now() END, ${sealedSecret})
      RETURNING *
    ), audited AS (
      ${auditStatement(by, audited, Prisma.sql`e`)}
    )
    SELECT ${endpointColumns} FROM e`
  return rows[0] ?? null
}

function whereOf({ id, projectId, ifVersions }: EndpointTarget): Prisma.Sql {
  return Prisma.sql`id = ${id} AND project_id = ${projectId} AND deleted_at IS NULL AND (${ifVersions}::int[] IS NULL OR version = ANY(${ifVersions}::int[]))`
}

async function one(found: Promise<WebhookEndpoint[]>): Promise<WebhookEndpoint | null> {
  const [endpoint] = await found
  return endpoint ?? null
}
