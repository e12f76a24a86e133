import type { Pool } from 'pg'
import { PrismaClient } from '../generated/prisma/client.ts'
import { makeClassifiedAdapter } from './classified-adapter.ts'
import { readConnecting } from './connecting.ts'
import { makeSessions, type Pooling, type Settings, settingsOf, transactionSettings } from './sessions.ts'
import { makeStatements, type Statements } from './statements.ts'
import { makeZonedAdapter } from './zoned-adapter.ts'

export { Prisma, type PrismaClient } from '../generated/prisma/client.ts'

/**
 * For processes that serve. Statements with names are planned once and kept, often while a table is still small, when reading
 * it whole is cheapest; it then grows by thousands of rows before Postgres plans anew. So whatever has an index uses it, and
 * what has none is not compiled for the cost that Postgres then gives it.
 */
export const servingSettings: Settings = { enable_seqscan: 'off', jit: 'off' }

export interface DatabaseOptions {
  url: string
  /** What stands between, as `examineDatabaseAt` found it; nothing when absent. */
  pooling?: Pooling
  /** Connections at most, for everything that this process does in the database; fewer where the URL says so. */
  poolSize: number
  /** Of each session, where the URL says nothing else. */
  defaults?: Settings
  /** A statement that runs longer is cancelled; default 30 s. */
  statementTimeoutMs?: number
  /** Who waits longer for a row that somebody else has gives up, and may try again; default 10 s. */
  lockTimeoutMs?: number
  /** A transaction left open and idle this long loses its connection; default 60 s. */
  idleInTransactionTimeoutMs?: number
  /** How long to wait for a free connection before giving up; default what the URL says, or 10 s. */
  acquireTimeoutMs?: number
  /** Shown in `pg_stat_activity`, to tell processes apart. */
  applicationName?: string
  /** Told of connections that broke while idle. The pool replaces them by itself. */
  onIdleError?: (error: Error) => void
}

export interface Database {
  prisma: PrismaClient
  /** For the statements of the hot paths. */
  sql: Statements
  /** Named prepared statements are sent without their name where this is `transaction`: no two of them share a session. */
  pooling: Pooling
  /** The pool under `prisma`, for what needs a session or speed of its own; shared, so that one limit holds for all. */
  pool: Pool
  /** Waits for what is running and closes every connection. */
  close(): Promise<void>
}

/** Connects lazily: nothing is opened before the first query. */
export function makeDatabase(options: DatabaseOptions): Database {
  const { url, pooling = 'none' } = options
  const defaults = {
    ...options.defaults,
    statement_timeout: `${options.statementTimeoutMs ?? 30_000}ms`,
    lock_timeout: `${options.lockTimeoutMs ?? 10_000}ms`,
    idle_in_transaction_session_timeout: `${options.idleInTransactionTimeoutMs ?? 60_000}ms`,
  }
  const { mostConnections = options.poolSize, poolTimeoutMs = 10_000 } = readConnecting(url)
  const pool = makeSessions({
    ...{ url, pooling, defaults, max: Math.min(options.poolSize, mostConnections) },
    applicationName: options.applicationName ?? 'switchyard',
    acquireTimeoutMs: options.acquireTimeoutMs ?? poolTimeoutMs,
  })
  // Without a listener a connection that the server closes while idle would end the process.
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
