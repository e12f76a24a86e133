import { type AuditedAction, auditStatement } from '../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { Quota } from '../vocabulary/quota.ts'

/** Tenant. Resources of a project are not visible to other projects. */
export interface Project {
  id: string
  name: string
  quota: Quota
  createdAt: Date
}

export type ProjectsRepository = ReturnType<typeof makeProjectsRepository>

const columns = Prisma.raw(`p.id, p.name, p.created_at AS "createdAt", jsonb_strip_nulls(jsonb_build_object(
  'activeWorkloads', p.max_active_workloads, 'accelerators', p.max_accelerators, 'connections', p.max_connections)) AS quota`)

export function makeProjectsRepository(prisma: PrismaClient) {
  return {
    /** Null if the name is in use. */
    async insert({ id, name, quota }: { id: string; name: string; quota: Quota }, by: Actor): Promise<Project | null> {
      const rows = await prisma.$queryRaw<Project[]>`
        WITH p AS (
          INSERT INTO projects (id, name, max_active_workloads, max_accelerators, max_connections)
          VALUES (${id}, ${name}, ${quota.activeWorkloads ?? null}, ${quota.accelerators ?? null}, ${quota.connections ?? null})
          ON CONFLICT (name) DO NOTHING RETURNING *, id AS project_id
        ), audited AS (
          ${auditStatement(by, { action: 'project.created', data: { name, quota } }, Prisma.sql`p`)}
        )
        SELECT ${columns} FROM p`
      return rows[0] ?? null
    },

    async get(id: string): Promise<Project | null> {
      const rows = await prisma.$queryRaw<Project[]>`SELECT ${columns} FROM projects p WHERE p.id = ${id}`
      return rows[0] ?? null
    },

    async idOf(idOrName: string): Promise<string | null> {
      const rows = await prisma.$queryRaw<{ id: string }[]>`
        SELECT id FROM projects WHERE id = ${idOrName} OR name = ${idOrName} ORDER BY id = ${idOrName} DESC LIMIT 1`
      return rows[0]?.id ?? null
    },

    async list(page: { after: string | null; limit: number }): Promise<Project[]> {
      return prisma.$queryRaw<Project[]>`
        SELECT ${columns} FROM projects p WHERE (${page.after}::text IS NULL OR p.id > ${page.after}) ORDER BY p.id LIMIT ${page.limit}`
    },

    /** Replaces the whole quota. Null if the project does not exist. */
    async update(
      id: string,
      { name, quota }: { name?: string; quota?: Quota },
      by: Actor,
    ): Promise<Project | 'name_taken' | null> {
      const whole = quota === undefined ? null : JSON.stringify(quota)
      const audited: AuditedAction = { action: 'project.updated', data: { name, quota } }
      const rows = await prisma.$queryRaw<Project[]>`
        WITH taken AS (SELECT 1 FROM projects WHERE name = ${name ?? null} AND id <> ${id}),
        given AS (SELECT ${whole}::jsonb AS quota),
        p AS (
          UPDATE projects SET name = COALESCE(${name ?? null}, name),
            max_active_workloads = CASE WHEN g.quota IS NULL THEN max_active_workloads ELSE (g.quota->>'activeWorkloads')::int END,
            max_accelerators = CASE WHEN g.quota IS NULL THEN max_accelerators ELSE (g.quota->>'accelerators')::int END,
            max_connections = CASE WHEN g.quota IS NULL THEN max_connections ELSE (g.quota->>'connections')::int END
          FROM given g
          WHERE id = ${id} AND NOT EXISTS (SELECT 1 FROM taken) RETURNING projects.*, id AS project_id
        ), audited AS (
          ${auditStatement(by, audited, Prisma.sql`p`)}
        )
        SELECT ${columns} FROM p`
      if (rows[0] !== undefined) return rows[0]
      const known = await prisma.$queryRaw<unknown[]>`SELECT 1 FROM projects WHERE id = ${id}`
      return known.length === 0 ? null : 'name_taken'
    },
  }
}
