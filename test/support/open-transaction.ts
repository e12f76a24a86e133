import type { Pool, PoolClient } from 'pg'
import { onTestFinished } from 'vitest'

/** A transaction that a test holds open. Its connection is closed with the test, so that a failure leaves no locks. */
export async function openTransaction(pool: Pool): Promise<PoolClient> {
  const client = await pool.connect()
  onTestFinished(() => client.release(true))
  await client.query('BEGIN')
  return client
}
