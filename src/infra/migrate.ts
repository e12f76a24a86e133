import { setTimeout as sleep } from 'node:timers/promises'
import { runMigrations } from 'bullmq'
import type { Pool, PoolClient } from 'pg'
import { noFilters, readMigrations, withSchemaEngine } from './schema-engine.ts'
import { unlimited } from './schema-engine-adapter.ts'
import { makeSessions, type Pooling, transactionSettings } from './sessions.ts'

export interface MigrateOptions {
  url: string
  /** The pooling mode found by `examineDatabaseAt`; none if absent. */
  pooling?: Pooling
  /** Receives one line per step. */
  log?: (line: string) => void
  /** Directory of the migrations; default: those of this version. */
  migrationsDir?: string
  /** How long a migration waits for a lock before it is rolled back, and how long it then pauses. */
  lockTimeoutMs?: number
}

/** Spells `SWYD`. Must be the same in every version of Switchyard. */
const migrationLock = 0x53575944

const retryMs = 200

/**
 * Migrates the database to the schema of this version, including the tables of BullMQ's Postgres backend (schema
 * `bullmq`), which a later start without Redis needs. Returns the migrations that it applied. Safe to call from several
 * processes concurrently: one migrates, the others wait. Records migrations in `_prisma_migrations` exactly as `prisma
 * migrate deploy` does, so that either can be used.
 *
 * @throws if a migration fails; Postgres has then rolled back the whole script of that migration
 */
export async function migrate({ url, pooling = 'none', ...options }: MigrateOptions): Promise<{ applied: string[] }> {
  const log = options.log ?? (() => {})
  const onLockTimeout = () => log('a migration waits for a lock held by another transaction, and is retried')
  const { lockTimeoutMs } = options
  const database = { url, pooling, onLockTimeout, ...(lockTimeoutMs === undefined ? {} : { lockTimeoutMs }) }
  const sessions = makeSessions({ url, pooling, max: 2, applicationName: 'switchyard-migrate', settings: unlimited })
  sessions.on('error', ignore)
  try {
    return await withMigrationLock(sessions, async () => {
      const migrationsList = await readMigrations(options.migrationsDir)
      await forgetInterrupted(sessions)
      const { appliedMigrationNames } = await withSchemaEngine(database, (engine) =>
        engine.applyMigrations({ migrationsList, filters: noFilters }),
      )
      for (const name of appliedMigrationNames) log(`applied migration ${name}`)
      log(`queue schema is at version ${await migrateQueue(sessions)}`)
      return { applied: appliedMigrationNames }
    })
  } finally {
    await sessions.end()
  }
}

/** The lock is held by a transaction, which works through any pooler and is released with its connection. */
async function withMigrationLock<T>(sessions: Pool, work: () => Promise<T>): Promise<T> {
  const client = await sessions.connect()
  client.on('error', ignore)
  try {
    await client.query('BEGIN')
    await client.query(transactionSettings(unlimited))
    await lock(client)
    return await work()
  } finally {
    // Nothing was written. Closing the connection with the transaction open cannot fail.
    client.release(true)
  }
}

/**
 * Polls for the lock. CREATE INDEX CONCURRENTLY waits for every older snapshot, and both a blocking lock statement and
 * an open transaction whose last statement had parameters would hold one.
 */
async function lock(client: PoolClient): Promise<void> {
  const statement = `SELECT pg_try_advisory_xact_lock(${migrationLock}) AS "isAcquired"`
  while (!(await client.query<{ isAcquired: boolean }>(statement)).rows[0]?.isAcquired) await sleep(retryMs)
}

/**
 * A process that is killed while its migration runs or waits for a lock leaves a record without an error. Its script was
 * rolled back, so it can be run again; the schema engine would refuse. Only the holder of the lock may decide this.
 */
async function forgetInterrupted(sessions: Pool): Promise<void> {
  const { rows } = await sessions.query<{ isKnown: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS "isKnown"`,
  )
  if (rows[0]?.isKnown !== true) return
  await sessions.query(
    `DELETE FROM _prisma_migrations
     WHERE finished_at IS NULL AND rolled_back_at IS NULL AND logs IS NULL AND applied_steps_count = 0`,
  )
}

async function migrateQueue(sessions: Pool): Promise<number> {
  const client = await sessions.connect()
  try {
    return await runMigrations(client)
  } finally {
    client.release()
  }
}

const ignore = (): void => {}
