import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigError, readConfig } from '../config/config.ts'
import { logConsole } from '../infra/console-lines.ts'
import { type LogLevel, makeLogger } from '../infra/logger.ts'
import { migrate } from '../infra/migrate.ts'
import { migrationStatus, migrationsDir } from '../infra/migrations.ts'
import { makeSessions, type Pooling } from '../infra/sessions.ts'
import { examine } from './database.ts'
import { migrationError } from './start-error.ts'

interface MigratedAt {
  url: string
  pooling: Pooling
}

/**
 * `migrate`: applies pending migrations, over `DATABASE_DIRECT_URL` if set. Safe in several processes concurrently: one
 * migrates, the others wait. `--status` and `--dry-run` change nothing.
 */
export async function runMigrations(args: readonly string[]): Promise<void> {
  const { status, 'dry-run': dryRun } = parseArgs({
    args: [...args],
    options: { status: { type: 'boolean', default: false }, 'dry-run': { type: 'boolean', default: false } },
  }).values
  const config = readConfig()
  if (config.DATABASE_URL === undefined)
    throw new ConfigError(['DATABASE_URL is not set. Set it to the database to migrate.'])
  const url = config.DATABASE_DIRECT_URL ?? config.DATABASE_URL
  const database = { url, pooling: (await examine({ url })).pooling }
  if (status) await printStatus(database)
  else if (dryRun) await printPending(database)
  else await apply(database, config.LOG_LEVEL)
}

async function apply(database: MigratedAt, level: LogLevel): Promise<void> {
  const logger = makeLogger({ level })
  logConsole(logger)
  const log = (line: string): void => logger.info(line)
  const { applied } = await migrate({ ...database, log }).catch((error: unknown) => {
    throw migrationError(database.url, error)
  })
  logger.info({ applied }, applied.length === 0 ? 'database up to date' : 'database migrated')
}

/** A line per migration. The exit code is 1 unless all are applied, so that a deployment can test for it. */
async function printStatus(database: MigratedAt): Promise<void> {
  const { started, pending, isQueueMigrated } = await readStatus(database)
  for (const { name, startedAt, finishedAt } of started)
    print(finishedAt === null ? 'unfinished' : 'applied', name, (finishedAt ?? startedAt).toISOString())
  for (const name of pending) print('pending', name)
  print(isQueueMigrated ? 'applied' : 'pending', 'tables of the queue')
  const isComplete = pending.length === 0 && isQueueMigrated && started.every(({ finishedAt }) => finishedAt !== null)
  if (!isComplete) process.exitCode = 1
}

function print(state: string, name: string, at = ''): void {
  process.stdout.write(`${`${state.padEnd(10)}  ${name.padEnd(45)}  ${at}`.trimEnd()}\n`)
}

/** The SQL that `migrate` would run, which a database administrator can review. */
async function printPending(database: MigratedAt): Promise<void> {
  const { pending, isQueueMigrated } = await readStatus(database)
  for (const name of pending) {
    const script = await readFile(join(migrationsDir, name, 'migration.sql'), 'utf8')
    process.stdout.write(`-- migration ${name}\n${script.trimEnd()}\n\n`)
  }
  if (!isQueueMigrated) process.stdout.write('-- BullMQ then creates or updates its tables in the schema bullmq\n')
  if (pending.length === 0 && isQueueMigrated) process.stdout.write('-- nothing to do: all migrations are applied\n')
}

async function readStatus(database: MigratedAt) {
  const sessions = makeSessions({ ...database, max: 1, applicationName: 'switchyard-migrate' })
  try {
    return await migrationStatus(sessions)
  } finally {
    await sessions.end()
  }
}
