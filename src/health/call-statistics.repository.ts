import { Prisma } from '../infra/database.ts'
import { isOneOf, type Statements } from '../infra/statements.ts'
import type { CallCount, CallResult, CountedCalls } from './call-counts.ts'
import { bucketCount } from './latency.ts'

/** Retention of counts; only those of the last hour are read. */
const retentionHours = 3

const addedBuckets = Prisma.raw(
  Array.from({ length: bucketCount }, (_, index) => `c.buckets[${index + 1}] + excluded.buckets[${index + 1}]`).join(
    ', ',
  ),
)

export function makeCallStatisticsRepository(sql: Statements) {
  return {
    /**
     * Adds counts to those of the current minute, and updates the last results, in one statement. Minutes and times are
     * by the database clock. Connections that are deleted meanwhile are left out. Rows are written in order, so that
     * processes do not block each other.
     */
    async add({ counts, results }: CountedCalls, nowMs: number): Promise<void> {
      const withAges = results.map(({ succeededAtMs, failedAtMs, ...result }) => ({
        ...result,
        succeededMsAgo: succeededAtMs === null ? null : nowMs - succeededAtMs,
        failedMsAgo: failedAtMs === null ? null : nowMs - failedAtMs,
      }))
      await sql.rows(addStatement(counts, withAges))
    },

    /** Deletes up to `limit` expired counts and returns how many, and what a deleted connection has left. */
    async prune(limit: number): Promise<number> {
      const [row] = await sql.rows<{ deleted: number }>(pruneStatement(limit))
      return row?.deleted ?? 0
    },
  }
}

type ResultWithAge = Pick<CallResult, 'connectionId' | 'failure'> & {
  succeededMsAgo: number | null
  failedMsAgo: number | null
}

const addStatement = (counts: readonly CallCount[], results: readonly ResultWithAge[]) => Prisma.sql`
  WITH existing AS MATERIALIZED (
    SELECT id FROM connections WHERE deleted_at IS NULL AND ${isOneOf(
      'id',
      results.map(({ connectionId }) => connectionId),
    )}
  ), counted AS (
    INSERT INTO connection_calls AS c (connection_id, minute, operation, code, calls, duration_ms, buckets)
    SELECT n.id, date_trunc('minute', now()), g.operation, g.code, g.calls, g."durationMs", g.buckets
    FROM json_to_recordset(${JSON.stringify(counts)}::json)
      AS g("connectionId" text, operation text, code text, calls int, "durationMs" float8, buckets int[])
    JOIN existing n ON n.id = g."connectionId"
    ORDER BY n.id, g.operation, g.code
    ON CONFLICT (connection_id, minute, operation, code) DO UPDATE SET calls = c.calls + excluded.calls,
      duration_ms = c.duration_ms + excluded.duration_ms, buckets = ARRAY[${addedBuckets}]
  )
  INSERT INTO connection_results AS r (connection_id, last_succeeded_at, last_failed_at, last_failure)
  SELECT n.id, now() - g."succeededMsAgo" * interval '1 ms', now() - g."failedMsAgo" * interval '1 ms', g.failure
  FROM json_to_recordset(${JSON.stringify(results)}::json)
    AS g("connectionId" text, "succeededMsAgo" float8, "failedMsAgo" float8, failure jsonb)
  JOIN existing n ON n.id = g."connectionId"
  ORDER BY n.id
  ON CONFLICT (connection_id) DO UPDATE SET
    last_succeeded_at = GREATEST(r.last_succeeded_at, excluded.last_succeeded_at),
    last_failed_at = GREATEST(r.last_failed_at, excluded.last_failed_at),
    last_failure = CASE WHEN r.last_failed_at IS NULL OR excluded.last_failed_at > r.last_failed_at
      THEN excluded.last_failure ELSE r.last_failure END`

const pruneStatement = (limit: number) => Prisma.sql`
  WITH old AS (
    SELECT ctid FROM connection_calls WHERE minute < now() - ${retentionHours}::int * interval '1 hour'
    ORDER BY minute LIMIT ${limit}::int FOR UPDATE SKIP LOCKED
  ), deleted AS (
    DELETE FROM connection_calls WHERE ctid = ANY(ARRAY(SELECT ctid FROM old)) RETURNING 1
  ), left_over AS (
    DELETE FROM connection_results r USING connections c WHERE c.id = r.connection_id AND c.deleted_at IS NOT NULL
  )
  SELECT count(*)::int AS deleted FROM deleted`
