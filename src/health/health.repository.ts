import { Prisma } from '../infra/database.ts'
import type { Statements } from '../infra/statements.ts'
import { bucketCount } from './latency.ts'
import { type HealthOf, type HealthRow, type ReadHealth, windowSeconds } from './provider-health.ts'

/** Reads the counts of all processes, in one statement: a row for each provider that the project has connections to. */
export function makeHealthRepository(sql: Statements): ReadHealth {
  return (of) => sql.rows<HealthRow>(healthStatement(of))
}

const summedBuckets = Prisma.raw(
  Array.from({ length: bucketCount }, (_, index) => `COALESCE(sum(k.buckets[${index + 1}]), 0)`).join(', '),
)

const healthStatement = ({ projectId, connectionId }: HealthOf) => Prisma.sql`
  WITH connection AS MATERIALIZED (
    SELECT id, provider, held, CASE WHEN not_before > now() THEN not_before END AS paused_until, pause_reason FROM connections
    WHERE project_id = ${projectId} AND deleted_at IS NULL AND (${connectionId}::text IS NULL OR id = ${connectionId})
  ), pause AS (
    SELECT DISTINCT ON (provider) provider, paused_until, pause_reason FROM connection
    WHERE paused_until IS NOT NULL ORDER BY provider, paused_until DESC
  ), call AS (
    -- Added up for each connection first: joined, the counts of all projects could be read by their minutes.
    SELECT c.provider, k.operation, k.code, sum(k.calls)::float8 AS calls, sum(k.duration_ms) AS "durationMs", ARRAY[${summedBuckets}] AS buckets
    FROM connection c CROSS JOIN LATERAL (
      SELECT operation, code, sum(calls) AS calls, sum(duration_ms) AS duration_ms, ARRAY[${summedBuckets}] AS buckets
      FROM connection_calls k WHERE connection_id = c.id AND minute > now() - ${windowSeconds}::int * interval '1 second'
      GROUP BY operation, code
    ) k GROUP BY c.provider, k.operation, k.code
  ), result AS (
    SELECT c.provider, c.id, r.last_succeeded_at, r.last_failed_at, r.last_failure
    FROM connection c JOIN connection_results r ON r.connection_id = c.id
  ), failure AS (
    SELECT DISTINCT ON (provider) provider, id, last_failed_at, last_failure FROM result
    WHERE last_failed_at IS NOT NULL ORDER BY provider, last_failed_at DESC
  ), scan AS (
    SELECT c.provider, GREATEST(0, COALESCE(EXTRACT(epoch FROM now() - min(s.due_at)), 0))::float8 AS lag, max(s.last_completed_at) AS completed_at
    FROM connection c JOIN sweeps s ON s.connection_id = c.id GROUP BY c.provider
  ), workload AS (
    SELECT provider, count(*) FILTER (WHERE ended_at IS NULL)::int AS live,
      count(*) FILTER (WHERE due_at IS NULL AND status_reason IN ('outcome_unknown', 'internal_error'))::int AS parked,
      count(*) FILTER (WHERE status_reason = 'outcome_unknown')::int AS outcome_unknown
    FROM workloads WHERE project_id = ${projectId} AND active AND (${connectionId}::text IS NULL OR connection_id = ${connectionId})
    GROUP BY provider
  )
  SELECT c.provider, now() AS "measuredAt", count(*)::int AS connections, count(*) FILTER (WHERE c.held)::int AS held,
    count(c.paused_until)::int AS paused, p.paused_until AS "pausedUntil", p.pause_reason AS "pauseReason",
    COALESCE((SELECT json_agg(call ORDER BY operation, code) FROM call WHERE call.provider = c.provider), '[]') AS calls,
    (SELECT max(last_succeeded_at) FROM result WHERE result.provider = c.provider) AS "lastSucceededAt",
    f.last_failed_at AS "lastFailedAt", f.last_failure AS "lastFailure", f.id AS "failedConnectionId",
    COALESCE(s.lag, 0) AS "scanLagSeconds", s.completed_at AS "lastScannedAt",
    COALESCE(w.live, 0) AS live, COALESCE(w.parked, 0) AS parked, COALESCE(w.outcome_unknown, 0) AS "outcomeUnknown"
  FROM connection c LEFT JOIN pause p USING (provider) LEFT JOIN failure f USING (provider) LEFT JOIN scan s USING (provider)
    LEFT JOIN workload w USING (provider)
  GROUP BY c.provider, p.paused_until, p.pause_reason, f.last_failed_at, f.last_failure, f.id, s.lag, s.completed_at, w.live, w.parked, w.outcome_unknown
  ORDER BY c.provider`
