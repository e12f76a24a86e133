import { readConnectionUrl } from '../infra/connection-url.ts'
import { type Database, type DatabaseOptions, makeDatabase } from '../infra/database.ts'
import { checkFacts, type DatabaseFacts, type DatabaseUrls, examineDatabaseAt } from '../infra/database-facts.ts'
import { missingMigrations } from '../infra/migrations.ts'
import { makeSessions } from '../infra/sessions.ts'
import { clientOf } from '../infra/url-client.ts'
import { databaseError, migrationsError, StartError } from './start-error.ts'

/**
 * Asks the database what it is like, so that what is wrong with it is reported before anything is opened on it.
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

/** @throws StartError where it is not migrated, or does not let itself be asked */
export async function checkMigrations(url: string, { pool }: Pick<Database, 'pool'>): Promise<void> {
  const missing = await onDatabase(url, () => missingMigrations(pool))
  if (missing.length > 0) throw migrationsError(url, missing)
}

/**
 * The database of a command that runs once, for as long as `use` takes.
 *
 * @throws StartError where it cannot be used, or is not migrated
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

/** How many connections the queue may have, where it lives in the database. */
const queueConnections = 6

/** What needs a session of its own, where one is to be had. */
export function ownSessions({ url, directUrl }: DatabaseUrls, { pooling, listen }: DatabaseFacts) {
  const way = directUrl === undefined ? { url, pooling } : { url: directUrl, pooling: 'session' as const }
  const canListen = listen !== 'none: polling'
  const connectListener = () =>
    new (clientOf(way.url))({
      connectionString: readConnectionUrl(way.url).url,
      application_name: 'switchyard-listen',
      // It is silent for long, and a connection that is lost on the way must be noticed.
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

/** Puts whatever the database or the way to it says into a sentence. */
async function onDatabase<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof StartError ? error : databaseError(url, error)
  }
}
