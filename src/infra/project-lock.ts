import type { Prisma, PrismaClient } from './database.ts'

/** A longer wait indicates a hanging transaction: the caller receives a retryable error. */
const lockTimeoutMs = 4000
const acquireTimeoutMs = 10_000
const transactionTimeoutMs = 20_000

/**
 * Runs `work` with an exclusive lock on the projects: concurrent callers wait, and their `work` sees what the previous
 * holder committed. Requires READ COMMITTED, where each statement has a new snapshot; the statement that acquires the
 * lock keeps its older snapshot, so counting must be a separate statement.
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
