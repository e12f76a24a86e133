import { readConnectionUrl } from '../infra/connection-url.ts'
import { type Database, type DatabaseOptions, makeDatabase } from '../infra/database.ts'
import { checkFacts, type DatabaseFacts, type DatabaseUrls, examineDatabaseAt } from '../infra/database-facts.ts'
import { missingMigrations } from '../infra/migrations.ts'
import { makeSessions } from '../infra/sessions.ts'
import { clientOf } from '../infra/url-client.ts'
import { databaseError, migrationsError, StartError } from './start-error.ts'

/**
 * Determines the properties of the database, so that problems are reported before connections are opened.
 *
 * @throws StartError
 */
export async function examine(urls: DatabaseUrls): Promise<DatabaseFacts> {
  return onDatabase(urls.url, async () => {
    const facts = await examineDatabaseAt(urls)
    checkFacts(facts)
    return facts
  })
}

/** @throws StartError if it is not migrated or cannot be queried */
export async function checkMigrations(url: string, { pool }: Pick<Database, 'pool'>): Promise<void> {
  const missing = await onDatabase(url, () => missingMigrations(pool))
  if (missing.length > 0) throw migrationsError(url, missing)
}

/**
 * Opens the database for a one-off command and closes it after `use`.
 *
 * @throws StartError if it cannot be used or is not migrated
 */
export async function withDatabase<T>(
  options: Omit<DatabaseOptions, 'pooling'>,
  use: (database: Database) => Promise<T>,
): Promise<T> {
  const { pooling } = await examine(options)
  const database = makeDatabase({ ...options, pooling })
  try {
    await checkMigrations(options.url, database)
    return await use(database)
  } finally {
    await database.close()
  }
}

/** Maximum connections of the queue, if it is in the database. */
const queueConnections = 6

/** Uses that require a dedicated session, if one is available. */
export function ownSessions({ url, directUrl }: DatabaseUrls, { pooling, listen }: DatabaseFacts) {
  const way = directUrl === undefined ? { url, pooling } : { url: directUrl, pooling: 'session' as const }
  const canListen = listen !== 'none: polling'
  const connectListener = () =>
    new (clientOf(way.url))({
      connectionString: readConnectionUrl(way.url).url,
      application_name: 'switchyard-listen',
      // The connection is idle for long periods, and its loss must be detected.
      keepAlive: true,
    })
  return {
    connectListener: canListen ? connectListener : null,
    forQueue: () => ({
      pool: makeSessions({
        ...{ ...way, max: queueConnections, applicationName: 'switchyard-queue' },
        settings: { search_path: 'bullmq' },
      }),
      canListen,
    }),
  }
}

/** Converts errors of the database or the connection to it into a StartError. */
async function onDatabase<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof StartError ? error : databaseError(url, error)
  }
}
