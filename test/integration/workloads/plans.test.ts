import { beforeAll, expect, it } from 'vitest'
import { makeDatabase, servingSettings } from '../../../src/infra/database.ts'
import type { Statements } from '../../../src/infra/statements.ts'
import { makeWritesRepository, type Write } from '../../../src/workloads/apply/writes.repository.ts'
import { makeAttemptsRepository, type NewAttempt } from '../../../src/workloads/engine/attempts.repository.ts'
import { type Claimed, makeLeasesRepository } from '../../../src/workloads/engine/leases.repository.ts'
import { makeAdmissionRepository } from '../../../src/workloads/intake/admission.repository.ts'
import { makePruneWorkloads } from '../../../src/workloads/maintenance/retention.repository.ts'
import { fullyScannedTables } from '../../support/statement-plans.ts'
import { useDatabase, useTestDatabase } from '../../support/test-database.ts'

// With a backlog of a few thousand jobs, Postgres starts to prefer full table scans for a handful of rows.

const large = ['workloads', 'workload_labels', 'workload_attempts', 'workload_events', 'idempotency_keys'] as const
const leaseMs = 15_000

const test = await useTestDatabase()
const emptyDatabase = await useTestDatabase()
const database = useDatabase({ url: test.url, poolSize: 2 })

beforeAll(async () => {
  await database.pool.query(`
    INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials) VALUES ('c', 'p', 'slurm', 'c', '{}', '');
    INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, due_at)
    SELECT 'job_' || n, 'p', 'job', 'slurm', 'c', 'n', '{}', jsonb_build_object('script', repeat('x', 500)), 'm' || n, 'queued', now()
    FROM generate_series(1, 3000) n;
    INSERT INTO workload_labels (project_id, kind, key, value, workload_id)
    SELECT 'p', 'job', 'k', 'v', 'job_' || n FROM generate_series(1, 3000) n;
    INSERT INTO workload_attempts (workload_id, number, correlation_tag, scope, pre_create_snapshot, send_by, absence_conclusive_at)
    SELECT 'job_' || n, 1, 'm' || n, '{}', 'null', now(), now() FROM generate_series(1, 3000) n;
    INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
    SELECT 'job_' || n, 1, 'evt_' || n, 'p', 'job', 'job.queued', '{}' FROM generate_series(1, 3000) n;
    INSERT INTO idempotency_keys (project_id, kind, key_hash, workload_id, fingerprint, expires_at)
    SELECT 'p', 'job', sha256(n::text::bytea), 'job_' || n, sha256('x'), now() + interval '1 day' FROM generate_series(1, 3000) n;
    ANALYZE`)
})

const claimed = { workload: { id: 'job_1' }, leaseId: 'lease' } as Claimed
const statements: Readonly<Record<string, (sql: Statements) => Promise<unknown>>> = {
  'a claim': (sql) => makeLeasesRepository(sql, leaseMs).claim([{ connectionId: 'c', count: 4 }]),
  'reading the facts of claims': (sql) => makeLeasesRepository(sql, leaseMs).facts(['job_1']),
  'a release': (sql) => makeLeasesRepository(sql, leaseMs).release([claimed], 0),
  'a renewal': (sql) => makeLeasesRepository(sql, leaseMs).renew([claimed]),
  'opening an attempt': (sql) => makeAttemptsRepository(sql, leaseMs).open([{ workloadId: 'job_1' } as NewAttempt]),
  'a write': (sql) => makeWritesRepository(sql).write([{ id: 'job_1', attemptResult: null } as Write]),
  retention: (sql) => makePruneWorkloads({ sql }, 90)(500),
  'an idempotency key lookup': (sql) =>
    makeAdmissionRepository({ ...database, sql }).keyHolders([{ projectId: 'p', kind: 'job', hash: '00' }]),
}

it.each(Object.entries(statements))('%s does not scan a large table', async (_, run) => {
  expect(await fullyScannedTables(database, large, run)).toEqual([])
})

// Plans are cached: those of the first jobs of an installation are reused for thousands of later ones.
it.each(Object.entries(statements))('%s does not plan a full scan of an empty table', async (_, run) => {
  const serving = makeDatabase({ url: emptyDatabase.url, poolSize: 1, defaults: servingSettings })
  expect(await fullyScannedTables(serving, large, run)).toEqual([])
  await serving.close()
})
