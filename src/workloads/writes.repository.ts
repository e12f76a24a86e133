import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { Answer } from './absorb.ts'
import { engineAssignments, engineDefinitions } from './row.repository.ts'
import type { EngineState } from './workload.ts'

/** One workload's new state. What stands in `where…` must still hold, or nothing is written. */
export interface Write<K extends Kind = Kind> {
  id: string
  kind: K
  whereStatus: string
  /** The lease it was claimed under; null = nobody may hold one. */
  whereLease: string | null
  /** For what was decided from a snapshot, without a lease. */
  whereVersion: number | null
  /** `dueAt` at the claim: whoever set an earlier one since then wins, so no wake-up is lost to a lease. */
  claimedDueAt: Date | null
  state: EngineState<K>
  live: boolean
  /** Something that a client sees has changed. */
  isNews: boolean
  event: { id: string; type: string; data: object } | null
  /** The status of its environment that it was parked on; where that has changed meanwhile it is due at once. */
  parkedOn: string | null
  /** Jobs that wait for this environment look again. */
  wakesDependants: boolean
  /** The connection's list has something new to watch. */
  wakesSweep: boolean
  /** Written to the attempt even when the rest is not: an answer of the provider is never dropped. */
  answer: Answer | null
}

export interface Written {
  /** False: somebody was faster, and nothing but the attempt's answer was written. */
  isWritten: boolean
  /** It is due again already. */
  isDue: boolean
  /** The answer tells of an object, and the workload has another one: two were made. */
  isDuplicate: boolean
}

/** The only writer of status. One statement for a batch; rows are locked in the order of their ids. */
export function makeWritesRepository(prisma: PrismaClient) {
  return {
    async write(writes: readonly Write[]): Promise<Written[]> {
      const rows = await prisma.$queryRaw<({ id: string } & Written)[]>(writeStatement(writes))
      const byId = new Map(rows.map(({ id, ...written }) => [id, written]))
      return writes.map((write) => byId.get(write.id) ?? { isWritten: false, isDue: false, isDuplicate: false })
    },
  }
}

const writeStatement = (writes: readonly Write[]) => Prisma.sql`
  WITH input AS (
    SELECT * FROM json_to_recordset(${JSON.stringify(writes.map(toRow))}::json) AS i(
      id text, kind text, "whereStatus" text, "whereLease" text, "whereVersion" int, "claimedDueAt" timestamptz,
      live boolean, "isNews" boolean, "parkedOn" text, event jsonb, "wakesDependants" boolean, "wakesSweep" boolean,
      "attemptNumber" int, "attemptOutcome" text, "attemptRemoteId" text, "attemptError" jsonb, ${engineDefinitions})
  ), locked AS (
    SELECT w.id FROM workloads w JOIN input i ON i.id = w.id
    WHERE w.status = i."whereStatus"
      AND (i."whereVersion" IS NULL OR w.version = i."whereVersion")
      AND CASE WHEN i."whereLease" IS NULL THEN w.lease_id IS NULL OR w.lease_until < now() ELSE w.lease_id = i."whereLease" END
    ORDER BY w.id FOR UPDATE OF w
  ), updated AS (
    UPDATE workloads w SET ${engineAssignments},
      due_at = CASE WHEN w.due_at < i."claimedDueAt" THEN w.due_at
        WHEN i."parkedOn" IS NOT NULL AND EXISTS (SELECT 1 FROM workloads e WHERE e.id = w.environment_id AND e.status <> i."parkedOn") THEN now()
        ELSE i."dueAt" END,
      live = i.live, lease_id = NULL, lease_until = NULL,
      version = w.version + i."isNews"::int,
      seq = w.seq + (i.event IS NOT NULL)::int,
      status_changed_at = CASE WHEN i.status <> i."whereStatus" THEN now() ELSE w.status_changed_at END,
      updated_at = CASE WHEN i."isNews" THEN now() ELSE w.updated_at END
    FROM input i WHERE w.id = i.id AND w.id IN (SELECT id FROM locked)
    RETURNING w.id, w.kind, w.project_id, w.connection_id, w.version, w.seq, w.due_at, i.event, i."wakesDependants", i."wakesSweep"
  ), events AS (
    INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
    SELECT u.id, u.seq, u.event->>'id', u.project_id, u.kind, u.event->>'type', u.event->'data'
    FROM updated u WHERE u.event IS NOT NULL
  ), answered AS (
    UPDATE workload_attempts a SET outcome = i."attemptOutcome", ended_at = COALESCE(a.ended_at, now()),
      remote_id = COALESCE(a.remote_id, i."attemptRemoteId"), error = COALESCE(i."attemptError", a.error)
    FROM input i WHERE a.workload_id = i.id AND a.number = i."attemptNumber" AND (a.outcome IS NULL OR a.outcome = 'unknown')
    RETURNING a.workload_id, a.remote_id
  ), late AS (
    -- The lease was taken over meanwhile: whoever holds it now must see this answer.
    UPDATE workloads w SET due_at = now() FROM answered a
    WHERE w.id = a.workload_id AND a.remote_id IS NOT NULL AND w.remote_id IS NULL AND w.id NOT IN (SELECT id FROM locked)
  ), dependants AS (
    UPDATE workloads j SET due_at = now() FROM updated u
    WHERE u."wakesDependants" AND j.environment_id = u.id AND j.live AND j.remote_id IS NULL
  ), sweeps AS (
    UPDATE sweeps s SET due_at = LEAST(s.due_at, now()), interval_ms = 0
    WHERE (s.connection_id, s.kind) IN (SELECT u.connection_id, u.kind FROM updated u WHERE u."wakesSweep")
      AND (s.due_at IS NULL OR s.due_at > now())
  )
  SELECT i.id, u.id IS NOT NULL AS "isWritten", COALESCE(u.due_at <= now(), false) AS "isDue",
    EXISTS (SELECT 1 FROM answered a JOIN workloads w ON w.id = a.workload_id WHERE a.workload_id = i.id AND w.remote_id <> a.remote_id) AS "isDuplicate"
  FROM input i LEFT JOIN updated u ON u.id = i.id`

function toRow({ answer, state, ...write }: Write) {
  return {
    ...state,
    ...write,
    attemptNumber: answer?.number ?? null,
    attemptOutcome: answer?.outcome ?? null,
    attemptRemoteId: answer?.remoteId ?? null,
    attemptError: answer?.error ?? null,
  }
}
