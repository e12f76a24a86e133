import { randomUUID } from 'node:crypto'
import { Prisma } from '../../infra/database.ts'
import { distinctIds, isOneOf, type Statements } from '../../infra/statements.ts'
import { traceLifetimeMs } from '../../vocabulary/actor.ts'
import type { Desired, Kind, Status } from '../../vocabulary/kinds.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import { holdOf } from '../store/hold-condition.repository.ts'
import { toWorkload, type WorkloadRecord, workloadColumns } from '../store/row.repository.ts'
import type { Attempt, Workload } from '../workload.ts'

/** A workload that only this process may act on until the lease expires. */
export interface Claimed<out K extends Kind = Kind> {
  workload: Workload<K>
  leaseId: string
}

/** What a decision needs besides the workload. Read after the claim, so that nothing is older than the lease. */
export interface ClaimFacts {
  id: string
  now: Date
  connectionVersion: number
  /** Consecutive failed calls of the whole connection. */
  connectionFailures: number
  connectionHeld: boolean
  /** An operator holds new creates of the provider, connection or project. Absent: none. */
  creationHeld?: boolean
  notBefore: Date | null
  pauseReason: Reason | null
  environmentStatus: Status<'environment'> | null
  environmentRemoteId: string | null
  environmentDesired: Desired<'environment'> | null
  firstSentAt: Date | null
  /** Attempts that may have created something. */
  attemptsInDoubt: number
  /** The `traceparent` of the request that the workload was last changed by; null or absent if it was not traced or has ended. */
  traceParent?: string | null
  /** For environments: whether it has unfinished jobs. */
  hasLiveJobs: boolean
  /** The latest attempt, or an earlier one whose object became known later. */
  attempt: Attempt | null
}

export type LeasesRepository = ReturnType<typeof makeLeasesRepository>

/** Number of workloads to claim over a connection. */
export interface Share {
  connectionId: string
  count: number
}

export const connectionsWithDueTimes = distinctIds('workloads', 'connection_id', Prisma.sql`due_at IS NOT NULL`)

