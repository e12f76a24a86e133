import { randomUUID } from 'node:crypto'
import { Prisma } from '../infra/database.ts'
import { distinctIds, type Statements } from '../infra/statements.ts'
import { traceLifetimeMs } from '../vocabulary/actor.ts'

/** Delivery leased to this process until the lease expires. */
export interface ClaimedDelivery {
  id: string
  leaseId: string
  endpointId: string
  projectId: string
  eventId: string
  type: string
  payload: object
  retryStep: number
  url: string
  /** Endpoint configuration at the time of the claim. */
  configEpoch: number
  sealedSecret: string
  /** The previous secret signs as well. */
  isOverlapping: boolean
  /** Consecutive failures of the endpoint. If not 0, this delivery is a probe. */
  failures: number
  now: Date
  /** The `traceparent` of the request that the workload was last changed by; only if requested. */
  traceParent?: string | null
}

export type ClaimsRepository = ReturnType<typeof makeClaimsRepository>

export const endpointsWithPending = distinctIds('webhook_deliveries', 'endpoint_id', Prisma.sql`status = 'pending'`)

/** Deliveries in flight for each endpoint and project, and their limits. */
export interface Shares {
  maxEach: number
  maxOfProject: number
  busy: { byEndpoint: ReadonlyMap<string, number>; byProject: ReadonlyMap<string, number> }
}

/** @param isTraced whether claims read the `traceparent`, with a step into the workloads for each delivery */
export function makeClaimsRepository(sql: Statements, leaseMs: number, isTraced = false) {
  /**
   * Leases due deliveries. They become due again when the lease expires, so that another process resumes after a crash.
   * MATERIALIZED makes any plan pick them only once: each further run would lock as many again, since it skips locked
   * rows.
   */
  function claimed(leaseId: string, due: Prisma.Sql): Prisma.Sql {
    return Prisma.sql`
      , picked AS MATERIALIZED (${due})
      UPDATE webhook_deliveries d SET lease_id = ${leaseId}, due_at = now() + ${leaseMs} * interval '1 ms'
      FROM picked p JOIN webhook_endpoints e ON e.id = p.endpoint_id
      WHERE d.id = p.id AND d.id = ANY(ARRAY(SELECT id FROM picked))
      RETURNING d.id, d.lease_id AS "leaseId", d.endpoint_id AS "endpointId", d.project_id AS "projectId", d.event_id AS "eventId",
        d.type, d.payload, d.retry_step AS "retryStep", e.url, e.config_epoch AS "configEpoch", e.sealed_secret AS "sealedSecret",
        COALESCE(e.overlap_until > now(), false) AS "isOverlapping", e.failures, now() AS now${isTraced ? traceParent : Prisma.empty}`
  }

  return {
    /**
     * Claims due deliveries of healthy endpoints: round-robin over projects, each up to its share, spread over its
     * endpoints in random order.
     */
    async claimSteady(limit: number, { maxEach, maxOfProject, busy }: Shares): Promise<ClaimedDelivery[]> {
      return sql.rows<ClaimedDelivery>(Prisma.sql`
        WITH ready AS MATERIALIZED (
          SELECT e.id, ${maxEach}::int - COALESCE(u.count, 0) AS room, ${maxOfProject}::int - COALESCE(p.count, 0) AS "projectRoom",
            row_number() OVER (PARTITION BY e.project_id ORDER BY random()) AS turn, count(*) OVER (PARTITION BY e.project_id) AS peers
          FROM (${endpointsWithPending}) w JOIN webhook_endpoints e ON e.id = w.id
          LEFT JOIN ${counted(busy.byEndpoint)} u(id, count) ON u.id = e.id
          LEFT JOIN ${counted(busy.byProject)} p(id, count) ON p.id = e.project_id
          WHERE e.enabled AND e.failures = 0 AND ${isRetryAfterActive} IS NOT TRUE AND COALESCE(u.count, 0) < ${maxEach}::int AND ${hasDue}
        )
        ${claimed(
          randomUUID(),
          Prisma.sql`
            SELECT share.id, share.endpoint_id
            FROM (SELECT * FROM ready WHERE turn <= "projectRoom" ORDER BY turn, random() LIMIT ${limit}) r
            CROSS JOIN LATERAL (
              SELECT t.id, t.endpoint_id FROM webhook_deliveries t
              WHERE t.endpoint_id = r.id AND t.status = 'pending' AND t.due_at <= now()
              ORDER BY t.due_at LIMIT LEAST(r.room, GREATEST(1, r."projectRoom" / r.peers)) FOR UPDATE SKIP LOCKED
            ) share LIMIT ${limit}`,
        )}`)
    },

    /** Claims one due delivery of each failing endpoint whose pause has ended; no other process probes it meanwhile. */
    async claimProbes(limit: number): Promise<ClaimedDelivery[]> {
      return sql.rows<ClaimedDelivery>(Prisma.sql`
        WITH ready AS MATERIALIZED (
          SELECT e.id FROM webhook_endpoints e
          WHERE e.enabled AND e.failures > 0 AND e.not_before <= now() AND ${isRetryAfterActive} IS NOT TRUE AND ${hasDue}
          ORDER BY e.not_before LIMIT ${limit} FOR UPDATE SKIP LOCKED
        ), probing AS (
          UPDATE webhook_endpoints e SET not_before = now() + ${leaseMs} * interval '1 ms' FROM ready r WHERE e.id = r.id RETURNING e.id
        )
        ${claimed(
          randomUUID(),
          Prisma.sql`
            SELECT share.id, share.endpoint_id FROM probing CROSS JOIN LATERAL (
              SELECT t.id, t.endpoint_id FROM webhook_deliveries t
              WHERE t.endpoint_id = probing.id AND t.status = 'pending' AND t.due_at <= now()
              ORDER BY t.due_at LIMIT 1 FOR UPDATE SKIP LOCKED
            ) share`,
        )}`)
    },

    /**
     * Releases a delivery that could not be attempted. Its endpoint counts as failing, so deliveries are retried one at
     * a time.
     */
    async release({ id, leaseId }: ClaimedDelivery, pauseMs: number): Promise<void> {
      await sql.rows(Prisma.sql`
        WITH d AS (
          UPDATE webhook_deliveries SET lease_id = NULL, due_at = now() WHERE id = ${id} AND lease_id = ${leaseId} RETURNING endpoint_id
        )
        UPDATE webhook_endpoints e SET failures = e.failures + 1, not_before = now() + ${pauseMs} * interval '1 ms'
        FROM d WHERE e.id = d.endpoint_id`)
    },
  }
}

/** A message of a test has no record, a record may have been deleted, and its trace may have ended. */
const traceParent = Prisma.sql`,
  (SELECT w.trace_parent FROM workloads w WHERE w.id = d.payload->'data'->>'recordId'
    AND w.traced_at > now() - ${traceLifetimeMs} * interval '1 ms') AS "traceParent"`

/** Whether a `Retry-After` of the endpoint is in effect. */
const isRetryAfterActive = Prisma.sql`(e.retry_after_until > now())`

/** Whether a delivery is due. ORDER BY ensures a single index step; without it the planner may prefer a table scan. */
const hasDue = Prisma.sql`(
    SELECT t.due_at FROM webhook_deliveries t WHERE t.endpoint_id = e.id AND t.status = 'pending' ORDER BY t.due_at LIMIT 1
  ) <= now()`

function counted(counts: ReadonlyMap<string, number>): Prisma.Sql {
  return Prisma.sql`unnest(${[...counts.keys()]}::text[], ${[...counts.values()]}::int[]) AS`
}
