import { parseArgs } from 'node:util'
import { ConfigError, readConfig } from '../config/config.ts'
import { examineDatabase, fixDatabase } from '../container/container.ts'
import type { Database } from '../infra/database.ts'
import { withDatabase } from './database.ts'
import { reportRedis } from './doctor-redis.ts'
import { shellActor } from './shell-actor.ts'

const usage = `Usage: main.ts doctor [--fix [--dry-run]]

  --fix      repairs what needs no decision, then checks
  --dry-run  with --fix: lists what would be repaired and changes nothing
`

/**
 * Checks the invariants of the configured database, and Redis if configured. Prints violations, and exits with code 1 if
 * there are any or Redis cannot be used.
 */
export async function runDoctor(args: readonly string[]): Promise<void> {
  const { fix, isDryRun } = parse(args)
  const config = readConfig()
  const { DATABASE_URL: url } = config
  if (url === undefined) throw new ConfigError(['DATABASE_URL is not set. Set it to the database to check.'])
  await withDatabase({ url, poolSize: 1, applicationName: 'switchyard-doctor' }, async (database) => {
    if (fix) await repair(database, isDryRun)
    if (isDryRun) return
    const isClean = await check(database)
    const isRedisUsable = await reportRedis(config)
    process.exitCode = isClean && isRedisUsable ? 0 : 1
  })
}

function parse(args: readonly string[]): { fix: boolean; isDryRun: boolean } {
  try {
    const options = {
      fix: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
    } as const
    const { values } = parseArgs({ args: [...args], options })
    if (!values['dry-run'] || values.fix) return { fix: values.fix, isDryRun: values['dry-run'] }
  } catch {
    // The usage lists the options.
  }
  throw new ConfigError([`doctor does not accept ${args.join(' ')}.\n\n${usage}`])
}

/** Each repair is named with its state before and after. The exit code of a dry run is 0. */
async function repair(database: Database, isDryRun: boolean): Promise<void> {
  const fixes = await fixDatabase(database, { by: shellActor(), isDryRun })
  const verb = isDryRun ? 'would fix' : 'fixed'
  for (const { check: name, workloadId, before, after } of fixes)
    print(`${verb}  ${name}\n     ${workloadId}  ${before} → ${after}`)
  if (fixes.length === 0) print('nothing can be fixed without a decision')
}

async function check(database: Database): Promise<boolean> {
  const { checks, findings, lastRestore, fixable, holds } = await examineDatabase(database)
  for (const name of checks) {
    const found = findings.filter((finding) => finding.check === name)
    print(`${found.length === 0 ? 'ok ' : '✗  '} ${name}`)
    for (const { workloadId, detail } of found) print(`     ${workloadId}  ${detail}`)
    if (found.length > 0 && fixable.has(name)) print('     doctor --fix --dry-run lists what can be repaired')
  }
  for (const { id, provider, connectionId, projectId } of holds)
    print(
      `note ${id} holds new creates of ${[provider, connectionId, projectId].filter((part) => part !== null).join(', ')}`,
    )
  if (lastRestore !== null) process.stdout.write(restoreNote(lastRestore))
  return findings.length === 0
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
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
