import type { IdSpaceOf } from '../../connections/id-spaces.ts'
import { Prisma, type PrismaClient } from '../../infra/database.ts'
import { isOneOf, type Statements } from '../../infra/statements.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { lockedHolder } from '../store/holders.repository.ts'
import { engineAssignments, engineDefinitions } from '../store/row.repository.ts'
import type { EngineState } from '../workload.ts'
import type { AttemptResult } from './outcome.ts'
import { pauseMsPerObject } from './poll-intervals.ts'

/** New state of one workload. Nothing is written unless every `where…` condition holds. */
export interface Write<out K extends Kind = Kind> {
  id: string
  kind: K
  connectionId: string
  whereStatus: string
  /** The lease under which it was claimed; null = no lease may exist. */
  whereLease: string | null
  /** For decisions without a lease: the row as it was read. `version` does not count internal changes. */
  whereRow: string | null
  state: EngineState<K>
  active: boolean
  /** Whether something that clients see has changed. */
  isVisible: boolean
  event: { id: string; type: string; data: object } | null
  /** The environment status for which it waits; due immediately if that has changed meanwhile. */
  parkedOn: string | null
  /** Whether jobs that wait for this environment become due. */
  wakesDependants: boolean
  /** Whether the connection's list has something new to watch. */
  wakesSweep: boolean
  /** Recorded in the attempt even if the rest is not, except for the adoption of an object that another record holds. */
  attemptResult: AttemptResult | null
}

export interface Written {
  /** False if another writer was faster: only the result of the attempt was written, of a rejected adoption nothing. */
  isWritten: boolean
  /** Whether it is due again already. */
  isDue: boolean
  /** Whether the response names a second object, or one of a workload that ended without any. */
  isDuplicate: boolean
}

/**
 * The only writer of status. One statement per batch, in which each workload occurs once; rows are locked in id order.
 * A claim makes a row due when its lease ends, so a different due time is a wake-up and is kept.
 */
export function makeWritesRepository(sql: Statements) {
  return {
    async write(writes: readonly Write[]): Promise<Written[]> {
      const rows = await sql.rows<Row>(writeStatement(writes))
      const byId = new Map(rows.map(({ id, ...written }) => [id, written]))
      return writes.map((write) => byId.get(write.id) ?? notWritten)
    },
  }
}

interface AdoptDeps {
  prisma: PrismaClient
  idSpaceOf: IdSpaceOf
}

/** Writes the adoption of an object without a correlation tag, unless another record holds the object by now. */
export function makeAdopt({ prisma, idSpaceOf }: AdoptDeps) {
  return async (write: Write, remoteId: string): Promise<Written> => {
    const { id, kind, connectionId } = write
    const { connectionIds } = await idSpaceOf(connectionId, kind)
    return prisma.$transaction(async (tx) => {
      const holder = await lockedHolder(tx, { kind, remoteId, correlationTag: null, connectionIds }, id)
      const [row] = holder === undefined ? await tx.$queryRaw<Row[]>(writeStatement([write])) : []
      return row ?? notWritten
    })
  }
}

type Row = { id: string } & Written

const notWritten: Written = { isWritten: false, isDue: false, isDuplicate: false }

const pauseAfterLast = pauseAfter(Prisma.sql`s.last_seen`)

const inputIds = Prisma.sql`SELECT id FROM input`

