import { describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { providers } from '../../src/providers/registry.ts'
import { useApiBench } from '../support/api-bench.ts'
import { makeApiCaller } from '../support/api-caller.ts'
import { statementsDuring } from '../support/job-batches.ts'
import { startSwitchyard } from '../support/switchyard.ts'

const bench = await useApiBench()
const { api, connections, open } = bench

let projectCount = 0
/** A key of another project, with these scopes. */
async function keyOf(scopes: readonly string[]) {
  projectCount += 1
  const project = await api.ok('POST', '/projects', { name: `project-${projectCount}` })
  const { key } = await api.ok('POST', '/api-keys', { name: 'key', projectId: project.id, scopes })
  return { projectId: project.id, other: makeApiCaller(bench.url, String(key)) }
}

const healthOf = (id: string | undefined) => api.ok('GET', `/connections/${id}/health`)

describe('connection health', () => {
  it('is empty before the first call', async () => {
    expect(await healthOf(connections.modelarts)).toEqual({
      ...{ connectionId: connections.modelarts, provider: 'modelarts', held: false },
      calls: { total: 0, failed: 0, rejected: 0, errorRate: 0, errors: [] },
      ...{ operations: [], workloads: { live: 0, parked: 0, outcomeUnknown: 0 }, scanLagSeconds: 0 },
      ...{ measuredAt: expect.any(String), windowSeconds: 3600 },
    })
  })

  it('counts calls with their latency and returns the last success', async () => {
    const id = connections.dataforest
    for (let times = 0; times < 3; times += 1) await api.ok('POST', `/connections/${id}/verify`)
    await bench.storeCalls()
    const health = await healthOf(id)
    const calls = { total: 3, failed: 0, rejected: 0, errorRate: 0, errors: [], latency: expect.any(Object) }
    expect(health).toMatchObject({ calls, operations: [{ operation: 'verify', ...calls }] })
    expect(Date.parse(String(health.measuredAt)) - Date.parse(String(health.lastSucceededAt))).toBeLessThan(60_000)
    const { meanMs, p50Ms, p95Ms, p99Ms } = (health.calls as { latency: Record<string, number> }).latency
    expect(meanMs).toBeGreaterThan(0)
    expect([p50Ms, p95Ms, p99Ms].map(Number)).toEqual([p50Ms, p95Ms, p99Ms].map(Number).sort((a, b) => a - b))
    expect(health.lastFailure).toBeUndefined()
  })

  it('returns the last failure without the credentials', async () => {
    const { settings, credentials } = await wrongAccount()
    const { id } = await api.ok('POST', '/connections', { name: 'wrong', settings, credentials })
    await api.ok('POST', `/connections/${id}/verify`)
    await bench.storeCalls()
    const health = await healthOf(id)
    expect(health).toMatchObject({
      calls: { total: 1, failed: 1, errorRate: 1, errors: [{ code: 'unauthenticated', calls: 1 }] },
      lastFailure: { connectionId: id, operation: 'verify', code: 'unauthenticated', message: expect.any(String) },
    })
    expect(health.lastSucceededAt).toBeUndefined()
    expect(JSON.stringify(health)).not.toContain(wrongSecret)
  })

  it('returns a hold and an active pause with its reason', async () => {
    const { slurm: id } = connections
    await open.pool.query(
      "UPDATE connections SET failures = 3, not_before = now() + interval '1 minute', pause_reason = 'provider_unavailable' WHERE id = $1",
      [id],
    )
    expect(await healthOf(id)).toMatchObject({ pauseReason: 'provider_unavailable', pausedUntil: expect.any(String) })
    await open.pool.query("UPDATE connections SET not_before = now() - interval '1 s', held = true WHERE id = $1", [id])
    const health = await healthOf(id)
    expect(health).toMatchObject({ held: true })
    expect(health.pausedUntil).toBeUndefined()
  })

  it('counts live and parked workloads and those with an unknown outcome', async () => {
    const { scnet: connectionId } = connections
    await open.pool.query(
      `INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, status_reason, due_at)
      SELECT 'job_' || n, c.project_id, 'job', 'scnet', c.id, 'n', '{}', '{}', 'tag' || n, 'dispatching', reason,
        CASE WHEN NOT is_parked THEN now() END
      FROM connections c, (VALUES (1, 'outcome_unknown', true), (2, 'outcome_unknown', false), (3, 'internal_error', true), (4, NULL, false))
        AS v(n, reason, is_parked) WHERE c.id = $1`,
      [connectionId],
    )
    expect(await healthOf(connectionId)).toMatchObject({ workloads: { live: 4, parked: 2, outcomeUnknown: 2 } })
  })

  it('returns the lag of its scans', async () => {
    const { aitems: id } = connections
    await open.pool.query(
      "UPDATE sweeps SET due_at = now() - interval '90 s', last_completed_at = now() - interval '5 minutes' WHERE connection_id = $1",
      [id],
    )
    const health = await healthOf(id)
    expect(health.scanLagSeconds).toBeGreaterThanOrEqual(90)
    const scannedMsAgo = Date.parse(String(health.measuredAt)) - Date.parse(String(health.lastScannedAt))
    expect(scannedMsAgo).toBeGreaterThanOrEqual(300_000)
    expect(scannedMsAgo).toBeLessThan(330_000)
  })
})

describe('provider health', () => {
  it('aggregates the connections of the project', async () => {
    const { data } = (await api.ok('GET', '/providers/health')) as ApiRecord & { data: ApiRecord[] }
    expect(data.map(({ provider }) => provider)).toEqual(providers.map(({ id }) => id).toSorted())
    const of = (id: string) => data.find(({ provider }) => provider === id)
    expect(of('dataforest')).toMatchObject({
      connections: { total: 2, held: 0, paused: 0 },
      calls: { total: 4, failed: 1, errorRate: 0.25 },
      lastSucceededAt: expect.any(String),
      lastFailure: { code: 'unauthenticated', operation: 'verify' },
    })
    expect(of('slurm')).toMatchObject({ connections: { total: 1, held: 1, paused: 0 } })
    expect(of('scnet')).toMatchObject({ workloads: { live: 4, parked: 2, outcomeUnknown: 2 } })
  })

  it('reads everything in one statement', async () => {
    for (const path of ['/providers/health', `/connections/${connections.slurm}/health`]) {
      const texts = await statementsDuring(() => api.ok('GET', path))
      // Without the background statements of the service.
      const statements = texts.filter(
        (text) => /connection_calls|workloads|sweeps/.test(text) && !/INSERT INTO/.test(text),
      )
      expect(statements).toHaveLength(1)
    }
  })
})

it('connection health includes the calls of other and of stopped processes', async () => {
  const { id } = await api.ok('POST', '/connections', { ...(await wrongAccount()), name: 'shared' })
  const second = await startSwitchyard({ databaseUrl: bench.database.url, redis: null, role: 'api' })
  await second.api.ok('POST', `/connections/${id}/verify`)
  await api.ok('POST', `/connections/${id}/verify`)
  await second.stop()
  await bench.storeCalls()
  expect(await healthOf(id)).toMatchObject({ calls: { total: 2, failed: 2 } })
})

describe('health in other projects', () => {
  it('is not visible, even to their administrators', async () => {
    const { other } = await keyOf(['admin'])
    expect(await other.ok('GET', '/providers/health')).toMatchObject({ data: [], windowSeconds: 3600 })
    expect(await other.call('GET', `/connections/${connections.dataforest}/health`)).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    })
  })

  it('is counted separately', async () => {
    const { other } = await keyOf(['connections:manage'])
    const { settings, credentials } = await wrongAccount()
    const { id } = await other.ok('POST', '/connections', { name: 'same account', settings, credentials })
    await other.ok('POST', `/connections/${id}/verify`)
    await bench.storeCalls()
    const { data } = (await other.ok('GET', '/providers/health')) as ApiRecord & { data: ApiRecord[] }
    expect(data).toMatchObject([{ provider: 'dataforest', connections: { total: 1 }, calls: { total: 1, failed: 1 } }])
  })
})

