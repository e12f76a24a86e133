import { Prisma } from '../infra/database.ts'
import type { Statements } from '../infra/statements.ts'
import type { Measure } from '../telemetry/measure.ts'

/** Limit of the label: the connections with the highest values. */
const maxConnections = 100

interface Row {
  connection: string
  provider: string
  value: number
}

/**
 * Metrics for operators, in one statement. Idle connections make no calls and would look like failing ones. A connection
 * whose calls never succeeded counts from when it was created.
 */
export function makeHealthMeasures(sql: Statements) {
  return async function measure(): Promise<readonly Measure[]> {
    const rows = await sql.rows<Row>(Prisma.sql`
      SELECT c.id AS connection, c.provider, GREATEST(0, EXTRACT(epoch FROM now() - COALESCE(r.last_succeeded_at, c.created_at)))::float8 AS value
      FROM connections c LEFT JOIN connection_results r ON r.connection_id = c.id
      WHERE c.deleted_at IS NULL AND NOT c.held
        AND EXISTS (SELECT 1 FROM sweeps s WHERE s.connection_id = c.id AND s.due_at IS NOT NULL)
      ORDER BY COALESCE(r.last_succeeded_at, c.created_at) LIMIT ${maxConnections}::int`)
    const samples = rows.map(({ connection, provider, value }) => ({ labels: { connection, provider }, value }))
    return [{ name: 'last_success_age_seconds', samples }]
  }
}
