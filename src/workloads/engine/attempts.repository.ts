import { Prisma, type PrismaClient } from '../../infra/database.ts'
import { isOneOf, type Statements } from '../../infra/statements.ts'
import { makeId } from '../../vocabulary/ids.ts'
import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { holdOf } from '../store/hold-condition.repository.ts'
import type { Attempt, AttemptOutcome, WorkloadError } from '../workload.ts'

/** An attempt to be committed before its call. */
export interface NewAttempt {
  workloadId: string
  projectId: string
  leaseId: string
  /** The version on which the decision to create was made. A later change prevents the create. */
  version: number
  /** Required status (waiting, or dispatching after an attempt that created nothing) and the status it gets. */
  from: string
  to: string
  correlationTag: string
  scope: JsonObject
  before: Json
  exclusivityKey: string | null
  /** Milliseconds from now until the send deadline. */
  sendWithinMs: number
  /** Milliseconds after the send deadline until absence is conclusive. */
  settleMs: number
  event: { id: string; type: string; data: object }
}

export interface Opened {
  number: number
  startedAt: Date
  sendBy: Date
  absenceConclusiveAt: Date
  version: number
}

/** An attempt as clients see it. */
export interface LedgerEntry {
  number: number
  correlationTag: string
  scope: JsonObject
  sendBy: Date
  startedAt: Date
  endedAt: Date | null
  outcome: AttemptOutcome | null
  remoteId: string | null
  error: WorkloadError | null
}

export type AttemptsRepository = ReturnType<typeof makeAttemptsRepository>

export function makeAttemptsRepository(sql: Statements, leaseMs: number) {
  return {
    /**
     * Commits attempts and moves their workloads to `to`, with renewed leases. Null if the lease is lost, if the
     * workload changed or was woken since the claim, if new creates are held by now, or if this attempt is already
     * committed and only the commit's response was lost. A second holder of an exclusivity key fails the batch with a unique violation.
     */
    async open(openings: readonly NewAttempt[]): Promise<(Opened | null)[]> {
      const rows = await sql.rows<Opened & { id: string }>(openStatement(openings, leaseMs))
      const byId = new Map(rows.map(({ id, ...opened }) => [id, opened]))
      return openings.map((opening) => byId.get(opening.workloadId) ?? null)
    },

    /** Attempts with a number above `after`, in order. */
    async ledger(workloadId: string, { after, limit }: { after: number; limit: number }): Promise<LedgerEntry[]> {
      return sql.rows<LedgerEntry>(Prisma.sql`
        SELECT number, correlation_tag AS "correlationTag", scope, send_by AS "sendBy", started_at AS "startedAt", ended_at AS "endedAt", outcome,
          remote_id AS "remoteId", error
        FROM workload_attempts WHERE workload_id = ${workloadId} AND number > ${after} ORDER BY number LIMIT ${limit}`)
    },
  }
}

const inputIds = Prisma.sql`SELECT "workloadId" FROM input`

const openStatement = (openings: readonly NewAttempt[], leaseMs: number) => Prisma.sql`
  WITH input AS (
    SELECT * FROM json_to_recordset(${JSON.stringify(openings)}::json) AS i(
      "workloadId" text, "leaseId" text, version int, "from" text, "to" text, "correlationTag" text, scope jsonb, before jsonb, "exclusivityKey" text,
      "sendWithinMs" float8, "settleMs" float8, event jsonb)
  ), locked AS (
    SELECT w.id FROM workloads w JOIN input i ON i."workloadId" = w.id
    WHERE ${isOneOf('w.id', inputIds)} AND w.lease_id = i."leaseId" AND w.version = i.version AND w.due_at = w.lease_until
      AND w.status IN (i."from", i."to") AND w.remote_id IS NULL
      -- Set since the claim.
      AND NOT EXISTS (${holdOf('w')})
    ORDER BY w.id FOR UPDATE OF w
  ), updated AS (
    UPDATE workloads w SET status = i."to", status_reason = NULL, status_message = NULL, next_attempt_at = NULL,
      exclusivity_key = i."exclusivityKey",
      lease_until = now() + ${leaseMs} * interval '1 ms', due_at = now() + ${leaseMs} * interval '1 ms',
      status_changed_at = CASE WHEN w.status <> i."to" THEN now() ELSE w.status_changed_at END,
      version = w.version + 1, seq = w.seq + 1, updated_at = now()
    FROM input i WHERE ${isOneOf('w.id', inputIds)} AND w.id = i."workloadId" AND w.id IN (SELECT id FROM locked)
    RETURNING w.id, w.kind, w.project_id, w.version, w.seq
  ), attempts AS (
    INSERT INTO workload_attempts (workload_id, number, correlation_tag, scope, pre_create_snapshot, send_by, absence_conclusive_at)
    SELECT u.id, COALESCE((SELECT max(number) FROM workload_attempts a WHERE a.workload_id = u.id), 0) + 1, i."correlationTag", i.scope,
      COALESCE(i.before, 'null'::jsonb),
      now() + i."sendWithinMs" * interval '1 ms', now() + (i."sendWithinMs" + i."settleMs") * interval '1 ms'
    FROM updated u JOIN input i ON i."workloadId" = u.id
    RETURNING workload_id, number, started_at, send_by, absence_conclusive_at
  ), events AS (
    INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
    SELECT u.id, u.seq, i.event->>'id', u.project_id, u.kind, i.event->>'type', i.event->'data'
    FROM updated u JOIN input i ON i."workloadId" = u.id
  )
  SELECT u.id, u.version, a.number, a.started_at AS "startedAt", a.send_by AS "sendBy", a.absence_conclusive_at AS "absenceConclusiveAt"
  FROM updated u JOIN attempts a ON a.workload_id = u.id`

/** The attempt as the engine uses it after opening. */
export function asAttempt(opened: Opened, before: Json): Attempt {
  return { ...opened, before, endedAt: null, outcome: null, remoteId: null, error: null }
}

/** Records that a provider created an object without some fields of the request. */
export function makeIgnoredRepository(prisma: PrismaClient) {
  return async function noteIgnored(workloadId: string, ignored: readonly string[]): Promise<void> {
    await prisma.$executeRaw`
      WITH w AS (
        UPDATE workloads SET seq = seq + 1, version = version + 1, updated_at = now() WHERE id = ${workloadId} RETURNING *
      )
      INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
      SELECT w.id, w.seq, ${makeId('event')}, w.project_id, w.kind, w.kind || '.fields_ignored',
        jsonb_build_object('status', w.status, 'message', array_to_string(${[...ignored]}::text[], '; ')) FROM w`
  }
}

/** Records for operators that a provider holds two objects for one workload. One event per object. */
export function makeDuplicatesRepository(prisma: PrismaClient) {
  return async function noteDuplicate(workloadId: string, remoteId: string): Promise<void> {
    await prisma.$executeRaw`
      WITH w AS (
        UPDATE workloads SET seq = seq + 1, version = version + 1, updated_at = now() WHERE id = ${workloadId}
          AND NOT EXISTS (SELECT 1 FROM workload_events e WHERE e.workload_id = ${workloadId}
            AND e.type = kind || '.duplicate_detected' AND e.data->>'remoteId' = ${remoteId})
        RETURNING *
      )
      INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
      SELECT w.id, w.seq, ${makeId('event')}, w.project_id, w.kind, w.kind || '.duplicate_detected',
        jsonb_build_object('status', w.status, 'remoteId', ${remoteId}::text) FROM w`
  }
}
