import { Prisma } from '../../infra/database.ts'

/** What `doctor` finds and `doctor --fix` repairs. Its checks find more, which may need a decision. */

/** The lease of a workload `w` has expired, and no worker has claimed it since. */
export const isLeaseExpired = Prisma.sql`w.lease_id IS NOT NULL AND w.lease_until < now() - interval '15 minutes'`

/** An attempt `a` without outcome that no worker waits for, with a later attempt. */
export const isOutcomeMissing = Prisma.sql`
  a.outcome IS NULL AND a.absence_conclusive_at < now() - interval '1 hour'
  AND EXISTS (SELECT 1 FROM workload_attempts b WHERE b.workload_id = a.workload_id AND b.number > a.number)`

/** A workload `w` has an object that only scans can watch. */
export const isScanned = Prisma.sql`w.active AND w.remote_id IS NOT NULL`

/** No scan `s` is scheduled. */
export const isScanMissing = Prisma.sql`s.due_at IS NULL`
