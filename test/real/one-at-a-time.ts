import { Client } from 'pg'
import { inject } from 'vitest'

/** Runs the work of a name in one test file of the run at a time, by a lock in the database of the tests. */
export async function oneAtATime<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: inject('testDatabaseServerUrl') })
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name])
    return await work()
  } finally {
    await client.end()
  }
}
