import { auditStatement } from '../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import { withProjectLock } from '../infra/project-lock.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { Connection } from './connection.ts'
import type { NetworkView } from './network.ts'
import type { Pause } from './pause.ts'

export interface NewConnection {
  id: string
  by: Actor
  projectId: string
  provider: string
  name: string
  settings: JsonObject
  sealedCredentials: string
  network: { view: NetworkView; sealed: string } | null
  /** The kinds whose lists are swept. */
  kinds: readonly Kind[]
}

export interface Removal {
  projectId: string
  id: string
  by: Actor
  /** Required versions; null = any. */
  ifVersions: readonly number[] | null
}

export interface SealedConnection extends Connection {
  sealedCredentials: string
  sealedNetwork?: string | null
}

export type ConnectionsRepository = ReturnType<typeof makeConnectionsRepository>

export const connectionColumns =
  Prisma.raw(`c.id, c.project_id AS "projectId", c.provider, c.name, c.settings, c.discovered, c.network, c.version, c.held, c.not_before AS "notBefore",
  c.pause_reason AS "pauseReason", c.verified_at AS "verifiedAt", c.created_at AS "createdAt", c.updated_at AS "updatedAt"`)

/** The connection of a call, and whether the call was the probe after a pause. */
export interface Called {
  id: string
  version: number
  isProbe: boolean
}

export function makeConnectionsRepository(prisma: PrismaClient) {
  return {
    /** Returns the connection, or `name_taken`, or the exceeded quota. */
    async insert(connection: NewConnection): Promise<Connection | 'name_taken' | { overQuota: string }> {
      return withProjectLock(prisma, [connection.projectId], async (tx) => {
        const overQuota = await beyondQuota(tx, connection.projectId)
        return overQuota === null ? ((await insertOne(tx, connection)) ?? 'name_taken') : { overQuota }
      })
    },

    /** The connections of all projects. */
    async all(): Promise<Pick<Connection, 'id' | 'provider' | 'settings'>[]> {
      return prisma.$queryRaw<Pick<Connection, 'id' | 'provider' | 'settings'>[]>`
        SELECT id, provider, settings FROM connections WHERE deleted_at IS NULL`
    },

    /** The connections of all projects to the same provider as this one. */
    async allOfProvider(id: string): Promise<Pick<Connection, 'id' | 'provider' | 'settings'>[]> {
      return prisma.$queryRaw<Pick<Connection, 'id' | 'provider' | 'settings'>[]>`
        SELECT o.id, o.provider, o.settings FROM connections c JOIN connections o ON o.provider = c.provider AND o.deleted_at IS NULL
        WHERE c.id = ${id}`
    },

    async get(projectId: string, id: string): Promise<Connection | null> {
      const rows = await prisma.$queryRaw<Connection[]>`
        SELECT ${connectionColumns} FROM connections c WHERE c.id = ${id} AND c.project_id = ${projectId} AND c.deleted_at IS NULL`
      return rows[0] ?? null
    },

    /** Versions by id, without deleted connections. */
    async versions(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
      const rows = await prisma.$queryRaw<{ id: string; version: number }[]>`
        SELECT id, version FROM connections WHERE id = ANY(${[...ids]}) AND deleted_at IS NULL`
      return new Map(rows.map(({ id, version }) => [id, version]))
    },

    /** Finds a connection of any project, deleted or not, with its sealed credentials. For the engine. */
    async sealed(id: string): Promise<SealedConnection | null> {
      const rows = await prisma.$queryRaw<SealedConnection[]>`
        SELECT ${connectionColumns}, c.sealed_credentials AS "sealedCredentials", c.sealed_network AS "sealedNetwork" FROM connections c WHERE c.id = ${id}`
      return rows[0] ?? null
    },

    async list(
      projectId: string,
      page: { provider: string | null; after: string | null; limit: number },
    ): Promise<Connection[]> {
      return prisma.$queryRaw<Connection[]>`
        SELECT ${connectionColumns} FROM connections c
        WHERE c.project_id = ${projectId} AND c.deleted_at IS NULL
          AND (${page.provider}::text IS NULL OR c.provider = ${page.provider})
          AND (${page.after}::text IS NULL OR c.id > ${page.after})
        ORDER BY c.id LIMIT ${page.limit}`
    },

    /** Returns `in_use` while workloads are active. Admission locks the connection, so the two cannot overlap. */
    async remove({ projectId, id, by, ifVersions }: Removal): Promise<'removed' | 'in_use' | 'not_found' | 'changed'> {
      return prisma.$transaction(async (tx) => {
        const [found] = await tx.$queryRaw<{ version: number }[]>`
          SELECT version FROM connections WHERE id = ${id} AND project_id = ${projectId} AND deleted_at IS NULL FOR UPDATE`
        if (found === undefined) return 'not_found'
        if (ifVersions !== null && !ifVersions.includes(found.version)) return 'changed'
        const used = await tx.$queryRaw<{ id: string }[]>`
          SELECT id FROM workloads WHERE project_id = ${projectId} AND connection_id = ${id} AND active LIMIT 1`
        if (used.length > 0) return 'in_use'
        await tx.$executeRaw`
          WITH c AS (
            UPDATE connections SET deleted_at = now(), updated_at = now(), sealed_credentials = '', sealed_network = NULL, network = NULL WHERE id = ${id} RETURNING id, project_id
          )
          ${auditStatement(by, { action: 'connection.deleted' }, Prisma.sql`c`)}`
        await tx.$executeRaw`DELETE FROM sweeps WHERE connection_id = ${id}`
        await tx.$executeRaw`DELETE FROM connection_results WHERE connection_id = ${id}`
        return 'removed'
      })
    },

    /**
     * Counts a failure of the connection and, beyond `tolerated` failures, pauses it: for `firstMs`, doubled per
     * failure up to `maxMs`, or as long as the provider requested. Calls that fail during a pause do not count again,
     * nor do those of earlier versions: a late rejection of old credentials does not apply to new ones.
     */
    async failed({ id, version, isProbe }: Called, pause: Pause): Promise<void> {
      await prisma.$executeRaw`
        UPDATE connections SET failures = failures + 1, pause_reason = ${pause.reason},
          not_before = CASE WHEN failures + 1 > ${pause.tolerated}::int THEN now() + interval '1 ms' * COALESCE(${pause.requestedMs}::float8,
            LEAST(${pause.firstMs}::float8 * power(2, LEAST(failures - ${pause.tolerated}::int, 20)), ${pause.maxMs}::float8)) END
        WHERE id = ${id} AND version = ${version} AND (${isProbe} OR not_before IS NULL OR not_before <= now())`
    },

    async succeeded({ id, version, isProbe }: Called): Promise<void> {
      await prisma.$executeRaw`
        UPDATE connections SET failures = 0, pause_reason = NULL, not_before = NULL
        WHERE id = ${id} AND version = ${version} AND failures > 0 AND (${isProbe} OR not_before IS NULL OR not_before <= now())`
    },

    /** Claims the probe after a pause: for `waitMs` no other worker can, so that its result can be recorded. */
    async mayProbe(id: string, waitMs: number): Promise<boolean> {
      const probed = await prisma.$executeRaw`
        UPDATE connections SET not_before = now() + ${waitMs} * interval '1 ms'
        WHERE id = ${id} AND failures > 0 AND not_before <= now()`
      return probed > 0
    },
  }
}

