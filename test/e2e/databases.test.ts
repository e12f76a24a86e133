import { Client } from 'pg'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { makeLogger } from '../../src/infra/logger.ts'
import { migrate } from '../../src/infra/migrate.ts'
import { makeApiCaller } from '../support/api-caller.ts'
import { environmentRequest, openAccount, useQuickSandbox } from '../support/dataforest-account.ts'
import { closeEventStreams, openEventStream } from '../support/event-stream.ts'
import { describeWithPgbouncer, type PoolMode, startPgbouncer } from '../support/pgbouncer.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const jobs = 16

const databases: TestDatabase[] = []

const sandbox = await useQuickSandbox()

afterAll(async () => {
  closeEventStreams()
  await Promise.all(databases.map((database) => database.drop()))
})

/** A database with unusual default settings. */
async function createDatabaseWithSettings(): Promise<TestDatabase> {
  const database = await createTestDatabase()
  databases.push(database)
  const settings = {
    TimeZone: 'Asia/Seoul',
    DateStyle: 'German',
    default_transaction_isolation: 'serializable',
    bytea_output: 'escape',
  }
  const name = new URL(database.url).pathname.slice(1)
  await onDatabase(database.url, async (client) => {
    for (const [setting, value] of Object.entries(settings))
      await client.query(`ALTER DATABASE ${name} SET ${setting} = '${value}'`)
  })
  return database
}

async function onDatabase<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return use(client).finally(() => client.end())
}

/** Starts an API process and a worker on a database, and collects their log lines. */
async function startBoth(databaseUrl: string, databaseDirectUrl?: string) {
  const logLines: string[] = []
  const logger = makeLogger({ level: 'info', destination: { write: (line) => logLines.push(line) } })
  const options = {
    databaseUrl,
    redis: null,
    logger,
    ...(databaseDirectUrl === undefined ? {} : { databaseDirectUrl }),
  }
  const api = await startSwitchyard({ ...options, role: 'api' })
  const worker = await startSwitchyard({ ...options, role: 'worker' })
  const lines = () =>
    logLines.map((line) => JSON.parse(line) as { msg: string; database?: object; err?: { name: string } })
  return {
    api,
    facts: () => lines().find(({ msg }) => msg === 'database checked')?.database,
    // Provider timeouts can occur on a busy machine.
    errors: () => lines().filter(({ err }) => err !== undefined && err.name !== 'ProviderError'),
    stop: async () => void (await Promise.all([api.stop(), worker.stop()])),
  }
}

/** Runs jobs from submission to completion through the API. */
async function expectToWork({ api, service }: Switchyard, sql: string): Promise<void> {
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
  const key = await api.ok('POST', '/api-keys', { name: 'for-an-hour', scopes: ['jobs:read'], expiresAt })
  expect(key).toMatchObject({ expiresAt })
  expect((await makeApiCaller(service.url ?? '', String(key.key)).call('GET', '/jobs')).status).toBe(200)

  const account = await openAccount(api, sandbox)
  const environment = await account.environment()
  const stream = openEventStream(`${service.url}/events/stream`)
  await stream.untilOpen()
  const accepted = await Promise.all(Array.from({ length: jobs }, () => account.job(environment, 'true')))
  for (const { id, createdAt } of accepted) {
    expect(Math.abs(Date.parse(String(createdAt)) - Date.now())).toBeLessThan(60_000)
    const { endedAt } = await api.untilStatus(`/jobs/${id}`, 'succeeded', 'failed', 'unknown')
    expect(Math.abs(Date.parse(String(endedAt)) - Date.now())).toBeLessThan(60_000)
  }
  const isComplete = () => stream.events.filter(({ type }) => type === 'job.succeeded').length === jobs
  await vi.waitUntil(isComplete, { timeout: 30_000 })
  const { rows } = await onDatabase(sql, (client) =>
    client.query('SELECT count(*)::int AS count FROM request_rates WHERE points > 0'),
  )
  expect(rows[0].count).toBeGreaterThan(0)
}

