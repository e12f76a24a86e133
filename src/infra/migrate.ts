import { setTimeout as sleep } from 'node:timers/promises'
import { runMigrations } from 'bullmq'
import type { Pool, PoolClient } from 'pg'
import { noFilters, readMigrations, withSchemaEngine } from './schema-engine.ts'
import { unlimited } from './schema-engine-adapter.ts'
import { makeSessions, type Pooling, transactionSettings } from './sessions.ts'

export interface MigrateOptions {
  url: string
  /** What stands between, as `examineDatabaseAt` found it; nothing when absent. */
  pooling?: Pooling
  /** Receives one line per step. */
  log?: (line: string) => void
  /** Where the migrations lie; those of this version by default. */
  migrationsDir?: string
}

/** Spells `SWYD`. Any number serves, as long as every version of Switchyard takes the same. */
const migrationLock = 0x53575944

const retryMs = 200

/**
 * Brings the database to this version's schema, with the tables of BullMQ's Postgres backend (schema `bullmq`), which a
 * later start without Redis needs, and returns the migrations that were applied now. May be called by
 * any number of processes at once: one works, the others wait for it. Fills `_prisma_migrations` exactly as
 * `prisma migrate deploy` would, so that either can be used.
 *
 * @throws when a migration fails; Postgres has then rolled back that migration's whole script
 */
export async function migrate({ url, pooling = 'none', ...options }: MigrateOptions): Promise<{ applied: string[] }> {
  const log = options.log ?? (() => {})
  const database = { url, pooling }
  const sessions = makeSessions({ ...database, max: 2, applicationName: 'switchyard-migrate', settings: unlimited })
  sessions.on('error', ignore)
  try {
    return await inTurn(sessions, async () => {
      const migrationsList = await readMigrations(options.migrationsDir)
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

/** Held by a transaction, which no pooler cuts in two, and which ends with its connection, however that ends. */
async function inTurn<T>(sessions: Pool, work: () => Promise<T>): Promise<T> {
  const client = await sessions.connect()
  client.on('error', ignore)
  try {
    await client.query('BEGIN')
    await client.query(transactionSettings(unlimited))
    await lock(client)
    return await work()
  } finally {
    // Nothing was written here. Closed with its transaction open, so that this cannot fail.
    client.release(true)
  }
}

/**
 * Tries until it has the lock. CREATE INDEX CONCURRENTLY waits for every older snapshot: who waited inside a statement would have
 * one, and so would an open transaction whose last statement had parameters.
 */
async function lock(client: PoolClient): Promise<void> {
  const statement = `SELECT pg_try_advisory_xact_lock(${migrationLock}) AS "isOurs"`
  while (!(await client.query<{ isOurs: boolean }>(statement)).rows[0]?.isOurs) await sleep(retryMs)
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
