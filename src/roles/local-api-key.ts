import { makeKeyMaker } from '../container.ts'
import { makeDatabase } from '../infra/database.ts'
import type { Logger } from '../infra/logger.ts'
import type { LocalFiles } from './local-files.ts'
import { shellActor } from './shell-actor.ts'

interface Sources {
  /** BOOTSTRAP_API_KEY, which a database that has a project already ignores. */
  given: string | undefined
  files: LocalFiles
  databaseUrl: string
  logger: Logger
}

/**
 * A key that opens the embedded service: the one that was given, else the one that is kept; where neither does (it was
 * revoked, or the database was made with another), a new one that is kept in its place.
 */
export async function openingKey(url: string, { given, files, databaseUrl, logger }: Sources): Promise<string> {
  if (given !== undefined && (await opens(url, given))) return given
  if (given !== undefined)
    logger.warn('BOOTSTRAP_API_KEY opens nothing here: it is taken where the database is empty, and this one is not')
  const kept = await files.apiKey()
  if (await opens(url, kept)) return kept
  const database = makeDatabase({ url: databaseUrl, poolSize: 1 })
  try {
    const wanted = { name: 'embedded', project: 'default', scopes: ['admin'], expiresAt: null } as const
    const { key } = await makeKeyMaker(database, shellActor())(wanted)
    await files.replaceApiKey(key)
    return key
  } finally {
    await database.close()
  }
}

async function opens(url: string, apiKey: string): Promise<boolean> {
  const response = await fetch(`${url}/connections?limit=1`, { headers: { authorization: `Bearer ${apiKey}` } })
  await response.body?.cancel()
  return response.ok
}
