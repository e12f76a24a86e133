import { Prisma, type PrismaClient } from '../../infra/database.ts'
import type { Actor } from '../../vocabulary/actor.ts'
import { idAt } from '../../vocabulary/ids.ts'
import { isLeaseExpired, isOutcomeMissing, isScanMissing, isScanned } from './doctor-conditions.repository.ts'

/** A repair of one finding, or what it would be. */
export interface Fix {
  check: string
  workloadId: string
  before: string
  after: string
}

/** Rows per statement. */
const batch = 500

/**
 * Repairs that cannot change what happens at a provider, while the service runs:
 *
 * - An expired lease can be claimed by any worker already; only its remains are removed.
 * - An old attempt without an outcome already counts as unknown, and a later attempt exists; the outcome is written.
 * - A connection with objects and no scheduled scan is scanned again, which only reads.
 *
 * Everything else that `doctor` finds may need a decision, and is only reported.
 */
const fixes: readonly { check: string; found: Prisma.Sql; change: Prisma.Sql }[] = [
  {
    check: 'leases end in time',
    found: Prisma.sql`
      SELECT w.id, w.id AS "workloadId", w.project_id, 'leased until ' || w.lease_until AS before, 'no lease' AS after FROM workloads w
      WHERE ${isLeaseExpired}
      ORDER BY w.id LIMIT ${batch}`,
    change: Prisma.sql`
      UPDATE workloads w SET lease_id = NULL, lease_until = NULL FROM found f
      WHERE w.id = f.id AND ${isLeaseExpired} RETURNING f.*`,
  },
  {
    check: 'old attempts have an outcome',
    found: Prisma.sql`
      SELECT a.workload_id || '/' || a.number AS id, a.workload_id AS "workloadId", w.project_id,
        'attempt ' || a.number || ' has no outcome' AS before, 'attempt ' || a.number || ' has the outcome unknown' AS after
      FROM workload_attempts a JOIN workloads w ON w.id = a.workload_id
      WHERE ${isOutcomeMissing}
      ORDER BY a.workload_id, a.number LIMIT ${batch}`,
    change: Prisma.sql`
      UPDATE workload_attempts a SET outcome = 'unknown', ended_at = COALESCE(a.ended_at, now()) FROM found f
      WHERE a.workload_id = f."workloadId" AND f.id = a.workload_id || '/' || a.number AND ${isOutcomeMissing} RETURNING f.*`,
  },
  {
    check: 'existing objects are scanned',
    found: Prisma.sql`
      SELECT w.connection_id || '/' || w.kind AS id, min(w.id) AS "workloadId", w.project_id,
        'no scan of ' || w.kind || 's over ' || w.connection_id || ' is due' AS before, 'a scan is due now' AS after
      FROM workloads w LEFT JOIN sweeps s ON s.connection_id = w.connection_id AND s.kind = w.kind
      WHERE ${isScanned} AND ${isScanMissing}
      GROUP BY w.connection_id, w.kind, w.project_id ORDER BY 1 LIMIT ${batch}`,
    change: Prisma.sql`
      INSERT INTO sweeps AS s (connection_id, kind, due_at)
      SELECT split_part(f.id, '/', 1), split_part(f.id, '/', 2), now() FROM found f
      ON CONFLICT (connection_id, kind) DO UPDATE SET due_at = now() WHERE ${isScanMissing}
      RETURNING s.connection_id || '/' || s.kind AS id`,
  },
]

/** What would be repaired, at most 500 of each check. Read-only. */
export async function plannedFixes(prisma: PrismaClient): Promise<Fix[]> {
  const planned: Fix[] = []
  for (const { check, found } of fixes) {
    const rows = await prisma.$queryRaw<Omit<Fix, 'check'>[]>`SELECT "workloadId", before, after FROM (${found}) found`
    planned.push(...rows.map((row) => ({ check, ...row })))
  }
  return planned
}

/** Repairs everything, each with an audit log entry in the same statement. */
export async function applyFixes(prisma: PrismaClient, by: Actor): Promise<Fix[]> {
  const applied: Fix[] = []
  for (const { check, found, change } of fixes) {
    for (let count = batch; count === batch; ) {
      const rows = await prisma.$queryRaw<Omit<Fix, 'check'>[]>`
        WITH found AS MATERIALIZED (${found}), changed AS (${change}), fixed AS MATERIALIZED (
          SELECT f.* FROM found f WHERE f.id IN (SELECT id FROM changed)
        ), audited AS (
          INSERT INTO audit (id, project_id, subject, address, request_id, action, object_id, outcome, data)
          SELECT ${idAt('audit', Date.now())} || substr(md5(f.id || random()::text), 1, 16), f.project_id, ${by.subject}, ${by.address},
            ${by.requestId}, 'doctor.fixed', f."workloadId", 'done', jsonb_build_object('check', ${check}::text, 'before', f.before, 'after', f.after)
          FROM fixed f
        )
        SELECT "workloadId", before, after FROM fixed`
      count = rows.length
      applied.push(...rows.map((row) => ({ check, ...row })))
    }
  }
  return applied
}