async function beyondQuota(tx: Prisma.TransactionClient, projectId: string): Promise<string | null> {
  const rows = await tx.$queryRaw<{ used: number; most: number }[]>`
    SELECT p.max_connections AS most, (
      SELECT count(*)::int FROM connections c WHERE c.project_id = p.id AND c.deleted_at IS NULL
    ) AS used
    FROM projects p WHERE p.id = ${projectId} AND p.max_connections IS NOT NULL`
  const [row] = rows
  return row === undefined || row.used < row.most ? null : `${row.used} of ${row.most} connections`
}

/** Null if the project already has a connection of that name. */
async function insertOne(tx: Prisma.TransactionClient, connection: NewConnection): Promise<Connection | null> {
  const { network } = connection
  const rows = await tx.$queryRaw<Connection[]>`
    WITH c AS (
      INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials, network, sealed_network)
      VALUES (${connection.id}, ${connection.projectId}, ${connection.provider}, ${connection.name},
        ${JSON.stringify(connection.settings)}::jsonb, ${connection.sealedCredentials},
        ${network === null ? null : JSON.stringify(network.view)}::jsonb, ${network?.sealed ?? null})
      ON CONFLICT (project_id, name) WHERE deleted_at IS NULL DO NOTHING
      RETURNING *
    ), s AS (
      INSERT INTO sweeps (connection_id, kind) SELECT c.id, k FROM c, unnest(${[...connection.kinds]}::text[]) k
    ), audited AS (
      ${auditStatement(connection.by, { action: 'connection.created', data: { provider: connection.provider, name: connection.name } }, Prisma.sql`c`)}
    )
    SELECT ${connectionColumns} FROM c`
  return rows[0] ?? null
}
