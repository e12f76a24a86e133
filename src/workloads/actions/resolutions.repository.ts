import { auditStatement } from '../../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../../infra/database.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import { makeId } from '../../vocabulary/ids.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { type Holder, lockedHolder } from '../store/holders.repository.ts'

export interface ResolutionTarget {
  projectId: string
  kind: Kind
  id: string
  /** The version that was read: of two operators, only one decides. */
  version: number
  /** Recorded in the event too. */
  by: Actor
}

/** The result of an open create: the object, as these connections see it, or that nothing was created. */
export type AttemptResolution =
  | { outcome: 'recovered'; remoteId: string; connectionIds: readonly string[] }
  | { outcome: 'not_created'; remoteId: null }

export type ResolutionsRepository = ReturnType<typeof makeResolutionsRepository>

/** Decisions of an operator about an unknown outcome. Each is an event that names the operator. */
export function makeResolutionsRepository(prisma: PrismaClient) {
  return {
    /**
     * Records the result of the open attempt, from which the engine continues, or returns the holder of the object. One
     * object belongs to one workload. False if no attempt is open, or if it would be canceled while its request may
     * still be executed.
     */
    async resolveAttempt(
      target: ResolutionTarget,
      dispatchingStatus: string,
      resolution: AttemptResolution,
    ): Promise<boolean | Holder> {
      if (resolution.outcome === 'not_created')
        return isWritten(prisma.$queryRaw(resolveStatement(target, dispatchingStatus, resolution)))
      const object = { ...resolution, kind: target.kind, correlationTag: null }
      return prisma.$transaction(async (tx) => {
        const holder = await lockedHolder(tx, object, target.id)
        return holder ?? isWritten(tx.$queryRaw(resolveStatement(target, dispatchingStatus, resolution)))
      })
    },

    /** Makes a parked workload due again. False if it is not parked. */
    async retryParked(target: ResolutionTarget): Promise<boolean> {
      return isWritten(prisma.$queryRaw`
        WITH retried AS (
          UPDATE workloads w SET due_at = now(), failures = 0, version = w.version + 1, seq = w.seq + 1, updated_at = now()
          WHERE w.id = ${target.id} AND w.project_id = ${target.projectId} AND w.kind = ${target.kind} AND w.active
            AND w.version = ${target.version} AND w.due_at IS NULL AND w.status_reason IN ('outcome_unknown', 'internal_error')
          RETURNING w.id, w.seq, w.project_id, w.kind, w.status
        ), audited AS (
          ${auditStatement(target.by, { action: `${target.kind}.resolved`, data: { outcome: 'retry' } }, Prisma.sql`retried`)}
        )
        INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
        SELECT r.id, r.seq, ${makeId('event')}, r.project_id, r.kind, r.kind || '.resolved',
          jsonb_build_object('status', r.status, 'by', ${target.by.subject}::text, 'outcome', 'retry')
        FROM retried r RETURNING workload_id AS id`)
    },

    /** Sets the final status of a workload. False if it is not in `from`. */
    async resolveUnknown(target: ResolutionTarget, { from, to }: { from: string; to: string }): Promise<boolean> {
      const rows = await prisma.$queryRaw<{ id: string }[]>`
        WITH settled AS (
          UPDATE workloads w SET status = ${to}, status_reason = NULL, status_message = 'Decided by an operator.', status_changed_at = now(),
            version = w.version + 1, seq = w.seq + 1, updated_at = now()
          WHERE w.id = ${target.id} AND w.project_id = ${target.projectId} AND w.kind = ${target.kind} AND w.version = ${target.version} AND w.status = ${from}
          RETURNING w.id, w.seq, w.project_id, w.kind
        ), audited AS (
          ${auditStatement(target.by, { action: `${target.kind}.resolved`, data: { status: to } }, Prisma.sql`settled`)}
        )
        INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
        SELECT s.id, s.seq, ${makeId('event')}, s.project_id, s.kind, s.kind || '.resolved', jsonb_build_object('status', ${to}::text, 'by', ${target.by.subject}::text)
        FROM settled s RETURNING workload_id AS id`
      return rows.length > 0
    },
  }
}

async function isWritten(rows: Promise<unknown>): Promise<boolean> {
  return ((await rows) as readonly unknown[]).length > 0
}

function resolveStatement(
  target: ResolutionTarget,
  dispatchingStatus: string,
  { outcome, remoteId }: Pick<AttemptResolution, 'outcome' | 'remoteId'>,
): Prisma.Sql {
  return Prisma.sql`
    WITH parked AS (
      UPDATE workloads w SET due_at = now(), failures = 0, lease_id = NULL, lease_until = NULL, version = w.version + 1, seq = w.seq + 1, updated_at = now()
      WHERE w.id = ${target.id} AND w.project_id = ${target.projectId} AND w.kind = ${target.kind} AND w.status = ${dispatchingStatus}
        AND w.version = ${target.version} AND w.remote_id IS NULL AND (w.lease_until IS NULL OR w.lease_until < now())
        AND (${outcome} = 'recovered' OR NOT EXISTS (SELECT 1 FROM workload_attempts s WHERE s.workload_id = w.id AND s.absence_conclusive_at > now()))
        -- Not resolved before, or with the same outcome.
        AND EXISTS (SELECT 1 FROM workload_attempts o WHERE o.workload_id = w.id AND o.number = (SELECT max(number) FROM workload_attempts m WHERE m.workload_id = w.id)
          AND (COALESCE(o.outcome, 'unknown') IN ('unknown', 'created') AND o.remote_id IS NULL
            OR (o.outcome, o.remote_id) IS NOT DISTINCT FROM (${outcome}, ${remoteId}::text)))
      RETURNING w.id, w.seq, w.project_id, w.kind, w.status
    ), resolved AS (
      UPDATE workload_attempts a SET outcome = ${outcome}, remote_id = ${remoteId}, ended_at = COALESCE(a.ended_at, now()), error = NULL
      FROM parked p WHERE a.workload_id = p.id AND a.number = (SELECT max(number) FROM workload_attempts m WHERE m.workload_id = p.id)
      RETURNING a.workload_id
    ), events AS (
      INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
      SELECT p.id, p.seq, ${makeId('event')}, p.project_id, p.kind, p.kind || '.resolved',
        jsonb_strip_nulls(jsonb_build_object('status', p.status, 'by', ${target.by.subject}::text, 'outcome', ${outcome}::text, 'remoteId', ${remoteId}::text))
      FROM parked p
    ), audited AS (
      ${auditStatement(target.by, { action: `${target.kind}.resolved`, data: { outcome, remoteId } }, Prisma.sql`parked`)}
    )
    SELECT workload_id AS id FROM resolved`
}
