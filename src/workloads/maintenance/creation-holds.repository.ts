import { auditStatement } from '../../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../../infra/database.ts'
import { isUniqueViolation } from '../../infra/database-errors.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import { appliesTo } from '../store/hold-condition.repository.ts'

/** What a hold applies to: workloads that match all given parts. At least one is given. */
export interface HoldScope {
  provider: string | null
  connectionId: string | null
  projectId: string | null
}

/** An operator's hold of new creates. */
export interface CreationHold extends HoldScope {
  id: string
  note: string
  createdBy: string
  createdAt: Date
  releasedAt: Date | null
}

export interface ScopeFacts {
  connection: boolean
  project: boolean
  /** False if the connection is another provider's or project's: the hold would apply to nothing. */
  canMatch: boolean
}

export interface NewHold extends HoldScope {
  id: string
  note: string
  by: Actor
  /** The caller's, for the audit log, if the hold is of no project. */
  callerProjectId: string
}

export type CreationHoldsRepository = ReturnType<typeof makeCreationHoldsRepository>

const columns = Prisma.sql`h.id, h.provider, h.connection_id AS "connectionId", h.project_id AS "projectId", h.note, h.created_by AS "createdBy",
  h.created_at AS "createdAt", h.released_at AS "releasedAt"`

/** Long enough for every reconcile pass that read its facts before the release to have written its wait. */
const settleMs = 60_000

export function makeCreationHoldsRepository(prisma: PrismaClient) {
  async function get(id: string): Promise<CreationHold | null> {
    const rows = await prisma.$queryRaw<CreationHold[]>`SELECT ${columns} FROM creation_holds h WHERE h.id = ${id}`
    return rows[0] ?? null
  }

  return {
    get,

    /** Returns the hold, or the id of the active one with the same scope. Null: that one was released meanwhile. */
    async insert({
      id,
      provider,
      connectionId,
      projectId,
      note,
      by,
      callerProjectId,
    }: NewHold): Promise<CreationHold | string | null> {
      const data = { provider, connectionId, projectId, note }
      const rows = await prisma.$queryRaw<CreationHold[]>`
        WITH h AS (
          INSERT INTO creation_holds (id, provider, connection_id, project_id, note, created_by)
          VALUES (${id}, ${provider}, ${connectionId}, ${projectId}, ${note}, ${by.subject}) RETURNING *
        ), audited AS (
          ${auditStatement(by, { action: 'creation_hold.created', data }, Prisma.sql`(SELECT id, COALESCE(project_id, ${callerProjectId}) AS project_id FROM h)`)}
        )
        SELECT ${columns} FROM h`.catch((error: unknown) => {
        if (isUniqueViolation(error, 'creation_holds_active')) return null
        throw error
      })
      if (rows !== null) return rows[0] ?? null
      const active = await prisma.$queryRaw<{ id: string }[]>`
        SELECT id FROM creation_holds WHERE released_at IS NULL AND provider IS NOT DISTINCT FROM ${provider}
          AND connection_id IS NOT DISTINCT FROM ${connectionId} AND project_id IS NOT DISTINCT FROM ${projectId}`
      return active[0]?.id ?? null
    },

    /** Whether what the scope names exists, a connection that is not deleted and a project, and can match together. */
    async exists({ provider, connectionId, projectId }: HoldScope): Promise<ScopeFacts> {
      const rows = await prisma.$queryRaw<ScopeFacts[]>`
        SELECT ${projectId}::text IS NULL OR EXISTS (SELECT 1 FROM projects WHERE id = ${projectId}) AS project,
          ${connectionId}::text IS NULL OR c.id IS NOT NULL AS connection,
          c.id IS NULL OR ((${provider}::text IS NULL OR c.provider = ${provider}) AND (${projectId}::text IS NULL OR c.project_id = ${projectId})) AS "canMatch"
        FROM (SELECT) one LEFT JOIN connections c ON c.id = ${connectionId} AND c.deleted_at IS NULL`
      return rows[0] ?? { connection: false, project: false, canMatch: false }
    },

    /** Oldest first. */
    async list(filter: { active: boolean | null; after: string | null; limit: number }): Promise<CreationHold[]> {
      return prisma.$queryRaw<CreationHold[]>`
        SELECT ${columns} FROM creation_holds h
        WHERE (${filter.active}::boolean IS NULL OR (h.released_at IS NULL) = ${filter.active})
          AND (${filter.after}::text IS NULL OR h.id > ${filter.after})
        ORDER BY h.id LIMIT ${filter.limit}`
    },

    /** Null if it does not exist; released before, it stays as it is. */
    async release(id: string, by: Actor, callerProjectId: string): Promise<CreationHold | null> {
      const rows = await prisma.$queryRaw<CreationHold[]>`
        WITH h AS (
          UPDATE creation_holds SET released_at = now() WHERE id = ${id} AND released_at IS NULL RETURNING *
        ), audited AS (
          ${auditStatement(by, { action: 'creation_hold.released' }, Prisma.sql`(SELECT id, COALESCE(project_id, ${callerProjectId}) AS project_id FROM h)`)}
        )
        SELECT ${columns} FROM h`
      return rows[0] ?? (await get(id))
    },

    /**
     * Makes workloads that wait for a released hold due, in the order of their ids. Returns the last id, or null at the
     * end. Rows are locked in id order, as in the engine's writes.
     */
    async wake(holdId: string, { after, limit }: { after: string; limit: number }): Promise<string | null> {
      const rows = await prisma.$queryRaw<{ last: string | null; count: number }[]>`
        WITH waiting AS MATERIALIZED (
          SELECT w.id FROM workloads w, creation_holds h
          WHERE h.id = ${holdId} AND w.active AND w.status_reason = 'held' AND w.id > ${after} AND ${appliesTo(Prisma.sql`w`)}
          ORDER BY w.id LIMIT ${limit} FOR UPDATE OF w
        ), woken AS (
          UPDATE workloads SET due_at = now() WHERE id = ANY(ARRAY(SELECT id FROM waiting))
        )
        SELECT max(id) AS last, count(*)::int AS count FROM waiting`
      const [row] = rows
      return row === undefined || row.count < limit ? null : row.last
    },

    /** Holds whose release may have missed a workload, released some time ago. */
    async releasedHolds(): Promise<string[]> {
      const rows = await prisma.$queryRaw<{ id: string }[]>`
        SELECT id FROM creation_holds WHERE released_at IS NOT NULL AND woken_at IS NULL
          AND released_at < now() - ${settleMs} * interval '1 ms' ORDER BY released_at LIMIT 10`
      return rows.map(({ id }) => id)
    },

    async markWoken(id: string): Promise<void> {
      await prisma.$executeRaw`UPDATE creation_holds SET woken_at = now() WHERE id = ${id}`
    },
  }
}
