import type { Pool } from 'pg'
import { beforeEach } from 'vitest'
import { type ApiBench, useApiBench } from './api-bench.ts'
import { idsOf, slurmJob, submitBatch } from './job-batches.ts'

export interface ParkedOptions {
  /** `outcome_unknown` with an open create if absent. */
  reason?: 'outcome_unknown' | 'internal_error'
  /** Gives the job the final status `unknown` instead. */
  isUnknown?: boolean
  /** Time since the status change. */
  ageSeconds?: number
  /** Whether the create may still be executed. */
  mayStillExecute?: boolean
  /** Error code of the attempt. */
  code?: string
}

/** A service that ends all workloads before each test, so that only the workloads parked by a test need an operator. */
export async function useAttentionBench(): Promise<{ bench: ApiBench; sql: Pool }> {
  const bench = await useApiBench({ settings: { requestRate: null } })
  const { pool: sql } = bench.open
  beforeEach(async () => {
    await sql.query(`UPDATE workloads SET status = 'canceled', status_reason = NULL, active = false, due_at = NULL`)
  })
  return { bench, sql }
}

/** Submits jobs and parks them like the engine. */
export async function parkJobs(
  bench: ApiBench,
  sql: Pick<Pool, 'query'>,
  count: number,
  parked: ParkedOptions = {},
): Promise<readonly string[]> {
  const jobs = Array.from({ length: count }, () => slurmJob(bench))
  const ids = (idsOf(await submitBatch(bench.api, jobs)) as string[]).toSorted()
  await setParked(sql, ids, parked)
  return ids
}

export async function setParked(
  sql: Pick<Pool, 'query'>,
  ids: readonly string[],
  { reason = 'outcome_unknown', isUnknown = false, ageSeconds = 60, mayStillExecute = false, code }: ParkedOptions = {},
): Promise<void> {
  const status = reason === 'internal_error' ? 'queued' : 'dispatching'
  await sql.query(
    `UPDATE workloads w SET status = $2, status_reason = $3, status_message = NULL, due_at = NULL, active = $4,
       remote_id = CASE WHEN $4 THEN NULL ELSE w.id END, ended_at = CASE WHEN $4 THEN NULL ELSE now() END,
       seq = w.seq + 1, version = w.version + 1, status_changed_at = now() - $5 * interval '1 s'
     WHERE id = ANY($1)`,
    [ids, isUnknown ? 'unknown' : status, isUnknown ? 'remote_record_lost' : reason, !isUnknown, ageSeconds],
  )
  await sql.query(
    `INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
     SELECT id, seq, 'evt_' || md5(id || seq), project_id, kind, kind || '.' || status, jsonb_build_object('status', status)
     FROM workloads WHERE id = ANY($1)`,
    [ids],
  )
  if (reason === 'internal_error') return
  await sql.query(
    `INSERT INTO workload_attempts (workload_id, number, correlation_tag, scope, pre_create_snapshot, started_at, send_by, absence_conclusive_at, ended_at, outcome, error)
     SELECT id, 1, correlation_tag, '{}', 'null', now() - interval '1 hour', now() - interval '59 minutes',
       now() + CASE WHEN $2 THEN 1 ELSE -1 END * interval '30 minutes', now() - interval '58 minutes', 'unknown',
       CASE WHEN $3::text IS NULL THEN NULL ELSE jsonb_build_object('code', $3::text, 'message', 'lost', 'retryable', true) END
     FROM workloads WHERE id = ANY($1)`,
    [ids, mayStillExecute, code ?? null],
  )
}
