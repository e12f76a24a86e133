import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'
import { type Database, makeDatabase } from '../../src/infra/database.ts'
import { endAfterFile } from './end-after-file.ts'

export interface TestDatabase {
  url: string
  /** Drops the database and its open connections. */
  drop(): Promise<void>
}

/**
 * Creates a separate database, migrated but empty (BullMQ's tables included), from the run's template. Only in projects
 * with `global-setup.ts`.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `switchyard_test_${randomUUID().replaceAll('-', '')}`
  // Copying files takes a third of the CPU time of the default strategy, which copies through the WAL.
  await runOnServer(`CREATE DATABASE ${name} TEMPLATE ${inject('testDatabaseTemplate')} STRATEGY FILE_COPY`)
  const url = new URL(inject('testDatabaseServerUrl'))
  url.pathname = `/${name}`
  return { url: url.href, drop: () => runOnServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

async function runOnServer(statement: string): Promise<void> {
  const client = new Client({ connectionString: inject('testDatabaseServerUrl') })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/** A separate database for one test file. */
export async function useTestDatabase(): Promise<TestDatabase> {
  return endAfterFile(await createTestDatabase(), (database) => database.drop())
}

/** Database access of the service, for one test file. */
export function useDatabase(options: { url: string; poolSize: number }): Database {
  return endAfterFile(makeDatabase(options), (database) => database.close())
}

/** A separate session for one test file. */
export async function useSqlClient({ url }: Pick<TestDatabase, 'url'>): Promise<Client> {
  const client = endAfterFile(new Client({ connectionString: url }), (session) => session.end())
  await client.connect()
  return client
}
