import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'

export interface TestDatabase {
  url: string
  /** Removes it, cutting whoever is still connected. */
  drop(): Promise<void>
}

/**
 * A migrated, otherwise empty database of its own (BullMQ's tables included), copied from the run's template.
 * Only in projects that share `global-setup.ts`.
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `switchyard_test_${randomUUID().replaceAll('-', '')}`
  await runOnServer(`CREATE DATABASE ${name} TEMPLATE ${inject('testDatabaseTemplate')}`)
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
