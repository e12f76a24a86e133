import { ConfigError, readConfig } from '../config.ts'
import { sealAnew } from '../container.ts'
import { withDatabase } from './database.ts'
import { shellActor } from './shell-actor.ts'

const usage = 'Usage: main.ts secrets rotate   seals everything anew with the first key of SECRETS_KEY'

/**
 * `secrets rotate`: while everything runs, and as often as one likes. Exits 0 only when nothing is left that another key
 * than the first has sealed.
 */
export async function runSecrets([action, ...more]: readonly string[]): Promise<void> {
  if (action !== 'rotate' || more.length > 0) throw new ConfigError([usage])
  const { DATABASE_URL: url, SECRETS_KEY: secretsKey } = readConfig()
  if (url === undefined) throw new ConfigError(['DATABASE_URL is not set: say which database holds the secrets.'])
  if (secretsKey === undefined) throw new ConfigError(['SECRETS_KEY is not set: the new key, a comma, the old one.'])
  const onProgress = ({ table, count }: Pick<Result, 'table' | 'count'>) => say(`    ${table}: ${count} …`)
  await withDatabase({ url, poolSize: 1, applicationName: 'switchyard-secrets' }, async (database) => {
    const results = await sealAnew(database, { secretsKeys: secretsKey, by: shellActor() }, onProgress)
    for (const result of results) report(result)
    process.exitCode = results.every(isClean) ? 0 : 1
  })
}

type Result = Awaited<ReturnType<typeof sealAnew>>[number]

function isClean({ unopenable, isComplete }: Result): boolean {
  return unopenable.length === 0 && isComplete
}

function report(result: Result): void {
  const { table, count, unopenable, isComplete } = result
  say(`${isClean(result) ? 'ok ' : '✗  '} ${table}: ${count} sealed anew`)
  for (const id of unopenable) say(`      ${id}  no key of SECRETS_KEY opens it; it is as it was`)
  if (!isComplete) say('      others go on sealing with another key: give every process this SECRETS_KEY first')
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