it('health requires a scope that may read connections', async () => {
  const { other } = await keyOf(['webhooks:manage'])
  for (const path of ['/providers/health', `/connections/${connections.slurm}/health`])
    expect(await other.call('GET', path)).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
  expect((await (await keyOf(['jobs:read'])).other.call('GET', '/providers/health')).status).toBe(200)
})

it('health is deleted with its connection', async () => {
  const { settings, credentials } = await wrongAccount()
  const { id } = await api.ok('POST', '/connections', { name: 'to be deleted', settings, credentials })
  await api.ok('POST', `/connections/${id}/verify`)
  await api.call('DELETE', `/connections/${id}`)
  await bench.storeCalls()
  expect(await api.call('GET', `/connections/${id}/health`)).toMatchObject({ status: 404, body: { code: 'not_found' } })
  const { rows } = await open.pool.query('SELECT 1 FROM connection_results WHERE connection_id = $1', [id])
  expect(rows).toEqual([])
})

const wrongSecret = 'a-wrong-secret-key-for-this-account'

async function wrongAccount() {
  const { urls, accounts } = bench.sandbox
  const { accountId, accessKey } = accounts.dataforest
  return {
    settings: { dataforest: { baseUrl: urls.dataforest, accountId } },
    credentials: { dataforest: { accessKey, secretKey: wrongSecret } },
  }
}
