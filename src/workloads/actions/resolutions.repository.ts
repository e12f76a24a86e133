import { auditStatement } from '../../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../../infra/database.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import { makeId } from '../../vocabulary/ids.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { type Holder, holderStatement, objectLockStatement } from '../store/reads.repository.ts'

export interface ResolutionTarget {
  projectId: string
  kind: Kind
  id: string
  /** Who decided it; stands in the event too. */
  by: Actor
}

/** What is known of an open create: which object came of it, seen by these connections, or that none did. */
export type OpenAnswer =
  | { outcome: 'recovered'; remoteId: string; connectionIds: readonly string[] }
  | { outcome: 'not_created'; remoteId: null }

export type ResolutionsRepository = ReturnType<typeof makeResolutionsRepository>

/** What an operator decides where nothing else can tell. Each decision is an event that names who took it. */
export function makeResolutionsRepository(prisma: PrismaClient) {
  return {
    /**
     * Answers the open attempt, and the engine goes on from that; or tells who stands for the object. One object is given to
     * one workload at a time. False where no attempt is open, or where it would be called off although its request may
     * still be carried out.
     */
    async answerAttempt(target: ResolutionTarget, sending: string, answer: OpenAnswer): Promise<boolean | Holder> {
      if (answer.outcome === 'not_created') return isWritten(prisma.$queryRaw(answering(target, sending, answer)))
      const { remoteId, connectionIds } = answer
      return prisma.$transaction(async (tx) => {
        await tx.$executeRaw(objectLockStatement(target.kind, remoteId))
        const object = { remoteId, correlationTag: null }
        const [holder] = await tx.$queryRaw<Holder[]>(holderStatement(connectionIds, target.kind, object, target.id))
        return holder ?? isWritten(tx.$queryRaw(answering(target, sending, answer)))
      })
    },

    /** Says how a workload ended that nobody could tell of. False where it is not in that status. */
    async settleUnknown(target: ResolutionTarget, { from, to }: { from: string; to: string }): Promise<boolean> {
      const rows = await prisma.$queryRaw<{ id: string }[]>`
        WITH settled AS (
          UPDATE workloads w SET status = ${to}, status_reason = NULL, status_message = 'Decided by an operator.', status_changed_at = now(),
            version = w.version + 1, seq = w.seq + 1, updated_at = now()
          WHERE w.id = ${target.id} AND w.project_id = ${target.projectId} AND w.kind = ${target.kind} AND w.status = ${from}
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

function answering(
  target: ResolutionTarget,
  sending: string,
  { outcome, remoteId }: Pick<OpenAnswer, 'outcome' | 'remoteId'>,
): Prisma.Sql {
  return Prisma.sql`
    WITH parked AS (
      UPDATE workloads w SET due_at = now(), failures = 0, lease_id = NULL, lease_until = NULL, version = w.version + 1, seq = w.seq + 1, updated_at = now()
      WHERE w.id = ${target.id} AND w.project_id = ${target.projectId} AND w.kind = ${target.kind} AND w.status = ${sending}
        AND w.remote_id IS NULL AND (w.lease_until IS NULL OR w.lease_until < now())
        AND (${outcome} = 'recovered' OR NOT EXISTS (SELECT 1 FROM workload_attempts s WHERE s.workload_id = w.id AND s.absence_conclusive_at > now()))
      RETURNING w.id, w.seq, w.project_id, w.kind, w.status
    ), answered AS (
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
    SELECT workload_id AS id FROM answered`
}