const writeStatement = (writes: readonly Write[]) => Prisma.sql`
  WITH input AS (
    SELECT * FROM json_to_recordset(${JSON.stringify(writes.map(toRow))}::json) AS i(
      id text, kind text, "whereStatus" text, "whereLease" text, "whereRow" text,
      active boolean, "isVisible" boolean, "parkedOn" text, event jsonb, "wakesDependants" boolean, "wakesSweep" boolean,
      "attemptNumber" int, "attemptOutcome" text, "attemptRemoteId" text, "attemptError" jsonb, ${engineDefinitions})
  ), locked AS (
    SELECT w.id FROM workloads w JOIN input i ON i.id = w.id
    WHERE ${isOneOf('w.id', inputIds)} AND w.status = i."whereStatus"
      AND (i."whereRow" IS NULL OR w.xmin::text = i."whereRow")
      AND CASE WHEN i."whereLease" IS NULL THEN w.lease_id IS NULL OR w.lease_until < now() ELSE w.lease_id = i."whereLease" END
      -- A search found nothing, but a response that arrived meanwhile names the object.
      AND NOT (i."attemptOutcome" IS NOT DISTINCT FROM 'not_created'
        AND EXISTS (SELECT 1 FROM workload_attempts a WHERE ${isOneOf('a.workload_id', inputIds)} AND a.workload_id = w.id AND a.remote_id IS NOT NULL))
    ORDER BY w.id FOR UPDATE OF w
  ), updated AS (
    UPDATE workloads w SET ${engineAssignments},
      due_at = CASE WHEN w.due_at IS DISTINCT FROM w.lease_until AND w.due_at <= clock_timestamp() THEN w.due_at
        WHEN i."parkedOn" IS NOT NULL AND EXISTS (SELECT 1 FROM workloads e WHERE e.id = w.environment_id AND e.status <> i."parkedOn") THEN now()
        ELSE i."dueAt" END,
      active = i.active, lease_id = NULL, lease_until = NULL,
      version = w.version + i."isVisible"::int,
      seq = w.seq + (i.event IS NOT NULL)::int,
      status_changed_at = CASE WHEN i.status <> i."whereStatus" THEN now() ELSE w.status_changed_at END,
      updated_at = CASE WHEN i."isVisible" THEN now() ELSE w.updated_at END
    FROM input i WHERE ${isOneOf('w.id', inputIds)} AND w.id = i.id AND w.id IN (SELECT id FROM locked)
    RETURNING w.id, w.kind, w.project_id, w.connection_id, w.version, w.seq, w.due_at, i.event, i."wakesDependants", i."wakesSweep"
  ), events AS (
    INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
    SELECT u.id, u.seq, u.event->>'id', u.project_id, u.kind, u.event->>'type', u.event->'data'
    FROM updated u WHERE u.event IS NOT NULL
  ), recorded AS (
    -- A recorded outcome is final unless the provider names an object later.
    UPDATE workload_attempts a SET outcome = CASE WHEN a.remote_id IS NULL THEN i."attemptOutcome" ELSE a.outcome END,
      ended_at = COALESCE(a.ended_at, now()), remote_id = COALESCE(a.remote_id, i."attemptRemoteId"), error = COALESCE(i."attemptError", a.error)
    FROM input i WHERE ${isOneOf('a.workload_id', inputIds)} AND a.workload_id = i.id AND a.number = i."attemptNumber"
      AND (a.outcome IS NULL OR a.outcome = 'unknown' OR a.remote_id IS DISTINCT FROM COALESCE(i."attemptRemoteId", a.remote_id))
    RETURNING a.workload_id, a.remote_id
  ), late AS (
    -- The lease was taken over meanwhile: its new holder must see this result.
    UPDATE workloads w SET due_at = now() FROM recorded a
    WHERE ${isOneOf('w.id', inputIds)} AND w.id = a.workload_id AND a.remote_id IS NOT NULL AND w.remote_id IS NULL AND w.active AND w.id NOT IN (SELECT id FROM locked)
  ), dependants AS (
    UPDATE workloads j SET due_at = now() WHERE j.id IN (
      SELECT d.id FROM workloads d JOIN updated u ON u."wakesDependants" AND d.environment_id = u.id
      WHERE ${isOneOf('d.environment_id', inputIds)} AND d.active AND d.remote_id IS NULL ORDER BY d.id FOR UPDATE OF d)
  ), sweeps AS (
    -- Locked even where one is due already: a scan that begins now would not see these rows, and must not be the last.
    UPDATE sweeps s SET interval_ms = 0, due_at = LEAST(s.due_at, CASE WHEN s.lease_id IS NOT NULL THEN now()
      ELSE GREATEST(now(), s.last_started_at + ${pauseAfterLast}, s.last_completed_at + ${pauseAfterLast}) END) WHERE (s.connection_id, s.kind) IN (
      SELECT t.connection_id, t.kind FROM sweeps t
      WHERE (t.connection_id, t.kind) IN (SELECT u.connection_id, u.kind FROM updated u WHERE u."wakesSweep")
      ORDER BY t.connection_id, t.kind FOR UPDATE)
  )
  SELECT i.id, u.id IS NOT NULL AS "isWritten", COALESCE(u.due_at <= clock_timestamp(), false) AS "isDue",
    EXISTS (
      SELECT 1 FROM recorded a JOIN workloads w ON w.id = a.workload_id WHERE a.workload_id = i.id
        AND (i."attemptRemoteId" <> w.remote_id OR i."attemptRemoteId" <> a.remote_id OR (i."attemptRemoteId" IS NOT NULL AND w.remote_id IS NULL AND NOT w.active))
    ) AS "isDuplicate"
  FROM input i LEFT JOIN updated u ON u.id = i.id`

function toRow({ attemptResult, state, connectionId: _, ...write }: Write) {
  return {
    ...state,
    ...write,
    attemptNumber: attemptResult?.number ?? null,
    attemptOutcome: attemptResult?.outcome ?? null,
    attemptRemoteId: attemptResult?.remoteId ?? null,
    attemptError: attemptResult?.error ?? null,
  }
}

/** Pause after a scan that listed so many objects. */
export function pauseAfter(listed: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`${listed} * ${pauseMsPerObject}::float8 * interval '1 ms'`
}
