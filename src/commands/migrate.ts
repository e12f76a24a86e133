import { ConfigError, readConfig } from '../config/config.ts'
import { logConsole } from '../infra/console-lines.ts'
import { makeLogger } from '../infra/logger.ts'
import { migrate } from '../infra/migrate.ts'
import { examine } from './database.ts'
import { migrationError } from './start-error.ts'

/**
 * Applies pending migrations, over `DATABASE_DIRECT_URL` if set. Safe in several processes concurrently: one migrates,
 * the others wait.
 */
export async function runMigrations(): Promise<void> {
  const config = readConfig()
  const logger = makeLogger({ level: config.LOG_LEVEL })
  logConsole(logger)
  if (config.DATABASE_URL === undefined)
    throw new ConfigError(['DATABASE_URL is not set. Set it to the database to migrate.'])
  const url = config.DATABASE_DIRECT_URL ?? config.DATABASE_URL
  const { pooling } = await examine({ url })
  const { applied } = await migrate({ url, pooling }).catch((error: unknown) => {
    throw migrationError(url, error)
  })
  logger.info({ applied }, applied.length === 0 ? 'database up to date' : 'database migrated')
}