export function makeLeasesRepository(sql: Statements, leaseMs: number) {
  return {
    /** Connections with due, unclaimed workloads, longest waiting first. */
    dueConnections: (): Promise<{ connectionId: string; projectId: string }[]> =>
      sql.rows(Prisma.sql`
        SELECT c.id AS "connectionId", c.project_id AS "projectId" FROM (${connectionsWithDueTimes}) b
        JOIN connections c ON c.id = b.id
        CROSS JOIN LATERAL (
          SELECT due_at FROM workloads WHERE connection_id = b.id AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())
          ORDER BY due_at LIMIT 1
        ) oldest ORDER BY oldest.due_at`),

    /**
     * Claims due workloads, up to the requested number per connection: first those with an open client request, then
     * those due longest. A claim makes the row due again when the lease expires, so another worker takes over from a
     * process that dies.
     */
    async claim(shares: readonly Share[]): Promise<Claimed[]> {
      const leaseId = randomUUID()
      const rows = await sql.rows<WorkloadRecord>(Prisma.sql`
        WITH share AS (
          SELECT * FROM json_to_recordset(${JSON.stringify(shares)}::json) AS i("connectionId" text, count int)
        ),
        -- Runs once in any plan: each run would lock as many again, since it skips rows locked by the previous one.
        requested AS MATERIALIZED (
          SELECT w.id, w.connection_id FROM share s CROSS JOIN LATERAL (
            SELECT id, connection_id FROM workloads
            WHERE connection_id = s."connectionId" AND due_at <= now() AND generation > observed_generation
              AND (lease_until IS NULL OR lease_until < now())
            ORDER BY due_at LIMIT s.count FOR UPDATE SKIP LOCKED
          ) w
        ), oldest AS MATERIALIZED (
          SELECT w.id FROM share s CROSS JOIN LATERAL (
            SELECT id FROM workloads
            WHERE connection_id = s."connectionId" AND due_at <= now() AND generation <= observed_generation
              AND (lease_until IS NULL OR lease_until < now())
            ORDER BY due_at LIMIT s.count - (SELECT count(*) FROM requested r WHERE r.connection_id = s."connectionId")
            FOR UPDATE SKIP LOCKED
          ) w
        ), t AS (SELECT id FROM requested UNION ALL SELECT id FROM oldest)
        UPDATE workloads w SET lease_id = ${leaseId}, lease_until = now() + ${leaseMs} * interval '1 ms', due_at = now() + ${leaseMs} * interval '1 ms'
        WHERE w.id = ANY(ARRAY(SELECT id FROM t))
        RETURNING ${workloadColumns}`)
      return rows.map((row) => ({ workload: toWorkload(row), leaseId }))
    },

    /** Releases claims. They are due again after `delayMs`, or immediately if a wake-up arrived meanwhile. */
    async release(claims: readonly Claimed[], delayMs: number): Promise<void> {
      if (claims.length === 0) return
      await sql.rows(Prisma.sql`
        ${held(claims)}
        UPDATE workloads w SET lease_id = NULL, lease_until = NULL,
          due_at = CASE WHEN due_at IS DISTINCT FROM lease_until THEN due_at ELSE now() + ${delayMs} * interval '1 ms' END
        WHERE w.id = ANY(ARRAY(SELECT id FROM held))`)
    },

    /** Renews leases that have run for a third of their time. Keeps a due time that another writer set. */
    async renew(claims: readonly Claimed[]): Promise<void> {
      if (claims.length === 0) return
      await sql.rows(Prisma.sql`
        ${held(claims)}
        UPDATE workloads w SET lease_until = now() + ${leaseMs} * interval '1 ms',
          due_at = CASE WHEN due_at IS DISTINCT FROM lease_until THEN due_at ELSE now() + ${leaseMs} * interval '1 ms' END
        WHERE w.id = ANY(ARRAY(SELECT id FROM held)) AND w.lease_until < now() + ${(leaseMs * 2) / 3} * interval '1 ms'`)
    },

    async facts(ids: readonly string[]): Promise<Map<string, ClaimFacts>> {
      const rows = await sql.rows<Omit<ClaimFacts, 'attempt'> & { attempt: AttemptRecord | null }>(Prisma.sql`
        SELECT w.id, now() AS now, CASE WHEN w.traced_at > now() - ${traceLifetimeMs} * interval '1 ms' THEN w.trace_parent END AS "traceParent", c.version AS "connectionVersion", c.failures AS "connectionFailures", c.held AS "connectionHeld", EXISTS (${holdOf('w')}) AS "creationHeld", c.not_before AS "notBefore", c.pause_reason AS "pauseReason",
          e.status AS "environmentStatus", e.remote_id AS "environmentRemoteId", e.desired AS "environmentDesired", a.first AS "firstSentAt", a.in_doubt AS "attemptsInDoubt", a.decisive AS attempt,
          EXISTS (SELECT 1 FROM workloads j WHERE j.environment_id = w.id AND j.active) AS "hasLiveJobs"
        FROM workloads w
        JOIN connections c ON c.id = w.connection_id
        LEFT JOIN workloads e ON e.id = w.environment_id
        LEFT JOIN LATERAL (
          SELECT min(t.started_at) AS first, count(*) FILTER (WHERE COALESCE(t.outcome, 'unknown') NOT IN ('rejected', 'not_sent'))::int AS in_doubt,
            (array_agg(to_jsonb(t) ORDER BY t.remote_id IS NULL, t.number DESC))[1] AS decisive
          FROM workload_attempts t WHERE t.workload_id = w.id
        ) a ON true
        WHERE ${isOneOf('w.id', ids)}`)
      return new Map(
        rows.map((row) => [row.id, { ...row, attempt: row.attempt === null ? null : toAttempt(row.attempt) }]),
      )
    },
  }
}

/** Claims whose lease is still valid, locked in id order as in the engine's other statements. */
const held = (claims: readonly Claimed[], ids = claims.map(({ workload }) => workload.id)): Prisma.Sql => Prisma.sql`
  WITH held AS (
    SELECT w.id FROM workloads w
    JOIN json_to_recordset(${JSON.stringify(claims.map(({ workload: { id }, leaseId }) => ({ id, leaseId })))}::json) AS i(id text, "leaseId" text)
      ON w.id = i.id AND w.lease_id = i."leaseId"
    WHERE ${isOneOf('w.id', ids)} ORDER BY w.id FOR UPDATE OF w
  )`

/** An attempt as `to_jsonb` writes it. */
interface AttemptRecord {
  number: number
  started_at: string
  send_by: string
  absence_conclusive_at: string
  pre_create_snapshot: Attempt['before']
  ended_at: string | null
  outcome: Attempt['outcome']
  remote_id: string | null
  error: Attempt['error']
}

function toAttempt(record: AttemptRecord): Attempt {
  return {
    number: record.number,
    startedAt: new Date(record.started_at),
    sendBy: new Date(record.send_by),
    absenceConclusiveAt: new Date(record.absence_conclusive_at),
    before: record.pre_create_snapshot,
    endedAt: record.ended_at === null ? null : new Date(record.ended_at),
    outcome: record.outcome,
    remoteId: record.remote_id,
    error: record.error,
  }
}
