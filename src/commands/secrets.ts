import { ConfigError, readConfig } from '../config/config.ts'
import { reseal } from '../container/container.ts'
import { withDatabase } from './database.ts'
import { shellActor } from './shell-actor.ts'

const usage = 'Usage: main.ts secrets rotate   re-encrypts all secrets with the first key of SECRETS_KEY'

/**
 * `secrets rotate`: safe while the service runs, and repeatable. Exits with code 0 only if every secret is encrypted with
 * the first key.
 */
export async function runSecrets([action, ...more]: readonly string[]): Promise<void> {
  if (action !== 'rotate' || more.length > 0) throw new ConfigError([usage])
  const { DATABASE_URL: url, SECRETS_KEY: secretsKey } = readConfig()
  if (url === undefined)
    throw new ConfigError(['DATABASE_URL is not set. Set it to the database that holds the secrets.'])
  if (secretsKey === undefined)
    throw new ConfigError(['SECRETS_KEY is not set. Set it to the new key, a comma and the old key.'])
  const onProgress = ({ table, count }: Pick<Result, 'table' | 'count'>) => print(`    ${table}: ${count} …`)
  await withDatabase({ url, poolSize: 1, applicationName: 'switchyard-secrets' }, async (database) => {
    const results = await reseal(database, { secretsKeys: secretsKey, by: shellActor() }, onProgress)
    for (const result of results) report(result)
    process.exitCode = results.every(isClean) ? 0 : 1
  })
}

type Result = Awaited<ReturnType<typeof reseal>>[number]

function isClean({ unopenable, isComplete }: Result): boolean {
  return unopenable.length === 0 && isComplete
}

function report(result: Result): void {
  const { table, count, unopenable, isComplete } = result
  print(`${isClean(result) ? 'ok ' : '✗  '} ${table}: ${count} re-encrypted`)
  for (const id of unopenable) print(`      ${id}  not decryptable with any key of SECRETS_KEY; unchanged`)
  if (!isComplete)
    print('      other processes still encrypt with another key: set this SECRETS_KEY for every process first')
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
