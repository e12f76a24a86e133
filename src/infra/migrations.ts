import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { assertSchemaCompatibility, DEFAULT_SCHEMA, LATEST_SCHEMA_VERSION, SchemaMigrationRequiredError } from 'bullmq'
import type { Pool } from 'pg'

/** Directory of the migrations, valid from `src/` and `dist/`. */
export const migrationsDir = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))

/** The migrations of this version in name order; names start with a timestamp. */
export async function migrationNames(baseDir = migrationsDir): Promise<string[]> {
  const entries = await readdir(baseDir, { withFileTypes: true })
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort()
}

/**
 * Migrations of this version that the database lacks or has not completed, followed by those of the queue tables.
 * Migrations of newer versions are ignored, because a newer version may migrate while this one runs.
 *
 * @throws the Postgres error, also if the database was never migrated; or if the queue schema requires a newer BullMQ
 */
export async function missingMigrations(pool: Pick<Pool, 'query'>): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  )
  const applied = new Set(rows.map(({ name }) => name))
  const missing = (await migrationNames()).filter((name) => !applied.has(name))
  return (await isQueueMigrated(pool)) ? missing : [...missing, `the queue's tables, version ${LATEST_SCHEMA_VERSION}`]
}

/** Checked even if the queue is in Redis: Redis may be removed at the next start. */
async function isQueueMigrated(pool: Pick<Pool, 'query'>): Promise<boolean> {
  try {
    return (await assertSchemaCompatibility(pool, DEFAULT_SCHEMA)) >= LATEST_SCHEMA_VERSION
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return false
    throw error
  }
}
