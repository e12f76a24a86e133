import type { Pool } from 'pg'
import { vi } from 'vitest'

/**
 * Waits until all transactions that are open at the time of the call have ended, including those of other databases: all
 * transactions of a cluster share one horizon, so the result must not depend on other tests.
 */
export async function settled({ pool }: { pool: Pick<Pool, 'query'> }): Promise<void> {
  const { rows } = await pool.query('SELECT pg_current_snapshot()::text::pg_snapshot AS snapshot')
  const hasEnded = 'SELECT pg_snapshot_xmin(pg_current_snapshot()) >= pg_snapshot_xmax($1::pg_snapshot) AS "hasEnded"'
  await vi.waitUntil(async () => (await pool.query(hasEnded, [rows[0].snapshot])).rows[0].hasEnded, {
    timeout: 30_000,
    interval: 20,
  })
}
