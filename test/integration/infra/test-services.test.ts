import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, makeDatabase } from '../../../src/infra/database.ts'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts'
import { testRedis } from '../../support/test-redis.ts'

describe('test database', () => {
  let testDatabase: TestDatabase
  let database: Database

  beforeAll(async () => {
    testDatabase = await createTestDatabase()
    database = makeDatabase({ url: testDatabase.url, poolSize: 2, statementTimeoutMs: 200 })
  })

  afterAll(async () => {
    await database.close()
    await testDatabase.drop()
  })

  it('is migrated and serves Prisma and raw SQL over one pool', async () => {
    expect(await database.prisma.projectRow.count()).toBe(0)
    const migrations = await database.pool.query('SELECT finished_at FROM _prisma_migrations')
    expect(migrations.rows.length).toBeGreaterThan(0)
    expect(migrations.rows.every((row) => row.finished_at instanceof Date)).toBe(true)
  })

  it('has the tables of the Postgres queue', async () => {
    const found = await database.pool.query("SELECT to_regclass('bullmq.job') AS job")
    expect(found.rows[0].job).not.toBeNull()
  })

  it('cancels a statement that exceeds the timeout', async () => {
    await expect(database.pool.query('SELECT pg_sleep(5)')).rejects.toThrow('statement timeout')
  })

  it('is isolated from other test databases', async () => {
    const other = await createTestDatabase()
    await database.pool.query('CREATE TABLE only_here (id int)')
    const otherDatabase = makeDatabase({ url: other.url, poolSize: 1 })
    const found = await otherDatabase.pool.query("SELECT to_regclass('only_here') AS found")
    await otherDatabase.close()
    await other.drop()
    expect(found.rows[0].found).toBeNull()
  })
})

describe('test Redis', () => {
  it('hosts a BullMQ queue under a separate prefix', async () => {
    const { url, prefix } = testRedis()
    const redis = new Redis(url, { maxRetriesPerRequest: null })
    const queue = new Queue('hints', { connection: redis, prefix })
    await queue.add('wake-up', { id: 'one' })
    expect(await queue.getWaitingCount()).toBe(1)
    await redis.flushdb()
    expect(await queue.getWaitingCount()).toBe(0)
    await queue.close()
    redis.disconnect()
  })
})
