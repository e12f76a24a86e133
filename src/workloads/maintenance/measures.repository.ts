import { Prisma, type PrismaClient } from '../../infra/database.ts'
import type { Measure } from '../../telemetry/measure.ts'
import { connectionsWithDueTimes } from '../engine/leases.repository.ts'

/** The metrics that the statement reads. */
const measured = [
  ...['live_workloads', 'parked_workloads', 'due_workloads', 'oldest_due_seconds', 'overdue_seconds'],
  ...[
    'paused_connections',
    'creation_holds',
    'held_workloads',
    'scan_lag_seconds',
    'sweep_age_seconds',
    'orphans',
    'duplicates',
  ],
] as const

type Row = { name: string; labels: never; value: number }

/** Limits of labels: the projects that wait longest, and the connections with the highest values. */
const maxProjects = 20
const maxConnections = 100
/** Upper limit of the count of a connection, so that a backlog does not make scrapes slow. */
const maxDuePerConnection = 10_000

/** Due unclaimed workloads of each of the projects that wait longest, and of all other projects together. */
const dueByProject = Prisma.sql`
  due AS MATERIALIZED (
    SELECT c.project_id, c.provider, sum(d.count)::float8 AS count, EXTRACT(epoch FROM now() - min(d.oldest))::float8 AS age
    FROM (${connectionsWithDueTimes}) b JOIN connections c ON c.id = b.id CROSS JOIN LATERAL (
      SELECT count(*) AS count, min(due_at) AS oldest
      FROM (SELECT due_at FROM workloads WHERE connection_id = b.id AND due_at <= now() ORDER BY due_at LIMIT ${maxDuePerConnection}) f
    ) d WHERE d.count > 0 GROUP BY c.project_id, c.provider
  ), late AS (
    SELECT project_id FROM due GROUP BY project_id ORDER BY max(age) DESC, project_id LIMIT ${maxProjects}
  ), labelled AS (
    SELECT CASE WHEN project_id IN (SELECT project_id FROM late) THEN project_id ELSE 'other' END AS project, provider,
      sum(count) AS count, max(age) AS age
    FROM due GROUP BY 1, provider
  )`

/** Metrics for operators, in one statement, which reads nothing of workloads that have ended. */
export const measuring = Prisma.sql`
      WITH ${dueByProject}
      SELECT 'live_workloads' AS name, jsonb_build_object('kind', kind, 'provider', provider, 'status', status) AS labels, count(*)::float8 AS value
      FROM workloads WHERE active AND ended_at IS NULL GROUP BY kind, provider, status
      UNION ALL
      SELECT 'parked_workloads', jsonb_build_object('kind', kind, 'provider', provider, 'reason', status_reason), count(*)::float8
      FROM workloads WHERE active AND due_at IS NULL AND status_reason IN ('outcome_unknown', 'internal_error') GROUP BY kind, provider, status_reason
      UNION ALL
      SELECT 'due_workloads', jsonb_build_object('project', project, 'provider', provider), count FROM labelled
      UNION ALL
      SELECT 'oldest_due_seconds', jsonb_build_object('project', project, 'provider', provider), age FROM labelled
      UNION ALL
      SELECT 'overdue_seconds', '{}', GREATEST(0, COALESCE(EXTRACT(epoch FROM now() - min(oldest.due_at)), 0))::float8
      FROM (${connectionsWithDueTimes}) b CROSS JOIN LATERAL (SELECT due_at FROM workloads WHERE connection_id = b.id AND due_at IS NOT NULL ORDER BY due_at LIMIT 1) oldest
      UNION ALL
      SELECT 'paused_connections', jsonb_build_object('provider', provider, 'reason', CASE WHEN held THEN 'held' ELSE COALESCE(pause_reason, '') END), count(*)::float8
      FROM connections WHERE deleted_at IS NULL AND (held OR not_before > now()) GROUP BY 2, provider
      UNION ALL
      SELECT 'creation_holds', jsonb_build_object('scope', concat_ws('_', CASE WHEN provider IS NOT NULL THEN 'provider' END,
        CASE WHEN connection_id IS NOT NULL THEN 'connection' END, CASE WHEN project_id IS NOT NULL THEN 'project' END)), count(*)::float8
      FROM creation_holds WHERE released_at IS NULL GROUP BY 2
      UNION ALL
      SELECT 'held_workloads', jsonb_build_object('provider', provider), count(*)::float8
      FROM workloads WHERE active AND status_reason = 'held' GROUP BY provider
      UNION ALL
      SELECT 'scan_lag_seconds', jsonb_build_object('provider', c.provider, 'kind', s.kind), GREATEST(0, EXTRACT(epoch FROM now() - min(s.due_at)))::float8
      FROM sweeps s JOIN connections c ON c.id = s.connection_id WHERE s.due_at IS NOT NULL GROUP BY c.provider, s.kind
      UNION ALL
      (SELECT 'sweep_age_seconds', jsonb_build_object('connection', connection_id, 'kind', kind), EXTRACT(epoch FROM now() - last_completed_at)::float8
      FROM sweeps WHERE due_at IS NOT NULL AND last_completed_at IS NOT NULL ORDER BY last_completed_at LIMIT ${maxConnections})
      UNION ALL
      (SELECT 'orphans', jsonb_build_object('connection', connection_id, 'kind', kind), last_orphans::float8 FROM sweeps WHERE last_orphans > 0
      ORDER BY last_orphans DESC LIMIT ${maxConnections})
      UNION ALL
      SELECT 'duplicates', '{}', count(*)::float8 FROM workload_events WHERE type IN ('job.duplicate_detected', 'environment.duplicate_detected')`

export function makeMeasuresRepository(prisma: PrismaClient) {
  return async function measure(): Promise<readonly Measure[]> {
    const rows = await prisma.$queryRaw<Row[]>(measuring)
    return measured.map((name) => ({
      name,
      samples: rows.flatMap(({ name: of, ...sample }) => (of === name ? [sample] : [])),
    }))
  }
}
