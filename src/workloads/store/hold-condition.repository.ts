import { Prisma } from '../../infra/database.ts'

/** The active hold of creates that applies to a row of workloads, if there is one. The table has few active rows. */
export function holdOf(workload: string): Prisma.Sql {
  const w = Prisma.raw(workload)
  return Prisma.sql`
    SELECT 1 FROM creation_holds h WHERE h.released_at IS NULL AND ${appliesTo(w)}`
}

/** Whether a hold `h` applies to a workload, whatever its state. */
export function appliesTo(workload: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`(h.provider IS NULL OR h.provider = ${workload}.provider)
    AND (h.connection_id IS NULL OR h.connection_id = ${workload}.connection_id)
    AND (h.project_id IS NULL OR h.project_id = ${workload}.project_id)`
}
