import type { Pool } from 'pg'
import { vi } from 'vitest'

/**
 * Once every transaction that has begun by now is over. Those of other databases count, since the transactions of a
 * cluster share one horizon: what a test counts behind the horizon must not depend on what other tests have open.
 */
export async function settled({ pool }: { pool: Pick<Pool, 'query'> }): Promise<void> {
  const { rows } = await pool.query('SELECT pg_current_snapshot()::text::pg_snapshot AS seen')
  const isOver = 'SELECT pg_snapshot_xmin(pg_current_snapshot()) >= pg_snapshot_xmax($1::pg_snapshot) AS "isOver"'
  await vi.waitUntil(async () => (await pool.query(isOver, [rows[0].seen])).rows[0].isOver, {
    timeout: 15_000,
    interval: 20,
  })
}
