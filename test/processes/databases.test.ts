import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { Client } from 'pg'
import { describe, expect, inject, it, vi } from 'vitest'
import { runCommand, serveProcess } from '../support/process.ts'
import { startRedisServer } from '../support/redis-server.ts'
import { startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase } from '../support/test-database.ts'

async function onServer(statement: string, url = inject('testDatabaseServerUrl')): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return client
    .query(statement)
    .then(({ rows }) => rows)
    .finally(() => client.end())
}

const urlOf = (name: string): string =>
  Object.assign(new URL(inject('testDatabaseServerUrl')), { pathname: `/${name}` }).href
const hasTables = async (url: string): Promise<boolean> => {
  const [found] = await onServer("SELECT to_regclass('_prisma_migrations') IS NOT NULL AS yes", url)
  return found?.yes === true
}

describe('unusable database', () => {
  it.concurrent('is rejected before any migration if its encoding is not UTF-8', async () => {
    const name = `latin_${randomUUID().replaceAll('-', '')}`
    await onServer(`CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`)
    const { code, stdout, stderr } = await runCommand(['migrate'], { DATABASE_URL: urlOf(name) }).exited
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      /^Switchyard cannot start: the database \S+ has the encoding LATIN1, .* ENCODING 'UTF8' .*\.\n$/,
    )
    expect(await hasTables(urlOf(name))).toBe(false)
    await expect(startSwitchyard({ databaseUrl: urlOf(name), redis: null })).rejects.toThrow('encoding LATIN1')
    await onServer(`DROP DATABASE ${name} WITH (FORCE)`)
  })

  it.concurrent('prevents a start if it is read-only and fails readiness once it becomes so', async () => {
    const database = await createTestDatabase()
    const running = await startSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' })
    expect((await running.api.call('GET', '/readyz')).status).toBe(200)
    const name = new URL(database.url).pathname.slice(1)
    await onServer(`ALTER DATABASE ${name} SET default_transaction_read_only = on`)
    // Terminate open sessions, as a failover does.
    await onServer(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`)
    const isReadOnly = async () => {
      const { status, body } = await running.api.call('GET', '/readyz')
      return status === 503 && String(body.detail).includes('read-only')
    }
    await vi.waitUntil(isReadOnly, { timeout: 30_000 })
    await running.stop()
    await expect(startSwitchyard({ databaseUrl: database.url, redis: null })).rejects.toThrow('is read-only')
    await onServer(`ALTER DATABASE ${name} RESET default_transaction_read_only`)
    await database.drop()
  })

  it.concurrent.each(['migrate', 'doctor', 'key create --name one'])(
    'is reported in one line by %s',
    async (command) => {
      const env = { DATABASE_URL: urlOf('no_such_database') }
      const { code, stdout, stderr } = await runCommand(command.split(' '), env).exited
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^Switchyard cannot start: the database \S+\/no_such_database does not exist\. .*\n$/)
    },
  )
})

describe('?schema=', () => {
  it.concurrent('places all tables in the schema and none in public', async () => {
    const database = await createTestDatabase()
    await onServer('DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE SCHEMA "Own"', database.url)
    const url = `${database.url}?schema=Own`
    const first = await runCommand(['migrate'], { DATABASE_URL: url }).exited
    expect([first.code, first.stderr]).toEqual([0, ''])
    const second = await runCommand(['migrate'], { DATABASE_URL: url }).exited
    expect([second.stderr, second.stdout]).toEqual(['', expect.stringContaining('database up to date')])
    const { api, stop } = await startSwitchyard({ databaseUrl: url, redis: null })
    expect((await api.call('GET', '/readyz')).status).toBe(200)
    const { id, key } = await api.ok('POST', '/api-keys', { name: 'small', scopes: ['jobs:read'] })
    const rejected = await api.call('GET', '/audit', { headers: { authorization: `Bearer ${key}` } })
    expect(rejected.status).toBe(403)
    const { data } = await api.ok('GET', `/audit?subject=${id}`)
    expect(data).toMatchObject([{ action: 'request.refused' }])
    expect((await api.call('PATCH', '/projects/prj_00000000000000000000000000', { body: { name: 'x' } })).status).toBe(
      404,
    )
    await stop()
    const rows = await onServer(
      "SELECT schemaname, count(*) > 5 AS many FROM pg_tables WHERE schemaname IN ('public', 'Own') GROUP BY 1",
      database.url,
    )
    expect(rows).toEqual([{ schemaname: 'Own', many: true }])
    await database.drop()
  })
})

describe('standard output', () => {
  it.concurrent('contains only JSON lines', async () => {
    const [database, redis] = await Promise.all([createTestDatabase(), startRedisServer()])
    const client = new Redis(redis.url)
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
    client.disconnect()
    const serving = await serveProcess({ DATABASE_URL: database.url, REDIS_URL: redis.url })
    await serving.logged(({ msg }) => msg.includes('redis checked'))
    expect(serving.stdout()).toContain('"evictionPolicy":"allkeys-lru"')
    const { code, stdout, stderr } = await serving.end()
    expect([code, stderr]).toEqual([0, ''])
    for (const line of stdout.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('msg')
    await redis.stop()
    await database.drop()
  })
})

describe('failed migration', () => {
  it.concurrent('is reported without a stack trace', async () => {
    const database = await createTestDatabase()
    await onServer('DROP SCHEMA public CASCADE; CREATE SCHEMA public; CREATE TABLE projects (id int)', database.url)
    const { code, stderr } = await runCommand(['migrate'], { DATABASE_URL: database.url }).exited
    expect(code).toBe(1)
    expect(stderr).toMatch(/^Switchyard cannot migrate the database \S+: /)
    expect(stderr).not.toMatch(/^\s+at |schema_engine/m)
    await database.drop()
  })
})
