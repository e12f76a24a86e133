import { auditStatement } from '../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Actor } from '../vocabulary/actor.ts'

export type InstallationRepository = ReturnType<typeof makeInstallationRepository>

/**
 * What a restore changes: a physical backup or a failover the timeline, a dump in another cluster its identifier, and a
 * dump in the same cluster the object ids of the database or of its tables.
 */
const identity = Prisma.sql`(
  SELECT s.system_identifier::text, c.timeline_id AS timeline, d.oid || '.' || 'installation'::regclass::oid AS table_identity
  FROM pg_control_system() s, pg_control_checkpoint() c, pg_database d WHERE d.datname = current_database()
)`

/** State of the installation as a whole. */
export function makeInstallationRepository(prisma: PrismaClient) {
  return {
    /**
     * Creates the first project and its key if the database has none. Only one of concurrent processes creates them.
     */
    async bootstrap(first: { projectId: string; keyId: string; hash: Buffer }, by: Actor): Promise<boolean> {
      const name = 'bootstrap'
      const inserted = await prisma.$queryRaw<unknown[]>`
        WITH project AS (
          INSERT INTO projects (id, name) SELECT ${first.projectId}, 'default' WHERE NOT EXISTS (SELECT 1 FROM projects)
          ON CONFLICT (name) DO NOTHING RETURNING id, id AS project_id
        ), key AS (
          INSERT INTO api_keys (id, project_id, name, secret_hash)
          SELECT ${first.keyId}, id, ${name}, ${first.hash}::bytea FROM project RETURNING id, project_id
        ), project_audited AS (
          ${auditStatement(by, { action: 'project.created', data: { name: 'default' } }, Prisma.sql`project`)}
        ), key_audited AS (
          ${auditStatement(by, { action: 'api_key.created', data: { name, scopes: ['admin'] } }, Prisma.sql`key`)}
        )
        SELECT id FROM key`
      return inserted.length > 0
    },

    /** Whether the database differs from the one last accepted: restored from a backup, or failed over. */
    async wasReplaced(): Promise<boolean> {
      const rows = await prisma.$queryRaw<unknown[]>`
        SELECT 1 FROM installation i, ${identity} AS now
        WHERE (i.system_identifier, i.timeline, COALESCE(i.table_identity, now.table_identity))
          IS DISTINCT FROM (now.system_identifier, now.timeline, now.table_identity)`
      return rows.length > 0
    },

    /**
     * Accepts the current database. Called after all consequences of a replacement are written, so that a crash in
     * between repeats them.
     */
    async acceptDatabase(): Promise<void> {
      await prisma.$executeRaw`
        UPDATE installation SET system_identifier = now.system_identifier, timeline = now.timeline,
          table_identity = now.table_identity, restored_at = now()
        FROM ${identity} AS now`
    },

    /** Records the identity of the tables if a version wrote the row that did not know it. */
    async recordTables(): Promise<void> {
      await prisma.$executeRaw`
        UPDATE installation SET table_identity = now.table_identity FROM ${identity} AS now
        WHERE installation.table_identity IS NULL`
    },

    /** When the database was last found restored or failed over, and how many workloads are still being recovered. */
    async lastRestore(): Promise<{ at: Date; unrecovered: number } | null> {
      const rows = await prisma.$queryRaw<{ at: Date; unrecovered: number }[]>`
        SELECT restored_at AS at, (
          SELECT count(*)::int FROM workloads w WHERE w.active AND w.remote_id IS NULL AND EXISTS (
            SELECT FROM workload_attempts a WHERE a.workload_id = w.id AND a.outcome = 'unknown' AND a.scope ? 'databaseWasReplaced'
          )
        ) AS unrecovered
        FROM installation WHERE restored_at IS NOT NULL`
      return rows[0] ?? null
    },

    /** Returns this installation's tag, generated at the first start. */
    async installationTag(proposed: string): Promise<string> {
      const rows = await prisma.$queryRaw<{ tag: string }[]>`
        WITH inserted AS (
          INSERT INTO installation (tag, system_identifier, timeline, table_identity)
          SELECT ${proposed}, now.system_identifier, now.timeline, now.table_identity FROM ${identity} AS now
          ON CONFLICT (singleton) DO NOTHING RETURNING tag
        )
        SELECT tag FROM inserted UNION ALL SELECT tag FROM installation LIMIT 1`
      const [row] = rows
      if (row !== undefined) return row.tag
      // Another process was first, after this statement's snapshot.
      const [other] = await prisma.$queryRaw<{ tag: string }[]>`SELECT tag FROM installation`
      if (other === undefined) throw new Error('The installation has no tag.')
      return other.tag
    },
  }
}
