import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { migrationNames, migrationsDir } from '../../src/infra/migrations.ts'
import { runCommand } from '../support/process.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

async function onDatabase<T>({ url }: TestDatabase, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return use(client).finally(() => client.end())
}

describe('migrate', () => {
  it.concurrent('succeeds in four concurrent processes and applies each migration once', async () => {
    const database = await createTestDatabase()
    await onDatabase(database, (client) =>
      client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA bullmq CASCADE'),
    )
    const env = { DATABASE_URL: database.url }
    const exits = await Promise.all([1, 2, 3, 4].map(() => runCommand(['migrate'], env).exited))
    expect(exits.map(({ code, stderr }) => ({ code, stderr }))).toEqual(exits.map(() => ({ code: 0, stderr: '' })))
    expect(exits.filter(({ stdout }) => stdout.includes('database migrated'))).toHaveLength(1)
    const { rows } = await onDatabase(database, (client) =>
      client.query<{ times: number }>('SELECT count(*)::int AS times FROM _prisma_migrations GROUP BY migration_name'),
    )
    expect(new Set(rows.map(({ times }) => times))).toEqual(new Set([1]))
    await database.drop()
  })

  it.concurrent('lists pending migrations with --status and --dry-run without applying them', async () => {
    const database = await createTestDatabase()
    const [last = ''] = (await migrationNames()).slice(-1)
    await onDatabase(database, (client) =>
      client.query(`DELETE FROM _prisma_migrations WHERE migration_name = '${last}'; DROP SCHEMA bullmq CASCADE`),
    )
    const run = (option: string) => runCommand(['migrate', option], { DATABASE_URL: database.url }).exited
    for (let time = 0; time < 2; time += 1) {
      const status = await run('--status')
      expect(status).toMatchObject({ code: 1, stderr: '' })
      expect(status.stdout).toMatch(/^applied +20261120190000_init +2\d{3}-.+Z$/m)
      expect(status.stdout).toMatch(new RegExp(`^pending +${last}$`, 'm'))
      expect(status.stdout).toMatch(/^pending +tables of the queue$/m)
      const { code, stdout } = await run('--dry-run')
      expect([code, stdout.split('\n')[0]]).toEqual([0, `-- migration ${last}`])
      expect(stdout).toContain(await readFile(join(migrationsDir, last, 'migration.sql'), 'utf8'))
    }
    await database.drop()
  })
})
