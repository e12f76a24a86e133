import type { Pool } from 'pg'
import { PrismaClient } from '../generated/prisma/client.ts'
import { makeClassifiedAdapter } from './classified-adapter.ts'
import { readConnecting } from './connecting.ts'
import { makeSessions, type Pooling, type Settings, settingsOf, transactionSettings } from './sessions.ts'
import { makeStatements, type Statements } from './statements.ts'
import { makeZonedAdapter } from './zoned-adapter.ts'

export { Prisma, type PrismaClient } from '../generated/prisma/client.ts'

/**
 * For processes that serve requests. Named statements are planned once, often while a table is small and a sequential
 * scan is cheapest; the table then grows by thousands of rows before Postgres replans. Sequential scans are therefore
 * disabled where an index exists, and JIT because the inflated cost of the remaining scans would trigger it.
 */
export const servingSettings: Settings = { enable_seqscan: 'off', jit: 'off' }

export interface DatabaseOptions {
  url: string
  /** The pooling mode found by `examineDatabaseAt`; none if absent. */
  pooling?: Pooling
  /** Maximum number of database connections of this process; lower if set in the URL. */
  poolSize: number
  /** Session settings, overridden by those in the URL. */
  defaults?: Settings
  /** Statements that run longer are canceled; default 30 s. */
  statementTimeoutMs?: number
  /** Statements that wait longer for a lock fail and can be retried; default 10 s. */
  lockTimeoutMs?: number
  /** Connections with a transaction idle for longer are closed; default 60 s. */
  idleInTransactionTimeoutMs?: number
  /** How long to wait for a free connection; defaults to the value in the URL, or 10 s. */
  acquireTimeoutMs?: number
  /** Shown in `pg_stat_activity` to identify the process. */
  applicationName?: string
  /** Called when an idle connection breaks. The pool replaces it automatically. */
  onIdleError?: (error: Error) => void
}

export interface Database {
  prisma: PrismaClient
  /** For statements on hot paths. */
  sql: Statements
  /** With `transaction`, prepared statements are sent unnamed, because transactions may use different sessions. */
  pooling: Pooling
  /** The pool of `prisma`, for uses that need a session or more speed; shared, so that one connection limit applies. */
  pool: Pool
  /** Waits for running statements and closes all connections. */
  close(): Promise<void>
}

/** Connects lazily, on the first query. */
export function makeDatabase(options: DatabaseOptions): Database {
  const { url, pooling = 'none' } = options
  const defaults = {
    ...options.defaults,
    statement_timeout: `${options.statementTimeoutMs ?? 30_000}ms`,
    lock_timeout: `${options.lockTimeoutMs ?? 10_000}ms`,
    idle_in_transaction_session_timeout: `${options.idleInTransactionTimeoutMs ?? 60_000}ms`,
  }
  const { maxConnections = options.poolSize, poolTimeoutMs = 10_000 } = readConnecting(url)
  const pool = makeSessions({
    ...{ url, pooling, defaults, max: Math.min(options.poolSize, maxConnections) },
    applicationName: options.applicationName ?? 'switchyard',
    acquireTimeoutMs: options.acquireTimeoutMs ?? poolTimeoutMs,
  })
  // Without a listener, an idle connection closed by the server would end the process.
  let isClosed = false
  pool.on('error', (error) => {
    if (!isClosed) options.onIdleError?.(error)
  })
  const inTransaction = pooling === 'transaction' ? transactionSettings(settingsOf({ url, defaults }).settings) : null
  const prisma = new PrismaClient({ adapter: makeZonedAdapter(makeClassifiedAdapter(pool), inTransaction) })
  const close = async (): Promise<void> => {
    isClosed = true
    await prisma.$disconnect()
    await pool.end()
  }
  return { prisma, sql: makeStatements(pool), pooling, pool, close }
}
