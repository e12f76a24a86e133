import { ConfigError, readConfig } from '../config.ts'
import { makeLogger } from '../infra/logger.ts'
import { migrate } from '../infra/migrate.ts'

/** Brings the configured database to this version. Safe in several processes at once: one does it, the others wait. */
export async function runMigrations(): Promise<void> {
  const config = readConfig()
  const logger = makeLogger({ level: config.LOG_LEVEL })
  if (config.DATABASE_URL === undefined)
    throw new ConfigError(['DATABASE_URL is not set: say which database to migrate.'])
  const { applied } = await migrate({ url: config.DATABASE_URL })
  logger.info({ applied }, applied.length === 0 ? 'the database is up to date' : 'the database is migrated')
}
