import type { PrismaClient } from '../../infra/database.ts'
import type { Measure } from '../../infra/telemetry.ts'
import { connectionsWithDueTimes } from '../engine/leases.repository.ts'

type Row = { name: string; labels: Record<string, string>; value: number }

const measures: Readonly<Record<string, Pick<Measure, 'help' | 'labels'>>> = {
  live_workloads: { help: 'Active jobs and environments.', labels: ['kind', 'provider', 'status'] },
  parked_workloads: {
    help: 'Workloads that require an operator: see resolve.',
    labels: ['kind', 'provider', 'reason'],
  },
  overdue_seconds: { help: 'Age of the oldest due workload.', labels: [] },
  paused_connections: { help: 'Paused or held connections.', labels: ['provider', 'reason'] },
  sweep_age_seconds: {
    help: 'Seconds since the last complete scan of a provider list, if one is due.',
    labels: ['connection', 'kind'],
  },
  orphans: {
    help: 'Active remote objects tagged by this installation without a live record, at the last complete scan.',
    labels: ['connection', 'kind'],
  },
  duplicates: {
    help: 'Provider responses that reported a second object for a workload; see duplicate_detected.',
    labels: [],
  },
}

/** Metrics for operators, in one statement. */
export function makeMeasuresRepository(prisma: PrismaClient) {
  return async function measure(): Promise<readonly Measure[]> {
    const rows = await prisma.$queryRaw<Row[]>`
      SELECT 'live_workloads' AS name, jsonb_build_object('kind', kind, 'provider', provider, 'status', status) AS labels, count(*)::float8 AS value
      FROM workloads WHERE active AND ended_at IS NULL GROUP BY kind, provider, status
      UNION ALL
      SELECT 'parked_workloads', jsonb_build_object('kind', kind, 'provider', provider, 'reason', status_reason), count(*)::float8
      FROM workloads WHERE active AND due_at IS NULL AND status_reason IN ('outcome_unknown', 'internal_error') GROUP BY kind, provider, status_reason
      UNION ALL
      SELECT 'overdue_seconds', '{}', GREATEST(0, COALESCE(EXTRACT(epoch FROM now() - min(oldest.due_at)), 0))::float8
      FROM (${connectionsWithDueTimes}) b CROSS JOIN LATERAL (SELECT due_at FROM workloads WHERE connection_id = b.id AND due_at IS NOT NULL ORDER BY due_at LIMIT 1) oldest
      UNION ALL
      SELECT 'paused_connections', jsonb_build_object('provider', provider, 'reason', CASE WHEN held THEN 'held' ELSE COALESCE(pause_reason, '') END), count(*)::float8
      FROM connections WHERE deleted_at IS NULL AND (held OR not_before > now()) GROUP BY 2, provider
      UNION ALL
      SELECT 'sweep_age_seconds', jsonb_build_object('connection', connection_id, 'kind', kind), EXTRACT(epoch FROM now() - last_completed_at)::float8
      FROM sweeps WHERE due_at IS NOT NULL AND last_completed_at IS NOT NULL
      UNION ALL
      SELECT 'orphans', jsonb_build_object('connection', connection_id, 'kind', kind), last_orphans::float8 FROM sweeps WHERE last_orphans > 0
      UNION ALL
      SELECT 'duplicates', '{}', count(*)::float8 FROM workload_events WHERE type IN ('job.duplicate_detected', 'environment.duplicate_detected')`
    return Object.entries(measures).map(([name, about]) => ({
      ...about,
      name,
      samples: rows.filter((row) => row.name === name),
    }))
  }
}
