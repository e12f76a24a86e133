import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { assertSchemaCompatibility, DEFAULT_SCHEMA, LATEST_SCHEMA_VERSION, SchemaMigrationRequiredError } from 'bullmq'
import type { Pool } from 'pg'

/** Where the migrations lie, seen from `src/` and from `dist/` alike. */
export const migrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))

/** The migrations of this version in the order of their names, which begin with a timestamp. */
export async function migrationNames(baseDir = migrationsDir): Promise<string[]> {
  const entries = await readdir(baseDir, { withFileTypes: true })
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
}

/**
 * The migrations of this version that a database has not, or not to their end; last, those of the queue's tables. Those
 * of a newer version do not count: it migrates while this one still runs.
 *
 * @throws what Postgres answers, also where nothing was ever migrated; and where only a newer BullMQ may use the queue
 */
export async function missingMigrations(pool: Pick<Pool, 'query'>): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  )
  const applied = new Set(rows.map(({ name }) => name))
  const missing = (await migrationNames()).filter((name) => !applied.has(name))
  return (await isQueueMigrated(pool)) ? missing : [...missing, `the queue's tables, version ${LATEST_SCHEMA_VERSION}`]
}

/** Also where the queue lives in Redis now: it can be left out at the next start. */
async function isQueueMigrated(pool: Pick<Pool, 'query'>): Promise<boolean> {
  try {
    return (await assertSchemaCompatibility(pool, DEFAULT_SCHEMA)) >= LATEST_SCHEMA_VERSION
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return false
    throw error
  }
}
