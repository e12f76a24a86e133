import { auditStatement } from '../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Actor } from '../vocabulary/actor.ts'

export type InstallationRepository = ReturnType<typeof makeInstallationRepository>

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
        SELECT 1 FROM installation i, pg_control_system() s, pg_control_checkpoint() c
        WHERE (i.system_identifier, i.timeline) IS DISTINCT FROM (s.system_identifier::text, c.timeline_id)`
      return rows.length > 0
    },

    /**
     * Accepts the current database. Called after all consequences of a replacement are written, so that a crash in
     * between repeats them.
     */
    async acceptDatabase(): Promise<void> {
      await prisma.$executeRaw`
        UPDATE installation SET system_identifier = s.system_identifier::text, timeline = c.timeline_id
        FROM pg_control_system() s, pg_control_checkpoint() c`
    },

    /** Returns this installation's tag, drawn at the first start. */
    async installationTag(proposed: string): Promise<string> {
      const rows = await prisma.$queryRaw<{ tag: string }[]>`
        WITH inserted AS (
          INSERT INTO installation (tag, system_identifier, timeline)
          SELECT ${proposed}, (SELECT system_identifier::text FROM pg_control_system()), (SELECT timeline_id FROM pg_control_checkpoint())
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
