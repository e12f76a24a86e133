import { runMigrations } from 'bullmq'
import { Client } from 'pg'
import { noFilters, readMigrations, withSchemaEngine } from './schema-engine.ts'

export interface MigrateOptions {
  url: string
  /** Receives one line per step. */
  log?: (line: string) => void
  /** Where the migrations lie; those of this version by default. */
  migrationsDir?: string
}

/** Spells `SWYD`. Any number serves, as long as every version of Switchyard takes the same. */
const migrationLock = 0x53575944

/**
 * Brings the database to this version's schema, with the tables of BullMQ's Postgres backend (schema `bullmq`), which a
 * later start without Redis needs, and returns the migrations that were applied now. May be called by
 * any number of processes at once: one works, the others wait for it. Fills `_prisma_migrations` exactly as
 * `prisma migrate deploy` would, so that either can be used.
 *
 * @throws when a migration fails; Postgres has then rolled back that migration's whole script
 */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  const log = options.log ?? (() => {})
  const session = new Client({ connectionString: options.url, application_name: 'switchyard-migrate' })
  await session.connect()
  try {
    // Held by the session, not by a transaction: it ends with the connection, however that ends.
    await session.query('SELECT pg_advisory_lock($1)', [migrationLock])
    const migrationsList = await readMigrations(options.migrationsDir)
    const { appliedMigrationNames } = await withSchemaEngine(options.url, (engine) =>
      engine.applyMigrations({ migrationsList, filters: noFilters }),
    )
    for (const name of appliedMigrationNames) log(`applied migration ${name}`)
    log(`queue schema is at version ${await runMigrations(session)}`)
    return { applied: appliedMigrationNames }
  } finally {
    await session.end()
  }
}
