import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { migrate } from '../../../src/infra/migrate.ts'
import { migrationNames, migrationsDir as ownMigrationsDir } from '../../../src/infra/migrations.ts'
import { startSwitchyard } from '../../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts'
import { type TestRedis, testRedis } from '../../support/test-redis.ts'

describe('migrate', () => {
  let database: TestDatabase
  let client: Client
  let migrationsDir: string

  beforeEach(async () => {
    database = await createTestDatabase()
    client = new Client({ connectionString: database.url })
    await client.connect()
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA bullmq CASCADE')
    migrationsDir = await mkdtemp(join(tmpdir(), 'switchyard-migrations-'))
    await writeFile(join(migrationsDir, 'migration_lock.toml'), 'provider = "postgresql"\n')
  })

  afterEach(async () => {
    await client.end()
    await database.drop()
    await rm(migrationsDir, { recursive: true, force: true })
  })

  async function addMigration(name: string, sql: string): Promise<void> {
    await mkdir(join(migrationsDir, name))
    await writeFile(join(migrationsDir, name, 'migration.sql'), sql)
  }

  it('applies each migration once, whoever of many starts first', async () => {
    await addMigration('20260101000000_first', 'CREATE TABLE first (id int);')
    const runs = await Promise.all([1, 2, 3, 4].map(() => migrate({ url: database.url, migrationsDir })))
    expect(runs.flatMap(({ applied }) => applied)).toEqual(['20260101000000_first'])
    const recorded = await client.query('SELECT migration_name, finished_at FROM _prisma_migrations')
    expect(recorded.rows).toEqual([{ migration_name: '20260101000000_first', finished_at: expect.any(Date) }])
  })

  it('leaves semicolons inside function bodies, strings and comments alone', async () => {
    await addMigration(
      '20260101000000_function',
      `CREATE TABLE noted (word text CHECK (word <> 'a;b')); -- one; two
       CREATE FUNCTION shout(word text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN word := upper(word); RETURN word; END $$;`,
    )
    await migrate({ url: database.url, migrationsDir })
    expect((await client.query("SELECT shout('aye') AS word")).rows).toEqual([{ word: 'AYE' }])
  })

  it('builds an index while rows are written, if that is all that a migration does', async () => {
    await addMigration('20260101000000_table', 'CREATE TABLE large (id int);')
    await addMigration('20260102000000_index', 'CREATE INDEX CONCURRENTLY "large_id" ON "large" ("id");\n')
    // Those that wait for their turn must not be waited for.
    await Promise.all([1, 2, 3].map(() => migrate({ url: database.url, migrationsDir })))
    const { rows } = await client.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'large_id'::regclass")
    expect(rows).toEqual([{ indisvalid: true }])
  })

  it('undoes the whole of a migration that fails, says which, and does not go on', async () => {
    await addMigration('20260101000000_broken', 'CREATE TABLE half (id int); CREATE TABLE bad (id no_such_type);')
    await addMigration('20260102000000_later', 'CREATE TABLE later (id int);')
    await expect(migrate({ url: database.url, migrationsDir })).rejects.toThrow('no_such_type')
    const found = await client.query("SELECT to_regclass('half') AS half, to_regclass('later') AS later")
    expect(found.rows).toEqual([{ half: null, later: null }])
    await expect(migrate({ url: database.url, migrationsDir })).rejects.toThrow('20260101000000_broken')

    // What docs/deployment.md says to do once the cause is removed.
    await writeFile(join(migrationsDir, '20260101000000_broken', 'migration.sql'), 'CREATE TABLE half (id int);')
    await client.query('DELETE FROM _prisma_migrations WHERE finished_at IS NULL')
    const { applied } = await migrate({ url: database.url, migrationsDir })
    expect(applied).toEqual(['20260101000000_broken', '20260102000000_later'])
  })

  it('runs a migration again whose process was killed', async () => {
    await addMigration('20260101000000_table', 'CREATE TABLE busy (id int);')
    await migrate({ url: database.url, migrationsDir })
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('killed', '', '20260102000000_column')`,
    )
    await addMigration('20260102000000_column', 'ALTER TABLE busy ADD COLUMN name text;')
    const { applied } = await migrate({ url: database.url, migrationsDir })
    expect(applied).toEqual(['20260102000000_column'])
  })

  it('lets statements pass that wait behind a migration which cannot lock its table', async () => {
    await addMigration('20260101000000_table', 'CREATE TABLE busy (id int);')
    await migrate({ url: database.url, migrationsDir })
    await addMigration('20260102000000_column', 'CREATE TABLE half (id int); ALTER TABLE busy ADD COLUMN name text;')
    const holder = new Client({ connectionString: database.url })
    await holder.connect()
    await holder.query('BEGIN; LOCK TABLE busy IN ROW EXCLUSIVE MODE')
    const lines: string[] = []
    const waiting = Promise.withResolvers<void>()
    const log = (line: string) => {
      lines.push(line)
      if (lines.length === 2) waiting.resolve()
    }
    const migrated = migrate({ url: database.url, migrationsDir, log, lockTimeoutMs: 100 })
    await waiting.promise
    await client.query('INSERT INTO busy VALUES (1)')
    expect((await client.query("SELECT to_regclass('half') AS half")).rows).toEqual([{ half: null }])
    await holder.query('COMMIT')
    await holder.end()
    expect((await migrated).applied).toEqual(['20260102000000_column'])
    expect(lines[0]).toContain('waits for a lock')
    expect((await client.query('SELECT id, name FROM busy')).rows).toEqual([{ id: 1, name: null }])
  })

  it('is asked for by a service that finds only the migrations of an older version', async () => {
    const [first = '', ...later] = await migrationNames()
    expect(later).not.toEqual([])
    await cp(join(ownMigrationsDir, first), join(migrationsDir, first), { recursive: true })
    await migrate({ url: database.url, migrationsDir })
    const starting = () => startSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' })
    await expect(starting()).rejects.toThrow(`lacks migrations of this version (${later.join(', ')}). Run \`migrate\``)
    expect((await migrate({ url: database.url })).applied).toEqual(later)
    await (await starting()).stop()
  })

  it('makes the tables of the Postgres queue, whatever queue is in use now', async () => {
    await addMigration('20260101000000_first', 'CREATE TABLE first (id int);')
    await migrate({ url: database.url, migrationsDir })
    expect((await client.query("SELECT to_regclass('bullmq.job') AS job")).rows).toEqual([{ job: 'bullmq.job' }])
  })

  it.each([
    ['missing', 'DROP SCHEMA bullmq CASCADE'],
    ['of an older version', 'DELETE FROM bullmq.migration WHERE version > 8'],
  ])('is asked for by a start where the tables of the Postgres queue are %s, on Redis too', async (_how, damage) => {
    await migrate({ url: database.url })
    await client.query(damage)
    const start = (redis: TestRedis | null) => startSwitchyard({ databaseUrl: database.url, redis })
    for (const redis of [null, testRedis()])
      await expect(start(redis)).rejects.toThrow(/lacks migrations of this version \(the queue's tables, version \d+\)/)
  })

  it('is asked for by a running service as well, once its queue has no tables', async () => {
    await migrate({ url: database.url })
    const { api, stop } = await startSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' })
    expect((await api.call('GET', '/readyz')).status).toBe(200)
    await client.query('DROP SCHEMA bullmq CASCADE')
    expect(await api.call('GET', '/readyz')).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('migrate') },
    })
    await stop()
  })
})
