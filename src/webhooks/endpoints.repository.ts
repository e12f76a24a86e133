import { auditStatement } from '../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import { withProjectLock } from '../infra/project-lock.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { WebhookEndpoint } from './webhook-endpoint.ts'

export interface NewEndpoint {
  id: string
  projectId: string
  by: Actor
  url: string
  description: string
  eventTypes: readonly string[]
  enabled: boolean
  sealedSecret: string
}

/** Which endpoint a change is about, and whose it is. */
export interface Target {
  projectId: string
  id: string
  by: Actor
  /** Only if it is still at this version. */
  ifVersions: readonly number[] | null
}

export interface SealedEndpoint extends WebhookEndpoint {
  sealedSecret: string
}

export type EndpointsRepository = ReturnType<typeof makeEndpointsRepository>

export const endpointColumns =
  Prisma.raw(`e.id, e.project_id AS "projectId", e.url, e.description, e.event_types AS "eventTypes", e.enabled, e.version,
  e.failing_since AS "failingSince", e.last_succeeded_at AS "lastSucceededAt", e.disabled_at AS "disabledAt",
  e.disabled_reason AS "disabledReason", e.created_at AS "createdAt", e.updated_at AS "updatedAt"`)

export function makeEndpointsRepository(prisma: PrismaClient) {
  return {
    /** It gets what happens from now on. Null where the project has `most` already. */
    async insert(endpoint: NewEndpoint, most: number): Promise<WebhookEndpoint | null> {
      return withProjectLock(prisma, [endpoint.projectId], async (tx) => {
        const [counted] = await tx.$queryRaw<{ count: number }[]>`
          SELECT count(*)::int AS count FROM webhook_endpoints WHERE project_id = ${endpoint.projectId} AND deleted_at IS NULL`
        return (counted?.count ?? 0) < most ? insertOne(tx, endpoint) : null
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

    /** Its secret and its URL go at once, its deliveries when upkeep comes by. False: gone, or at another version. */
    async remove({ projectId, id, by, ifVersions }: Target): Promise<boolean> {
      const removed = await prisma.$executeRaw`
        WITH e AS (
          UPDATE webhook_endpoints SET deleted_at = now(), updated_at = now(), url = '', sealed_secret = '', overlap_until = NULL,
            enabled = false, disabled_at = COALESCE(disabled_at, now())
          WHERE id = ${id} AND project_id = ${projectId} AND deleted_at IS NULL AND (${ifVersions}::int[] IS NULL OR version = ANY(${ifVersions}::int[]))
          RETURNING id, project_id
        )
        ${auditStatement(by, { action: 'webhook_endpoint.deleted' }, Prisma.sql`e`)}`
      return removed > 0
    },
  }
}

async function insertOne(tx: Prisma.TransactionClient, endpoint: NewEndpoint): Promise<WebhookEndpoint | null> {
  const { id, projectId, url, description, eventTypes, enabled, sealedSecret, by } = endpoint
  const act = { action: 'webhook_endpoint.created', data: { eventTypes, enabled } } as const
  const rows = await tx.$queryRaw<WebhookEndpoint[]>`
    WITH e AS (
      INSERT INTO webhook_endpoints (id, project_id, url, description, event_types, enabled, disabled_at, sealed_secret)
      VALUES (${id}, ${projectId}, ${url}, ${description}, ${[...eventTypes]}::text[], ${enabled},
        CASE WHEN NOT ${enabled} THEN now() END, ${sealedSecret})
      RETURNING *
    ), audited AS (
      ${auditStatement(by, act, Prisma.sql`e`)}
    )
    SELECT ${endpointColumns} FROM e`
  return rows[0] ?? null
}
