import { auditStatement } from '../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { Scope } from '../vocabulary/scopes.ts'
import { type ApiKey, hasHash, hashOfKey, idOfKey } from './api-key.ts'

export interface NewApiKey {
  id: string
  projectId: string
  name: string
  scopes: readonly Scope[]
  expiresAt: Date | null
  hash: Uint8Array
}

/** Valid key with its hash. */
export interface ValidKey {
  id: string
  projectId: string
  scopes: readonly Scope[]
  expiresAt: Date | null
  hash: Uint8Array
}

export type ApiKeysRepository = ReturnType<typeof makeApiKeysRepository>

const columns = Prisma.raw(`k.id, k.project_id AS "projectId", k.name, k.scopes, k.created_at AS "createdAt",
  k.expires_at AS "expiresAt", k.revoked_at AS "revokedAt", k.last_used_at AS "lastUsedAt"`)

export function makeApiKeysRepository(prisma: PrismaClient) {
  return {
    /** Finds a key that is neither expired nor revoked: by id if the text contains one, otherwise by hash. */
    async valid(key: { id: string | null; hash: Uint8Array }): Promise<ValidKey | null> {
      const rows = await prisma.$queryRaw<ValidKey[]>`
        SELECT id, project_id AS "projectId", scopes, expires_at AS "expiresAt", secret_hash AS hash FROM api_keys
        WHERE (id = ${key.id} OR (${key.id}::text IS NULL AND secret_hash = ${key.hash}::bytea))
          AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`
      return rows[0] ?? null
    },

    /** Records the last use to the minute: at most one write a minute for each key. */
    async used(id: string): Promise<void> {
      await prisma.$executeRaw`
        UPDATE api_keys SET last_used_at = now()
        WHERE id = ${id} AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`
    },

    /** Null if the project does not exist. */
    async insert(key: NewApiKey, by: Actor): Promise<ApiKey | null> {
      const rows = await prisma.$queryRaw<ApiKey[]>`
        WITH k AS (
          INSERT INTO api_keys (id, project_id, name, scopes, expires_at, secret_hash)
          SELECT ${key.id}, p.id, ${key.name}, ${[...key.scopes]}::text[], ${key.expiresAt}::timestamptz, ${key.hash}::bytea
          FROM projects p WHERE p.id = ${key.projectId} RETURNING *
        ), audited AS (
          ${auditStatement(by, { action: 'api_key.created', data: { name: key.name, scopes: key.scopes } }, Prisma.sql`k`)}
        )
        SELECT ${columns} FROM k`
      return rows[0] ?? null
    },

    async get(id: string): Promise<ApiKey | null> {
      const rows = await prisma.$queryRaw<ApiKey[]>`SELECT ${columns} FROM api_keys k WHERE k.id = ${id}`
      return rows[0] ?? null
    },

    async list(page: { projectId: string | null; after: string | null; limit: number }): Promise<ApiKey[]> {
      return prisma.$queryRaw<ApiKey[]>`
        SELECT ${columns} FROM api_keys k
        WHERE (${page.projectId}::text IS NULL OR k.project_id = ${page.projectId})
          AND (${page.after}::text IS NULL OR k.id > ${page.after})
        ORDER BY k.id LIMIT ${page.limit}`
    },

    /** Null if the key does not exist. Idempotent. */
    async revoke(id: string, by: Actor): Promise<ApiKey | null> {
      const rows = await prisma.$queryRaw<ApiKey[]>`
        WITH k AS (
          UPDATE api_keys SET revoked_at = COALESCE(revoked_at, now()) WHERE id = ${id} RETURNING *
        ), audited AS (
          ${auditStatement(by, { action: 'api_key.revoked' }, Prisma.sql`k`)}
        )
        SELECT ${columns} FROM k`
      return rows[0] ?? null
    },

    /**
     * Creates a successor of `oldId`, which stays valid for `overlapSeconds`. Without `expiresAt` the new key has the
     * lifetime of the old one, counted from now. Null if the old key is no longer valid.
     */
    async rotate(
      oldId: string,
      next: { id: string; hash: Uint8Array; overlapSeconds: number; expiresAt: Date | null },
      by: Actor,
    ): Promise<ApiKey | null> {
      const rows = await prisma.$queryRaw<ApiKey[]>`
        WITH before AS (
          SELECT id, now() + (expires_at - created_at) AS same_lifetime FROM api_keys
          WHERE id = ${oldId} AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) FOR UPDATE
        ), old AS (
          UPDATE api_keys k SET expires_at = LEAST(expires_at, now() + ${next.overlapSeconds}::int * interval '1 second')
          FROM before b WHERE k.id = b.id RETURNING k.*, b.same_lifetime
        ), k AS (
          INSERT INTO api_keys (id, project_id, name, scopes, expires_at, secret_hash)
          SELECT ${next.id}, o.project_id, o.name, o.scopes, COALESCE(${next.expiresAt}::timestamptz, o.same_lifetime), ${next.hash}::bytea
          FROM old o RETURNING *
        ), audited AS (
          ${auditStatement(by, { action: 'api_key.rotated', data: { newId: next.id } }, Prisma.sql`old`)}
        )
        SELECT ${columns} FROM k`
      return rows[0] ?? null
    },
  }
}

/** Record of a valid key; null if the key is unknown, expired or revoked. */
export async function findValidKey(keys: Pick<ApiKeysRepository, 'valid'>, key: string): Promise<ValidKey | null> {
  const row = await keys.valid({ id: idOfKey(key), hash: hashOfKey(key) })
  return row !== null && hasHash(key, row.hash) ? row : null
}
