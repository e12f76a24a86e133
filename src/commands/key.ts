import { parseArgs } from 'node:util'
import { ConfigError, readConfig } from '../config/config.ts'
import { makeKeyMaker } from '../container/container.ts'
import { isScope, type Scope, scopes } from '../vocabulary/scopes.ts'
import { withDatabase } from './database.ts'
import { shellActor } from './shell-actor.ts'

const usage = `Usage: main.ts key create --name <name> [--project <name>] [--scopes <scope,scope>] [--days <number>]

  --name     name of the key
  --project  name of its project, created if it does not exist (default: default)
  --scopes   any of ${scopes.join(', ')} (default: admin)
  --days     validity in days (default: unlimited)
`

/** `key create`: creates an API key directly in the database and prints it, for example the first one. */
export async function runKey(args: readonly string[]): Promise<void> {
  const { action, ...request } = parse(args)
  if (action !== 'create') throw new ConfigError([usage])
  const { DATABASE_URL: databaseUrl } = readConfig()
  if (databaseUrl === undefined)
    throw new ConfigError(['DATABASE_URL is not set. Set it to the database of the installation.'])
  await withDatabase({ url: databaseUrl, poolSize: 1 }, async (database) => {
    const { id, key, projectId } = await makeKeyMaker(database, shellActor())(request)
    process.stderr.write(`Key ${id} of project ${projectId}. The key is shown only once:\n`)
    process.stdout.write(`${key}\n`)
  })
}

function parse(args: readonly string[]) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      name: { type: 'string' },
      project: { type: 'string', default: 'default' },
      scopes: { type: 'string', default: 'admin' },
      days: { type: 'string' },
    },
  })
  const { name, project, days } = values
  const named = values.scopes.split(',')
  const wrong = named.find((scope) => !isScope(scope))
  if (name === undefined) throw new ConfigError([`--name is missing.\n\n${usage}`])
  if (wrong !== undefined) throw new ConfigError([`Unknown scope: ${wrong}.\n\n${usage}`])
  if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days))
    throw new ConfigError(['--days must be a whole number from 1 to 99999.'])
  const expiresAt = days === undefined ? null : new Date(Date.now() + Number(days) * 86_400_000)
  return { action: positionals[0], name, project, scopes: named as Scope[], expiresAt }
}
