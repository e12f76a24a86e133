import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { migrate } from '../../../src/infra/migrate.ts'
import { describeWithPgbouncer, type Pgbouncer, startPgbouncer } from '../../support/pgbouncer.ts'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts'

const migrations = {
  '20260101000000_table': 'CREATE TABLE "large" (id int);\n',
  '20260102000000_index': 'CREATE INDEX CONCURRENTLY "large_id" ON "large" ("id");\n',
}

describeWithPgbouncer('behind PgBouncer in transaction mode, migrate', () => {
  let pgbouncer: Pgbouncer
  let database: TestDatabase
  let migrationsDir: string

  beforeAll(async () => {
    migrationsDir = await mkdtemp(join(tmpdir(), 'switchyard-migrations-'))
    await writeFile(join(migrationsDir, 'migration_lock.toml'), 'provider = "postgresql"\n')
    for (const [name, sql] of Object.entries(migrations)) {
      await mkdir(join(migrationsDir, name))
      await writeFile(join(migrationsDir, name, 'migration.sql'), sql)
    }
    ;[pgbouncer, database] = await Promise.all([startPgbouncer('transaction'), createTestDatabase()])
    const schema = 'CREATE SCHEMA app; DROP SCHEMA bullmq CASCADE'
    await onDatabase(database.url, (client) => client.query(schema))
    const url = `${pgbouncer.through(database.url)}?schema=app&statement_timeout=7000&options=-c%20work_mem%3D8MB`
    await migrate({ url, pooling: 'transaction', migrationsDir })
  })

  afterAll(async () => {
    await pgbouncer.stop()
    await database.drop()
    await rm(migrationsDir, { recursive: true, force: true })
  })

  it('builds an index in the schema of the URL', async () => {
    const { rows } = await onDatabase(database.url, (client) =>
      client.query("SELECT schemaname, tablename FROM pg_indexes WHERE indexname = 'large_id'"),
    )
    expect(rows).toEqual([{ schemaname: 'app', tablename: 'large' }])
  })

  it('leaves no setting on the server connections that others use next', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => connect(pgbouncer.through(database.url))))
    const ended = () => Promise.all(clients.map((client) => client.end()))
    // Each open transaction occupies a server connection: those that exist, and new ones.
    await Promise.all(clients.map((client) => client.query('BEGIN')))
    const found = await Promise.all(clients.map((client) => client.query<{ set: string }>(changed))).finally(ended)
    expect(found.flatMap(({ rows }) => rows)).toEqual([])
  })
})

/** What is set for a session. The others belong to the transaction, or are reset by PgBouncer for each client. */
const changed = `SELECT name || '=' || setting AS set FROM pg_settings WHERE source = 'session'
  AND name NOT IN ('transaction_isolation', 'application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings')`

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return client
}

async function onDatabase<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(url)
  return use(client).finally(() => client.end())
}
