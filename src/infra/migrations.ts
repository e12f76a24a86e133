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
  const started = await startedMigrations(pool)
  const applied = new Set(started.flatMap(({ name, finishedAt }) => (finishedAt === null ? [] : [name])))
  const missing = (await migrationNames()).filter((name) => !applied.has(name))
  return (await isQueueMigrated(pool)) ? missing : [...missing, queueTables]
}

const queueTables = `the queue's tables, version ${LATEST_SCHEMA_VERSION}`

export interface StartedMigration {
  name: string
  startedAt: Date
  /** Null if it failed, or has not finished yet. */
  finishedAt: Date | null
}

/** The migrations that a database has applied or failed to apply, in name order. */
function startedMigrations(pool: Pick<Pool, 'query'>): Promise<StartedMigration[]> {
  const statement = `SELECT migration_name AS name, started_at AS "startedAt", finished_at AS "finishedAt"
    FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY migration_name`
  return pool.query<StartedMigration>(statement).then(({ rows }) => rows)
}

/** The state of a database that may lack every migration. */
export async function migrationStatus(
  pool: Pick<Pool, 'query'>,
): Promise<{ started: StartedMigration[]; pending: string[]; isQueueMigrated: boolean }> {
  const { rows } = await pool.query<{ isKnown: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS "isKnown"`,
  )
  const started = rows[0]?.isKnown ? await startedMigrations(pool) : []
  const names = new Set(started.map(({ name }) => name))
  const pending = (await migrationNames()).filter((name) => !names.has(name))
  return { started, pending, isQueueMigrated: await isQueueMigrated(pool) }
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
