import { ConfigError, readConfig } from '../config/config.ts'
import { examineDatabase } from '../container/container.ts'
import { withDatabase } from './database.ts'
import { reportRedis } from './doctor-redis.ts'

/**
 * Checks the invariants of the configured database, and Redis if configured. Prints violations, and exits with code 1 if
 * there are any or Redis cannot be used.
 */
export async function runDoctor(): Promise<void> {
  const config = readConfig()
  const { DATABASE_URL: url } = config
  if (url === undefined) throw new ConfigError(['DATABASE_URL is not set. Set it to the database to check.'])
  await withDatabase({ url, poolSize: 1, applicationName: 'switchyard-doctor' }, async (database) => {
    const { checks, findings, lastRestore } = await examineDatabase(database)
    for (const check of checks) printCheck(check, findings)
    if (lastRestore !== null) process.stdout.write(restoreNote(lastRestore))
    const isRedisUsable = await reportRedis(config)
    process.exitCode = findings.length === 0 && isRedisUsable ? 0 : 1
  })
}

function printCheck(check: string, findings: Awaited<ReturnType<typeof examineDatabase>>['findings']): void {
  const found = findings.filter((finding) => finding.check === check)
  process.stdout.write(`${found.length === 0 ? 'ok ' : '✗  '} ${check}\n`)
  for (const { workloadId, detail } of found) process.stdout.write(`     ${workloadId}  ${detail}\n`)
}

/** What was accepted after the backup has no record; its objects at the providers have. */
function restoreNote({ at, unrecovered }: { at: Date; unrecovered: number }): string {
  return [
    `note the database was restored or failed over: noticed at ${at.toISOString()}`,
    `     ${unrecovered} jobs and environments are still searched for at their providers`,
    '     objects created in the lost interval without a record: GET /connections/{id}/orphans',
    '',
  ].join('\n')
}
