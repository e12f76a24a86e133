import type { Prisma, PrismaClient } from './database.ts'

/** A lock that is held longer is somebody's hanging transaction: the caller is told to try again. */
const lockTimeoutMs = 4000
const acquireTimeoutMs = 10_000
const transactionTimeoutMs = 20_000

/**
 * Counts and adds while nobody else does in these projects: whoever comes second waits here, and its `work` sees what
 * the first has committed. That needs READ COMMITTED, where each statement has a snapshot of its own; the one that takes
 * the lock keeps the snapshot from before its wait, so counting in it would miss what it has waited for.
 */
export async function withProjectLock<T>(
  prisma: PrismaClient,
  projectIds: readonly string[],
  work: (tx: Prisma.TransactionClient) => Promise<T>,
): Promise<T> {
  return prisma.$transaction(
    async (tx) => {
      await tx.$queryRaw`SELECT set_config('lock_timeout', ${`${lockTimeoutMs}ms`}, true)`
      await tx.$queryRaw`SELECT id FROM projects WHERE id = ANY(${[...projectIds]}) ORDER BY id FOR NO KEY UPDATE`
      return work(tx)
    },
    { isolationLevel: 'ReadCommitted', maxWait: acquireTimeoutMs, timeout: transactionTimeoutMs },
  )
}
