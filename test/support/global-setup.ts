import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../../src/infra/embedded-postgres.ts'
import { migrate } from '../../src/infra/migrate.ts'
import { startRedisServer } from './redis-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    testDatabaseServerUrl: string
    testDatabaseTemplate: string
    testRedisUrl: string
  }
}

interface Services {
  databaseUrl: string
  template: string
  redisUrl: string
  stop(): Promise<void>
}

/** Vitest loads this file once per project; all projects share the services of the first one. */
const shared = globalThis as { switchyardTestServices?: { services: Promise<Services>; users: number } }

/** Starts one Postgres with a migrated template database, and one Redis, for the whole run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.switchyardTestServices ??= { services: start(), users: 0 }
  const current = shared.switchyardTestServices
  current.users += 1
  const services = await current.services
  project.provide('testDatabaseServerUrl', services.databaseUrl)
  project.provide('testDatabaseTemplate', services.template)
  project.provide('testRedisUrl', services.redisUrl)
  return async () => {
    current.users -= 1
    if (current.users > 0) return
    delete shared.switchyardTestServices
    await services.stop()
  }
}

async function start(): Promise<Services> {
  const database = await startDatabase()
  const redis = await startRedis()
  process.stdout.write(`tests use ${database.description} and ${redis.description}\n`)
  const template = `switchyard_template_${process.pid}`
  const stop = async () => {
    await runOnServer(database.url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`)
    await Promise.all([database.stop(), redis.stop()])
  }
  try {
    await makeTemplate(database.url, template)
  } catch (error) {
    await stop()
    throw error
  }
  return { databaseUrl: database.url, template, redisUrl: redis.url, stop }
}

async function makeTemplate(serverUrl: string, template: string): Promise<void> {
  await runOnServer(serverUrl, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`)
  await runOnServer(serverUrl, `CREATE DATABASE ${template} TEMPLATE template0`)
  const url = new URL(serverUrl)
  url.pathname = `/${template}`
  await migrate({ url: url.href })
}

async function startDatabase() {
  const url = process.env.TEST_DATABASE_URL
  if (url !== undefined) return { url, description: 'the Postgres of TEST_DATABASE_URL', stop: async () => {} }
  const parent = await dataParent()
  await removeAbandoned(parent)
  const dataDir = await mkdtemp(join(parent, `${dirPrefix}${process.pid}-`))
  const settings = { max_connections: '300', shared_buffers: '128MB', max_wal_size: '2GB', autovacuum: 'on' }
  const postgres = await startEmbeddedPostgres({ dataDir, persistent: false, settings })
  return { ...postgres, description: 'an embedded Postgres' }
}

const dirPrefix = 'switchyard-test-postgres-'
const memory = '/dev/shm'
const minFreeBytes = 4 * 1024 ** 3

/** In memory if there is space: each test database has 500 files, and creating them on disk takes three times as long. */
async function dataParent(): Promise<string> {
  const { bavail, bsize } = await statfs(memory).catch(() => ({ bavail: 0, bsize: 0 }))
  return bavail * bsize >= minFreeBytes ? memory : tmpdir()
}

/** Removes data of killed test runs, which would otherwise stay in memory until the machine restarts. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(dirPrefix) ? Number(name.slice(dirPrefix.length).split('-')[0]) : Number.NaN
    if (Number.isNaN(pid) || isAlive(pid)) continue
    await rm(join(parent, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    // The process exists but belongs to another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

async function startRedis() {
  const url = process.env.TEST_REDIS_URL ?? process.env.REDIS_URL
  if (url !== undefined) return { url, description: 'the Redis of TEST_REDIS_URL or REDIS_URL', stop: async () => {} }
  return startRedisServer()
}

async function runOnServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
