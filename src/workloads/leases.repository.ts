import { randomUUID } from 'node:crypto'
import { Prisma, type PrismaClient } from '../infra/database.ts'
import type { Desired, Kind, Status } from '../vocabulary/kinds.ts'
import type { Reason } from '../vocabulary/reasons.ts'
import { toWorkload, type WorkloadRecord, workloadColumns } from './row.repository.ts'
import type { Attempt, Workload } from './workload.ts'

/** A workload that this process alone may act on, until the lease runs out. */
export interface Claimed<K extends Kind = Kind> {
  workload: Workload<K>
  leaseId: string
}

/** What a decision needs besides the workload, read after the claim, so that nothing older than the lease is believed. */
export interface ClaimFacts {
  id: string
  now: Date
  connectionVersion: number
  /** Failed calls in a row of the whole connection. */
  connectionFailures: number
  connectionHeld: boolean
  notBefore: Date | null
  pauseReason: Reason | null
  environmentStatus: Status<'environment'> | null
  environmentRemoteId: string | null
  environmentDesired: Desired<'environment'> | null
  firstSentAt: Date | null
  /** Attempts whose answer does not say for certain that nothing was made. */
  attemptsInDoubt: number
  /** Of an environment: jobs that have not ended. */
  hasLiveJobs: boolean
  /** The latest one, or an earlier one of which the provider has named an object after all. */
  attempt: Attempt | null
}

export type LeasesRepository = ReturnType<typeof makeLeasesRepository>

/** One step in the index for each project, however many workloads it has. */
const busyProjects = Prisma.sql`
  WITH RECURSIVE busy AS (
    SELECT min(project_id) AS project_id FROM workloads WHERE due_at IS NOT NULL
    UNION ALL
    SELECT (SELECT min(project_id) FROM workloads WHERE project_id > busy.project_id AND due_at IS NOT NULL)
    FROM busy WHERE project_id IS NOT NULL
  )
  SELECT project_id FROM busy WHERE project_id IS NOT NULL`

export function makeLeasesRepository(prisma: PrismaClient, leaseMs: number) {
  /** Due again when the lease ends, so that a process that dies is followed by another. */
  async function claim(due: Prisma.Sql): Promise<Claimed[]> {
    const leaseId = randomUUID()
    const rows = await prisma.$queryRaw<WorkloadRecord[]>`
      -- Run once, whatever the plan: each run would lock as many again, since it skips what the one before it has taken.
      WITH t AS MATERIALIZED (${due})
      UPDATE workloads w SET lease_id = ${leaseId}, lease_until = now() + ${leaseMs} * interval '1 ms', due_at = now() + ${leaseMs} * interval '1 ms'
      FROM t WHERE w.id = t.id
      RETURNING ${workloadColumns}`
    return rows.map((row) => ({ workload: toWorkload(row), leaseId }))
  }

  return {
    /** Those of `ids` that are due and that nobody holds. */
    claim: (ids: readonly string[]): Promise<Claimed[]> =>
      claim(Prisma.sql`
        SELECT id FROM workloads WHERE id = ANY(${ids}) AND due_at <= now() AND (lease_until IS NULL OR lease_until < now())
        ORDER BY id FOR UPDATE SKIP LOCKED`),

    /** Due ones with a wish that is not carried out yet (a cancel, a delete), but for what is over these connections. */
    claimWished: (limit: number, exceptConnections: readonly string[]): Promise<Claimed[]> =>
      claim(Prisma.sql`
        SELECT id FROM workloads WHERE due_at <= now() AND generation > carried_generation
          AND (lease_until IS NULL OR lease_until < now()) AND connection_id <> ALL(${exceptConnections})
        ORDER BY due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`),

    /** Due ones in equal shares for the projects that wait for anything, now or later, in an order that is drawn. */
    claimShares: (limit: number, exceptConnections: readonly string[]): Promise<Claimed[]> =>
      claim(Prisma.sql`
        SELECT share.id FROM (SELECT project_id, ceil(${limit}::float8 / count(*) OVER ()) AS size FROM (${busyProjects}) busy ORDER BY random()) p
        CROSS JOIN LATERAL (
          SELECT id FROM workloads w WHERE w.project_id = p.project_id AND due_at <= now()
            AND (lease_until IS NULL OR lease_until < now()) AND connection_id <> ALL(${exceptConnections})
          ORDER BY due_at LIMIT p.size FOR UPDATE SKIP LOCKED
        ) share LIMIT ${limit}`),

    /** What has been due longest. */
    claimOldest: (limit: number, exceptConnections: readonly string[]): Promise<Claimed[]> =>
      claim(Prisma.sql`
        SELECT id FROM workloads WHERE due_at <= now() AND (lease_until IS NULL OR lease_until < now()) AND connection_id <> ALL(${exceptConnections})
        ORDER BY due_at LIMIT ${limit} FOR UPDATE SKIP LOCKED`),

    /** Gives back what is not acted on now; it is due again after `delayMs`, or at once if somebody asked for that meanwhile. */
    async putBack({ workload, leaseId }: Claimed, delayMs: number): Promise<void> {
      await prisma.$executeRaw`
        UPDATE workloads SET lease_id = NULL, lease_until = NULL,
          due_at = CASE WHEN due_at IS DISTINCT FROM lease_until THEN due_at ELSE now() + ${delayMs} * interval '1 ms' END
        WHERE id = ${workload.id} AND lease_id = ${leaseId}`
    },

    async facts(ids: readonly string[]): Promise<Map<string, ClaimFacts>> {
      const rows = await prisma.$queryRaw<(Omit<ClaimFacts, 'attempt'> & { attempt: AttemptRecord | null })[]>`
        SELECT w.id, now() AS now, c.version AS "connectionVersion", c.failures AS "connectionFailures", c.held AS "connectionHeld", c.not_before AS "notBefore", c.pause_reason AS "pauseReason",
          e.status AS "environmentStatus", e.remote_id AS "environmentRemoteId", e.desired AS "environmentDesired", a.first AS "firstSentAt", a.in_doubt AS "attemptsInDoubt", a.decisive AS attempt,
          EXISTS (SELECT 1 FROM workloads j WHERE j.environment_id = w.id AND j.live) AS "hasLiveJobs"
        FROM workloads w
        JOIN connections c ON c.id = w.connection_id
        LEFT JOIN workloads e ON e.id = w.environment_id
        LEFT JOIN LATERAL (
          SELECT min(t.started_at) AS first, count(*) FILTER (WHERE COALESCE(t.outcome, 'unknown') NOT IN ('refused', 'not_sent'))::int AS in_doubt,
            (array_agg(to_jsonb(t) ORDER BY t.remote_id IS NULL, t.number DESC))[1] AS decisive
          FROM workload_attempts t WHERE t.workload_id = w.id
        ) a ON true
        WHERE w.id = ANY(${ids})`
      return new Map(
        rows.map((row) => [row.id, { ...row, attempt: row.attempt === null ? null : toAttempt(row.attempt) }]),
      )
    },
  }
}

/** An attempt as `to_jsonb` writes it. */
interface AttemptRecord {
  number: number
  started_at: string
  send_by: string
  settled_at: string
  before: Attempt['before']
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
    settledAt: new Date(record.settled_at),
    before: record.before,
    endedAt: record.ended_at === null ? null : new Date(record.ended_at),
    outcome: record.outcome,
    remoteId: record.remote_id,
    error: record.error,
  }
}