describe('a database with unusual default settings', () => {
  it.concurrent.each([
    ['', {}],
    ['options=-c%20search_path%3Dpublic%20-c%20statement_timeout%3D20s', {}],
  ])('supports jobs from submission to completion (?%s)', async (parameters) => {
    const database = await createDatabaseWithSettings()
    const both = await startBoth(`${database.url}?${parameters}`)
    await expectToWork(both.api, database.url)
    await both.stop()
    expect(both.errors()).toEqual([])
    expect(both.facts()).toMatchObject({ pooling: 'none', timeZone: 'Asia/Seoul', isolation: 'serializable' })
  })
})

describeWithPgbouncer('PgBouncer', () => {
  async function withPgbouncer(
    mode: PoolMode,
    settings: Readonly<Record<string, string>>,
    use: (url: string, database: TestDatabase) => Promise<void>,
  ): Promise<void> {
    const [pgbouncer, database] = await Promise.all([startPgbouncer(mode, settings), createDatabaseWithSettings()])
    await use(pgbouncer.through(database.url), database).finally(() => pgbouncer.stop())
  }

  const largePool = { default_pool_size: '60' }
  const ignoringParameters = { ...largePool, ignore_startup_parameters: 'options,extra_float_digits,statement_timeout' }

  it.concurrent.each([
    ['session', 'with default settings', largePool, 'through the pooler'],
    ['session', 'dropping startup parameters', ignoringParameters, 'through the pooler'],
    ['transaction', 'with default settings', {}, 'none: polling'],
    ['transaction', 'dropping startup parameters', { ...ignoringParameters, default_pool_size: '5' }, 'none: polling'],
  ] as const)('supports jobs from submission to completion in %s mode %s', async (mode, _variant, settings, listen) => {
    await withPgbouncer(mode, settings, async (url, database) => {
      const both = await startBoth(`${url}?options=-c%20search_path%3Dpublic`)
      await expectToWork(both.api, database.url)
      await both.stop()
      expect(both.errors()).toEqual([])
      expect(both.facts()).toMatchObject({ pooling: mode, listen, timeZone: 'Asia/Seoul' })
    })
  })

  it.concurrent('is bypassed for LISTEN in transaction mode with a direct URL', async () => {
    await withPgbouncer('transaction', {}, async (url, database) => {
      const both = await startBoth(url, database.url)
      await expectToWork(both.api, database.url)
      await both.stop()
      expect(both.errors()).toEqual([])
      expect(both.facts()).toMatchObject({ pooling: 'transaction', listen: 'direct URL' })
    })
  })

  it.concurrent.each(['session', 'transaction'] as const)(
    'supports concurrent migrations in %s mode and keeps no lock',
    async (pooling) => {
      await withPgbouncer(pooling, largePool, async (url, database) => {
        await onDatabase(database.url, (client) =>
          client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA bullmq CASCADE'),
        )
        const runs = await Promise.all([1, 2, 3].map(() => migrate({ url, pooling })))
        expect(runs.filter(({ applied }) => applied.length > 0)).toHaveLength(1)
        const { rows } = await onDatabase(database.url, (client) => client.query(advisoryLocks))
        expect(rows).toEqual([])
        const both = await startBoth(url)
        await both.stop()
      })
    },
  )
})

const advisoryLocks = `
  SELECT objid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
  WHERE l.locktype = 'advisory' AND d.datname = current_database()`

describe('two installations in schemas of one database', () => {
  it.concurrent('use separate queues for wake-up messages', async () => {
    const database = await createTestDatabase()
    databases.push(database)
    await onDatabase(database.url, (client) => client.query('CREATE SCHEMA one; CREATE SCHEMA two'))
    for (const schema of ['one', 'two']) {
      const databaseUrl = `${database.url}?schema=${schema}`
      await migrate({ url: databaseUrl })
      // Without a worker, wake-up messages stay in the queue.
      const { api, stop } = await startSwitchyard({ databaseUrl, redis: null, role: 'api' })
      const { id } = await api.ok('POST', '/connections', {
        name: 'main',
        settings: { dataforest: { baseUrl: 'http://127.0.0.1:9', accountId: 'a' } },
        credentials: { dataforest: { accessKey: 'k', secretKey: 's' } },
      })
      await api.ok('POST', '/environments', environmentRequest({ connectionId: id }))
      await stop()
    }
    const read = 'SELECT queue, count(*)::int AS count FROM bullmq.job GROUP BY 1'
    const { rows } = await onDatabase(database.url, (client) => client.query<{ queue: string; count: number }>(read))
    expect(rows).toHaveLength(2)
  })
})
