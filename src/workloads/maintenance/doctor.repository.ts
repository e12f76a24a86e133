import type { IdSource } from '../../connections/id-spaces.ts'
import { Prisma, type PrismaClient } from '../../infra/database.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { isLeaseExpired, isOutcomeMissing, isScanMissing, isScanned } from './doctor-conditions.repository.ts'

/** A violated invariant. */
export interface Finding {
  check: string
  workloadId: string
  detail: string
}

const maxPerCheck = 100

/** A connection and the source of the remote ids of a kind; see `mayBeOne`. */
export interface InIdSpace extends IdSource {
  connectionId: string
  kind: Kind
}

/** Each invariant, with the query that finds violations. */
const checksOf = (idSpaces: readonly InIdSpace[]): Readonly<Record<string, Prisma.Sql>> => ({
  'the last event has the status': Prisma.sql`
    SELECT w.id AS "workloadId", 'status ' || w.status || ', last event ' || COALESCE(e.data->>'status', 'none') AS detail
    FROM workloads w LEFT JOIN workload_events e ON e.workload_id = w.id AND e.seq = w.seq
    WHERE e.data->>'status' IS DISTINCT FROM w.status`,
  'events are numbered without gaps': Prisma.sql`
    SELECT w.id AS "workloadId", 'seq ' || w.seq || ', events ' || count(e.seq) || ' from ' || COALESCE(min(e.seq), 0) AS detail
    FROM workloads w JOIN projects p ON p.id = w.project_id LEFT JOIN workload_events e ON e.workload_id = w.id
    GROUP BY w.id, p.id
    -- Expired events are missing at the beginning.
    HAVING count(e.seq) = 0 OR count(e.seq) <> w.seq - CASE WHEN p.pruned_xid > '0' THEN min(e.seq) - 1 ELSE 0 END`,
  'a remote object has one live record': Prisma.sql`
    WITH held AS MATERIALIZED (
      SELECT w.id, w.kind, w.remote_id, COALESCE(s.service, w.connection_id) AS service, COALESCE(s.names, '{}') AS names
      FROM workloads w LEFT JOIN json_to_recordset(${JSON.stringify(idSpaces)}::json) AS s("connectionId" text, kind text, service text, names jsonb)
        ON s."connectionId" = w.connection_id AND s.kind = w.kind
      WHERE w.active AND w.remote_id IS NOT NULL
    )
    SELECT w.id AS "workloadId", w.remote_id || ' is held by ' || w.id || ', ' || string_agg(o.id, ', ' ORDER BY o.id) AS detail
    FROM held w JOIN held o ON o.service = w.service AND o.kind = w.kind AND o.remote_id = w.remote_id AND o.id > w.id
    WHERE NOT EXISTS (SELECT FROM jsonb_each_text(w.names) a JOIN jsonb_each_text(o.names) b USING (key) WHERE a.value <> b.value)
    GROUP BY w.id, w.remote_id`,
  'leases end in time': Prisma.sql`
    SELECT w.id AS "workloadId", 'leased until ' || w.lease_until AS detail FROM workloads w
    WHERE (${isLeaseExpired}) OR w.lease_id IS NOT NULL AND w.lease_until > now() + interval '1 hour'`,
  'old attempts have an outcome': Prisma.sql`
    SELECT w.id AS "workloadId", 'attempt ' || a.number || ' of ' || a.started_at AS detail
    FROM workload_attempts a JOIN workloads w ON w.id = a.workload_id
    WHERE ${isOutcomeMissing}`,
  'created objects have their remote id recorded': Prisma.sql`
    SELECT w.id AS "workloadId", 'attempt ' || a.number || ' created ' || a.remote_id || ', the record has ' || COALESCE(w.remote_id, 'none') AS detail
    FROM workload_attempts a JOIN workloads w ON w.id = a.workload_id
    WHERE a.outcome IN ('created', 'recovered') AND a.remote_id IS NOT NULL AND a.remote_id IS DISTINCT FROM w.remote_id
      AND a.ended_at < now() - interval '15 minutes'`,
  'due workloads are processed': Prisma.sql`
    SELECT id AS "workloadId", 'due since ' || due_at AS detail FROM workloads WHERE due_at < now() - interval '15 minutes'`,
  'existing objects are scanned': Prisma.sql`
    SELECT min(w.id) AS "workloadId", count(*) || ' live ' || w.kind || 's over ' || w.connection_id || ' and no scan is due' AS detail
    FROM workloads w LEFT JOIN sweeps s ON s.connection_id = w.connection_id AND s.kind = w.kind
    WHERE ${isScanned} AND (${isScanMissing} OR s.due_at < now() - interval '1 hour')
    GROUP BY w.connection_id, w.kind`,
})

/** Checks the invariants. Read-only. */
export async function examine(prisma: PrismaClient, idSpaces: readonly InIdSpace[] = []): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [check, query] of Object.entries(checksOf(idSpaces))) {
    const rows = await prisma.$queryRaw<Omit<Finding, 'check'>[]>`SELECT * FROM (${query}) found LIMIT ${maxPerCheck}`
    findings.push(...rows.map((row) => ({ check, ...row })))
  }
  return findings
}

export const checkNames: readonly string[] = Object.keys(checksOf([]))
