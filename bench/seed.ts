import type { ClientBase, Pool } from 'pg'

/** Owner and connections of the seeded jobs: most use the first connection, few the second, a handful the third. */
export interface SeedTarget {
  projectId: string
  connectionIds: readonly [string, string, string]
  /** Environment in which one job in twenty ran. */
  environmentId: string
}

/** Number of oldest jobs that share each rare value of `seedJobs`. */
export const rareJobs = 20

/** Period of the creation times in days, whatever the number of jobs. */
export const seededDays = 60

/**
 * Inserts `count` jobs into a project, distributed as in a long-running service: most succeeded, the newest are active,
 * a tenth failed or was canceled; with labels, names, providers and connections shared by most jobs or by few. A
 * million jobs take one to two minutes without indexes. Does not vacuum or analyze.
 */
export async function seedJobs(pool: Pool | ClientBase, target: SeedTarget, count: number): Promise<void> {
  const { projectId, connectionIds, environmentId } = target
  await pool.query(insertJobs, [projectId, ...connectionIds, environmentId, count])
  await pool.query(insertLabels, [projectId])
}

/** Drops the indexes of the tables of `seedJobs`, and creates them again after the rows. */
export async function withoutIndexes(pool: Pool | ClientBase, insertRows: () => Promise<void>): Promise<void> {
  const { rows: indexes } = await pool.query<{ name: string; definition: string }>(definitionsOfIndexes)
  await pool.query(`DROP INDEX ${indexes.map(({ name }) => `"${name}"`).join(', ')}`)
  await insertRows()
  for (const { definition } of indexes) await pool.query(definition)
}

const definitionsOfIndexes = `
  SELECT i.indexname AS name, i.indexdef AS definition FROM pg_indexes i
  WHERE i.schemaname = current_schema() AND i.tablename IN ('workloads', 'workload_labels')
    AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)`

/** Time prefix of an id, in ten digits of 5 bits: see vocabulary/ids.ts. */
const timeDigits = Array.from(
  { length: 10 },
  (_, index) => `substr('0123456789abcdefghjkmnpqrstvwxyz', ((ms >> ${45 - 5 * index}) & 31)::int + 1, 1)`,
).join(' || ')

const insertJobs = `
  WITH numbered AS (
    SELECT n, count, n <= ${rareJobs} AS is_rare, n > count - GREATEST(count / 2000, ${rareJobs}) AS is_active,
      date_trunc('milliseconds', now()) - (count - n) * (interval '${seededDays} days' / count) AS at
    FROM (SELECT $6::bigint AS count) c, generate_series(1, count) n
  ), generated AS (
    SELECT *, (EXTRACT(epoch FROM at) * 1000)::bigint AS ms,
      CASE WHEN is_rare THEN 'zebra-' ELSE (ARRAY['train-', 'eval-', 'prepare-', 'train-large-'])[1 + n * 7 % 4] END || n AS name
    FROM numbered
  )
  INSERT INTO workloads (id, project_id, kind, provider, connection_id, environment_id, name, labels, spec, correlation_tag, status, active, remote_id,
    created_at, updated_at, status_changed_at, dispatched_at, started_at, ended_at, version, seq, generation)
  SELECT 'job_' || ${timeDigits} || lpad(n::text, 16, '0'), $1, 'job',
    CASE WHEN is_rare THEN 'scnet' WHEN n % 10 = 0 THEN 'aitems' ELSE 'slurm' END,
    CASE WHEN is_rare THEN $4 WHEN n % 10 = 0 THEN $3 ELSE $2 END,
    CASE WHEN n % 20 = 1 THEN $5 END,
    name,
    jsonb_build_object('env', CASE WHEN n % 3 = 0 THEN 'staging' ELSE 'prod' END, 'team', 't' || n % 50,
      'half', CASE WHEN is_rare THEN 'rare' WHEN n % 2 = 0 THEN 'even' ELSE 'odd' END, 'day', 'd' || n * ${seededDays} / count),
    jsonb_build_object('name', name, 'script', repeat('#!/bin/sh\\npython train.py --epochs 10\\n', 8) || n, 'resources', '{"cpus":8,"memoryMiB":65536}'::jsonb),
    'm' || n || '-' || $1,
    CASE WHEN is_active THEN (ARRAY['queued', 'running', 'pending', 'dispatching'])[1 + n % 4]
      WHEN is_rare THEN 'unknown' WHEN n % 12 = 0 THEN 'failed' WHEN n % 40 = 1 THEN 'canceled' ELSE 'succeeded' END,
    is_active, 'r' || n, at, at, at, at, at, CASE WHEN NOT is_active THEN at + interval '1 hour' END, 6, 6, 0
  FROM generated ORDER BY n`

const insertLabels = `
  INSERT INTO workload_labels (project_id, kind, key, value, workload_id)
  SELECT w.project_id, w.kind, l.key, l.value, w.id FROM workloads w, jsonb_each_text(w.labels) l
  WHERE w.project_id = $1 ORDER BY 1, 2, 3, 4, 5`
