import { makeKeyFinder, makeKeyMaker } from '../container/container.ts'
import type { Database } from '../infra/database.ts'
import type { Logger } from '../infra/logger.ts'
import type { Actor } from '../vocabulary/actor.ts'
import type { LocalFiles } from './local-files.ts'

interface Sources {
  /** BOOTSTRAP_API_KEY, which is ignored if the database already has a project. */
  given: string | undefined
  files: LocalFiles
  database: Database
  by: Actor
  logger: Logger
}

/** A key that the embedded service accepts, and its project. */
export interface LocalKey {
  key: string
  projectId: string
}

/**
 * The given key, else the stored one; if the database knows neither (revoked, or created with another one), a new key
 * that replaces the stored one. The database is queried directly, because a request to the service may fail for
 * unrelated reasons.
 */
export async function findOrCreateKey({ given, files, database, by, logger }: Sources): Promise<LocalKey> {
  const find = makeKeyFinder(database)
  const found = given === undefined ? null : await find(given)
  if (given !== undefined && found !== null) return { key: given, projectId: found.projectId }
  if (given !== undefined) logger.warn('BOOTSTRAP_API_KEY is ignored: it applies only to an empty database')
  const kept = await files.apiKey()
  const known = await find(kept)
  if (known !== null) return { key: kept, projectId: known.projectId }
  const localKey = { name: 'embedded', project: 'default', scopes: ['admin'], expiresAt: null } as const
  const { key, projectId } = await makeKeyMaker(database, by)(localKey)
  await files.replaceApiKey(key)
  return { key, projectId }
}
