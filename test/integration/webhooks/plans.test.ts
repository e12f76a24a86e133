import { beforeAll, expect, it } from 'vitest'
import type { Statements } from '../../../src/infra/statements.ts'
import { type ClaimedDelivery, makeClaimsRepository } from '../../../src/webhooks/claims.repository.ts'
import { makeFanOut } from '../../../src/webhooks/fan-out.repository.ts'
import { makeOutcomesRepository } from '../../../src/webhooks/outcomes.repository.ts'
import { fullyScannedTables } from '../../support/statement-plans.ts'
import { useDatabase, useTestDatabase } from '../../support/test-database.ts'
import { idle } from './webhook-bench.ts'

// With a few thousand deliveries, Postgres starts to prefer full table scans for a handful of rows.

const large = ['webhook_deliveries', 'workload_events'] as const
const leaseMs = 25_000

const test = await useTestDatabase()
const database = useDatabase({ url: test.url, poolSize: 2 })

beforeAll(async () => {
  await database.pool.query(`
    INSERT INTO webhook_endpoints (id, project_id, url, description, event_types, enabled, sealed_secret)
    SELECT 'whk_' || n, 'p' || n % 10, 'https://example.com', '', '{}', true, 'x' FROM generate_series(1, 50) n;
    INSERT INTO webhook_deliveries (id, endpoint_id, project_id, event_id, type, payload)
    SELECT 'whd_' || n, 'whk_' || 1 + n % 50, 'p', 'evt_' || n, 'job.failed', '{}' FROM generate_series(1, 5000) n;
    INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
    SELECT 'job_' || n, 1, 'evt_' || n, 'p' || n % 10, 'job', 'job.running', '{}' FROM generate_series(1, 5000) n;
    ANALYZE`)
})

const claim = { id: 'whd_1', leaseId: 'lease', endpointId: 'whk_1', configEpoch: 1, failures: 0 } as ClaimedDelivery
const failure = { retryMs: 1000, pauseMs: 1000, requestedMs: 0, disables: null }
const outcomes = (sql: Statements) => makeOutcomesRepository(sql, { disableAfterMs: 1000 })

const statements: Readonly<Record<string, (sql: Statements) => Promise<unknown>>> = {
  'the fan-out': (sql) => makeFanOut(sql)(),
  'a claim': (sql) => makeClaimsRepository(sql, leaseMs).claimSteady(64, idle),
  'a probe claim': (sql) => makeClaimsRepository(sql, leaseMs).claimProbes(16),
  'releasing a claim': (sql) => makeClaimsRepository(sql, leaseMs).release(claim, 1000),
  'recording a success': (sql) => outcomes(sql).delivered([{ ...claim, httpStatus: 204 }]),
  'recording a failure': (sql) => outcomes(sql).failed(claim, { httpStatus: 500, retryAfter: null }, failure),
}

it.each(Object.entries(statements))('%s does not scan a large table', async (_, run) => {
  expect(await fullyScannedTables(database, large, run)).toEqual([])
})
