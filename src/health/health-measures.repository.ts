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

/** Metrics for operators, in one statement. Idle connections make no calls and would look like failing ones. */
export function makeHealthMeasures(sql: Statements) {
  return async function measure(): Promise<readonly Measure[]> {
    const rows = await sql.rows<Row>(Prisma.sql`
      SELECT c.id AS connection, c.provider, GREATEST(0, EXTRACT(epoch FROM now() - r.last_succeeded_at))::float8 AS value
      FROM connection_results r JOIN connections c ON c.id = r.connection_id AND c.deleted_at IS NULL AND NOT c.held
      WHERE r.last_succeeded_at IS NOT NULL
        AND EXISTS (SELECT 1 FROM sweeps s WHERE s.connection_id = c.id AND s.due_at IS NOT NULL)
      ORDER BY r.last_succeeded_at LIMIT ${maxConnections}::int`)
    const samples = rows.map(({ connection, provider, value }) => ({ labels: { connection, provider }, value }))
    return [{ name: 'last_success_age_seconds', samples }]
  }
}
