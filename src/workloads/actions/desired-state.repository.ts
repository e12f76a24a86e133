import { auditStatement } from '../../infra/audit-statement.ts'
import { Prisma, type PrismaClient } from '../../infra/database.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import type { AuditAction } from '../../vocabulary/audit-actions.ts'
import { makeId } from '../../vocabulary/ids.ts'
import type { Json } from '../../vocabulary/json.ts'
import type { Desired, Kind } from '../../vocabulary/kinds.ts'
import { toWorkload, type WorkloadRecord, workloadColumns } from '../store/row.repository.ts'
import type { Workload } from '../workload.ts'

export type ActionEvent = Extract<AuditAction, `${Kind}.${string}_requested`>

/** An action that a client requests on a workload. Never touches the lease: the engine notices the new generation. */
export interface ActionRequest<K extends Kind = Kind> {
  projectId: string
  by: Actor
  kind: K
  id: string
  desired: Desired<K>
  /** Type of the event, such as `job.cancel_requested`. */
  eventType: ActionEvent
  /** Only if the record is still at this version. */
  ifVersions: readonly number[] | null
  /** Required statuses, checked again under the row lock; null = any. */
  fromStatuses: readonly string[] | null
  /** Desired states that are final, also checked under the row lock. */
  finalDesires: readonly string[]
  keepRemote?: boolean
}

/** Changes of a client to a record. Labels need no engine; a spec does if the provider must be updated. */
export interface Patch {
  projectId: string
  by: Actor
  kind: Kind
  id: string
  ifVersions: readonly number[] | null
  spec?: { value: Json; isRemote: boolean }
  labels?: Readonly<Record<string, string>>
  held?: boolean
}

export type DesiredStateRepository = ReturnType<typeof makeDesiredStateRepository>

const changed = Prisma.sql`(SELECT u.id, u."projectId" AS project_id FROM updated u)`

/** What a requested action changes in a row `w`. Its trace replaces the one of an earlier request. */
export function requested(desired: Desired, { traceParent }: Pick<Actor, 'traceParent'>): Prisma.Sql {
  return Prisma.sql`desired = ${desired}, generation = w.generation + 1, due_at = now(), failures = 0,
    version = w.version + 1, seq = w.seq + 1, updated_at = now(),
    ${traced(traceParent)},
    -- A rejected action can be requested again.
    cancel_requested_at = CASE WHEN ${desired} NOT IN ('cancel', 'delete') THEN w.cancel_requested_at
      WHEN w.generation = w.observed_generation THEN now() ELSE COALESCE(w.cancel_requested_at, now()) END`
}

function traced(traceParent: string | null = null): Prisma.Sql {
  return Prisma.sql`trace_parent = COALESCE(${traceParent}::text, w.trace_parent),
    traced_at = CASE WHEN ${traceParent}::text IS NULL THEN w.traced_at ELSE now() END`
}

function fieldsOf({ labels, spec, held }: Patch): string[] {
  const given = { labels, spec, held }
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [name]))
}

export function makeDesiredStateRepository(prisma: PrismaClient) {
  return {
    /** Null if the row is missing, has another version or status, is canceled, or has ended. */
    async requestAction<K extends Kind>(requestAction: ActionRequest<K>): Promise<Workload<K> | null> {
      const rows = await prisma.$queryRaw<WorkloadRecord[]>`
        WITH updated AS (
          UPDATE workloads w SET ${requested(requestAction.desired, requestAction.by)}, keep_remote = COALESCE(${requestAction.keepRemote ?? null}, w.keep_remote)
          WHERE w.id = ${requestAction.id} AND w.project_id = ${requestAction.projectId} AND w.kind = ${requestAction.kind} AND w.active
            AND (${requestAction.ifVersions}::int[] IS NULL OR w.version = ANY(${requestAction.ifVersions}::int[]))
            AND (${requestAction.fromStatuses}::text[] IS NULL OR w.status = ANY(${requestAction.fromStatuses}::text[]))
            AND (w.desired = ${requestAction.desired} OR w.desired <> ALL(${requestAction.finalDesires}::text[]))
          RETURNING ${workloadColumns}
        ), event AS (
          INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
          SELECT u.id, u.seq, ${makeId('event')}, u."projectId", u.kind, ${requestAction.eventType}, jsonb_build_object('status', u.status) FROM updated u
        ), dependants AS (
          -- Locked in the order of their ids, as the engine's own writes do.
          UPDATE workloads j SET due_at = now() WHERE j.id IN (
            SELECT w.id FROM workloads w JOIN updated u ON w.environment_id = u.id WHERE w.active AND w.remote_id IS NULL ORDER BY w.id FOR UPDATE OF w)
        ), audited AS (
          ${auditStatement(requestAction.by, { action: requestAction.eventType }, changed)}
        )
        SELECT * FROM updated`
      return rows[0] === undefined ? null : toWorkload<K>(rows[0])
    },

    async patch<K extends Kind>(patch: Patch & { kind: K }): Promise<Workload<K> | null> {
      const labels = patch.labels === undefined ? null : JSON.stringify(patch.labels)
      const spec = patch.spec === undefined ? null : JSON.stringify(patch.spec.value)
      const isRemote = patch.spec?.isRemote ?? false
      const rows = await prisma.$queryRaw<WorkloadRecord[]>`
        WITH updated AS (
          UPDATE workloads w SET labels = COALESCE(${labels}::jsonb, w.labels),
            spec = COALESCE(${spec}::jsonb, w.spec), spec_version = w.spec_version + (${isRemote}::boolean)::int,
            held = COALESCE(${patch.held ?? null}::boolean, w.held),
            due_at = CASE WHEN (${isRemote}::boolean OR ${patch.held === false}::boolean) AND w.active THEN now() ELSE w.due_at END, failures = CASE WHEN ${isRemote}::boolean THEN 0 ELSE w.failures END,
            version = w.version + 1, seq = w.seq + 1, updated_at = now(), ${traced(patch.by.traceParent)}
          WHERE w.id = ${patch.id} AND w.project_id = ${patch.projectId} AND w.kind = ${patch.kind}
            AND (${patch.ifVersions}::int[] IS NULL OR w.version = ANY(${patch.ifVersions}::int[]))
          RETURNING ${workloadColumns}
        ), event AS (
          INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
          SELECT u.id, u.seq, ${makeId('event')}, u."projectId", u.kind, u.kind || '.updated', jsonb_build_object('status', u.status) FROM updated u
        ), stale AS (
          DELETE FROM workload_labels l USING updated u WHERE ${labels}::jsonb IS NOT NULL AND l.workload_id = u.id
            AND l.value IS DISTINCT FROM u.labels->>l.key
        ), fresh AS (
          INSERT INTO workload_labels (project_id, kind, key, value, workload_id)
          SELECT u."projectId", u.kind, l.key, l.value, u.id FROM updated u, jsonb_each_text(u.labels) l WHERE ${labels}::jsonb IS NOT NULL
          ON CONFLICT DO NOTHING
        ), audited AS (
          ${auditStatement(patch.by, { action: `${patch.kind}.updated`, data: { fields: fieldsOf(patch) } }, changed)}
        )
        SELECT * FROM updated`
      return rows[0] === undefined ? null : toWorkload<K>(rows[0])
    },
  }
}
