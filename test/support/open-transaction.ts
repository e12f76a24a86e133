import type { Pool, PoolClient } from 'pg'
import { onTestFinished } from 'vitest'

/** A transaction held open by a test. Its connection closes with the test, so that a failure leaves no locks. */
export async function openTransaction(pool: Pool): Promise<PoolClient> {
  const client = await pool.connect()
  onTestFinished(() => client.release(true))
  await client.query('BEGIN')
  return client
}
