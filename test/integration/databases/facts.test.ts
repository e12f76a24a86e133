import { Client } from 'pg'
import { beforeAll, describe, expect, it } from 'vitest'
import { examineDatabaseAt } from '../../../src/infra/database-facts.ts'
import { describeWithPgbouncer, type PoolMode, startPgbouncer } from '../../support/pgbouncer.ts'
import { createTestDatabase, useTestDatabase } from '../../support/test-database.ts'

const database = await useTestDatabase()

beforeAll(async () => {
  const { pathname } = new URL(database.url)
  const client = new Client({ connectionString: database.url })
  await client.connect()
  await client.query(`ALTER DATABASE ${pathname.slice(1)} SET TimeZone = 'Asia/Seoul'`)
  await client.query(`ALTER DATABASE ${pathname.slice(1)} SET default_transaction_isolation = 'serializable'`)
  await client.end()
})

const found = {
  version: expect.stringMatching(/^\d+/),
  ...{ encoding: 'UTF8', timeZone: 'Asia/Seoul', isolation: 'serializable', isWritable: true },
}

describe('the self-test', () => {
  it('says what a session finds, and that nothing stands between', async () => {
    expect(await examineDatabaseAt({ url: database.url })).toEqual({ ...found, pooling: 'none', listen: 'direct' })
  })
})

describeWithPgbouncer('the self-test behind PgBouncer', () => {
  async function behind<T>(mode: PoolMode, use: (url: string) => Promise<T>, settings = {}): Promise<T> {
    const pgbouncer = await startPgbouncer(mode, settings)
    return use(pgbouncer.through(database.url)).finally(() => pgbouncer.stop())
  }

  it.concurrent('tells session pooling, through which LISTEN hears', async () => {
    const facts = await behind('session', (url) => examineDatabaseAt({ url }))
    expect(facts).toEqual({ ...found, pooling: 'session', listen: 'through the pooler' })
  })

  it.concurrent.each([{}, { default_pool_size: '1' }, { server_round_robin: '1' }])(
    'tells transaction pooling (%o)',
    async (settings) => {
      const facts = await behind('transaction', (url) => examineDatabaseAt({ url }), settings)
      expect(facts).toEqual({ ...found, pooling: 'transaction', listen: 'none: polling' })
    },
  )

  it.concurrent('tells transaction pooling among others who use the pooler', async () => {
    const pooling = await behind('transaction', async (url) => {
      const others = await Promise.all(Array.from({ length: 6 }, () => startBusy(url)))
      const facts = await examineDatabaseAt({ url }).finally(() => Promise.all(others.map((stop) => stop())))
      return facts.pooling
    })
    expect(pooling).toBe('transaction')
  })

  it.concurrent('listens past it over the direct URL, which must be a direct one', async () => {
    await behind('transaction', async (url) => {
      const past = await examineDatabaseAt({ url, directUrl: database.url })
      expect(past).toEqual({ ...found, pooling: 'transaction', listen: 'direct URL' })
      await expect(examineDatabaseAt({ url, directUrl: url })).rejects.toThrow('pooler in transaction mode')
    })
  })

  it.concurrent('refuses statement pooling, and a direct URL to another database', async () => {
    await behind('statement', (url) => expect(examineDatabaseAt({ url })).rejects.toThrow('statement mode'))
    const other = await createTestDatabase()
    await expect(examineDatabaseAt({ url: database.url, directUrl: other.url })).rejects.toThrow('NOTIFY')
    await other.drop()
  })
})

/** Runs one statement after the other until it is stopped. */
async function startBusy(url: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: url })
  await client.connect()
  let isStopped = false
  const run = async (): Promise<void> => {
    while (!isStopped) await client.query('SELECT 1')
  }
  const running = run()
  return async () => {
    isStopped = true
    await running
    await client.end()
  }
}
