import { makeKeyFinder, makeKeyMaker } from '../container/container.ts'
import type { Database } from '../infra/database.ts'
import type { Logger } from '../infra/logger.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { LocalFiles } from './local-files.ts'

interface Sources {
  /** BOOTSTRAP_API_KEY, which a database that has a project already ignores. */
  given: string | undefined
  files: LocalFiles
  database: Database
  by: Actor
  logger: Logger
}

/** A key that the embedded service accepts, and the project that it opens. */
export interface OpeningKey {
  key: string
  projectId: string
}

/**
 * The key that was given, else the one that is kept; if the database knows neither (it was revoked, or the database was
 * made with another), a new one that is kept in its place. The database is asked itself: a request to the service may fail
 * for reasons that say nothing about the key.
 */
export async function openingKey({ given, files, database, by, logger }: Sources): Promise<OpeningKey> {
  const find = makeKeyFinder(database)
  const found = given === undefined ? null : await find(given)
  if (given !== undefined && found !== null) return { key: given, projectId: found.projectId }
  if (given !== undefined) logger.warn('BOOTSTRAP_API_KEY is ignored: it applies only to an empty database')
  const kept = await files.apiKey()
  const known = await find(kept)
  if (known !== null) return { key: kept, projectId: known.projectId }
  const wanted = { name: 'embedded', project: 'default', scopes: ['admin'], expiresAt: null } as const
  const { key, projectId } = await makeKeyMaker(database, by)(wanted)
  await files.replaceApiKey(key)
  return { key, projectId }
}
