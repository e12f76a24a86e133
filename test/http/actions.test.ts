import { describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { useApiBench } from '../support/api-bench.ts'
import { environmentRequest, jobRequest } from '../support/dataforest-account.ts'
import { useSqlClient } from '../support/test-database.ts'

const bench = await useApiBench()
const { api } = bench
const sql = await useSqlClient(bench.database)

const makeEnvironment = (more: object = {}) =>
  api.ok('POST', '/environments', environmentRequest({ connectionId: bench.connections.dataforest, ...more }))
const makeJob = async (more: object = {}, environment?: ApiRecord) =>
  api.ok('POST', '/jobs', jobRequest({ environmentId: (environment ?? (await makeEnvironment())).id, ...more }))
const at = (version: number) => `"${version}"`
const read = (path: string, headers: Record<string, string> = {}) => api.call('GET', path, { headers })

const notebook = {
  ...{ image: 'Ascend-Power-Engine 1.0(python3)', resources: { flavor: 'modelarts.kat1.xlarge' } },
  storage: { type: 'obs', source: '/bucket/path/' },
}

describe('DELETE /environments/{id}', () => {
  it('returns 409 with the job ids while jobs use the environment', async () => {
    const environment = await makeEnvironment()
    const jobs = [await makeJob({}, environment), await makeJob({}, environment)]
    const rejected = await api.call('DELETE', `/environments/${environment.id}`)
    expect(rejected).toMatchObject({ status: 409, body: { code: 'environment_in_use' } })
    for (const { id } of jobs) expect(rejected.body.detail).toContain(id)
  })

  it('cancels no job if the If-Match is stale', async () => {
    const environment = await makeEnvironment()
    const job = await makeJob({}, environment)
    const headers = { 'if-match': at(environment.version + 1) }
    expect((await api.call('DELETE', `/environments/${environment.id}?cancelJobs=true`, { headers })).status).toBe(412)
    expect((await read(`/jobs/${job.id}`)).body.cancelRequestedAt).toBeUndefined()
  })

  it('cancels all jobs of the environment and no others', async () => {
    const environment = await makeEnvironment()
    const job = await makeJob({}, environment)
    const other = await makeJob()
    // Copies of the job, which are faster than single submits.
    const { rows } = await sql.query(`SELECT string_agg(quote_ident(attname), ', ') AS columns FROM pg_attribute
      WHERE attrelid = 'workloads'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname NOT IN ('id', 'correlation_tag')`)
    await sql.query(
      `INSERT INTO workloads (id, correlation_tag, ${rows[0].columns})
        SELECT 'job_' || lpad(n::text, 26, '0'), 'copy' || n, ${rows[0].columns} FROM workloads, generate_series(1, 1050) n WHERE id = $1`,
      [job.id],
    )
    const response = await api.call('DELETE', `/environments/${environment.id}?cancelJobs=true`)
    expect(response.status).toBe(202)
    const counted = await sql.query(
      `SELECT count(*)::int AS n FROM workloads WHERE environment_id = $1 AND desired = 'cancel' AND kind = 'job'`,
      [environment.id],
    )
    expect(counted.rows[0].n).toBe(1051)
    expect((await read(`/jobs/${other.id}`)).body.cancelRequestedAt).toBeUndefined()
    const again = await api.call('DELETE', `/environments/${environment.id}`)
    expect(again).toMatchObject({ status: 202, body: { id: environment.id } })
  })
})

describe('an action', () => {
  it('returns the same response when repeated', async () => {
    const { id } = await makeJob()
    const [first, second] = [await api.call('POST', `/jobs/${id}/cancel`), await api.call('POST', `/jobs/${id}/cancel`)]
    expect([first.status, second.status]).toEqual([202, 202])
    expect(second.body).toEqual(first.body)
    expect(first.headers.get('location')).toBe(`/jobs/${id}`)
  })

  it('returns 409 for a finished workload', async () => {
    const { id } = await makeJob()
    await sql.query(`UPDATE workloads SET status = 'succeeded', active = false WHERE id = $1`, [id])
    const rejected = await api.call('POST', `/jobs/${id}/cancel`)
    expect(rejected).toMatchObject({ status: 409, body: { code: 'conflict' } })
    const { id: environment } = await makeEnvironment()
    await sql.query(`UPDATE workloads SET status = 'deleted', active = false WHERE id = $1`, [environment])
    expect((await api.call('POST', `/environments/${environment}/start`)).status).toBe(409)
    expect((await api.call('DELETE', `/environments/${environment}`)).status).toBe(202)
    expect((await read(`/environments/${environment}`)).body.status).toBe('deleted')
  })

  it('is shown as requestedAction until it is observed', async () => {
    const connectionId = bench.connections.modelarts ?? ''
    const { id } = await api.ok('POST', '/environments', { name: 'notebook', connectionId, ...notebook })
    for (const [action, status] of [
      ['stop', 'running'],
      ['start', 'stopped'],
    ]) {
      await sql.query(`UPDATE workloads SET status = $2, remote_id = id WHERE id = $1`, [id, status])
      expect((await read(`/environments/${id}`)).body).not.toHaveProperty('requestedAction')
      const requested = await api.call('POST', `/environments/${id}/${action}`)
      expect(requested).toMatchObject({ status: 202, body: { status, requestedAction: action } })
      expect((await read(`/environments?ids=${id}`)).body.data).toMatchObject([{ requestedAction: action }])
      await sql.query(`UPDATE workloads SET observed_generation = generation WHERE id = $1`, [id])
      expect((await read(`/environments/${id}`)).body).not.toHaveProperty('requestedAction')
    }
  })

  it('shows its request time before it is dispatched', async () => {
    const environment = await makeEnvironment()
    await sql.query(`UPDATE workloads SET status = 'running', remote_id = 'w1' WHERE id = $1`, [environment.id])
    expect((await read(`/environments/${environment.id}`)).body.deleteRequestedAt).toBeUndefined()
    const deleted = await api.call('DELETE', `/environments/${environment.id}`)
    const deletion = {
      ...{ status: 'running', deleteRequestedAt: expect.stringMatching(/^\d{4}-.*Z$/), actions: [] },
      requestedAction: 'delete',
    }
    expect(deleted).toMatchObject({ status: 202, body: deletion })
    expect((await read(`/environments/${environment.id}`)).body).toMatchObject(deletion)
    const page = (await read(`/environments?ids=${environment.id}`)).body
    expect(page.data).toMatchObject([deletion])
    const job = await makeJob()
    await sql.query(`UPDATE workloads SET status = 'running', remote_id = 'j1' WHERE id = $1`, [job.id])
    expect((await api.call('POST', `/jobs/${job.id}/cancel`)).body).toMatchObject({
      ...{ status: 'running', cancelRequestedAt: expect.any(String), actions: ['logs'] },
    })
  })

  it.each([
    { action: 'cancel', make: () => makeJob(), path: '/jobs', call: ['POST', '/cancel'], at: 'cancelRequestedAt' },
    {
      action: 'delete',
      make: () => makeEnvironment(),
      path: '/environments',
      call: ['DELETE', ''],
      at: 'deleteRequestedAt',
    },
  ] as const)(
    'can be requested again after the provider rejected it: $action',
    async ({ action, make, path, call, at }) => {
      const { id } = await make()
      await sql.query(`UPDATE workloads SET status = 'running', remote_id = id WHERE id = $1`, [id])
      const request = () => api.call(call[0], `${path}/${id}${call[1]}`)
      const first = await request()
      expect(first.body.actions).not.toContain(action)
      await sql.query(
        `UPDATE workloads SET observed_generation = generation, status_reason = 'provider_refused',
        cancel_requested_at = now() - interval '1 hour' WHERE id = $1`,
        [id],
      )
      const rejected = await read(`${path}/${id}`)
      expect(rejected.body.actions).toContain(action)
      expect(rejected.body.actions).not.toContain('stop')
      const again = await request()
      expect(again.status).toBe(202)
      expect(again.body.actions).not.toContain(action)
      expect(again.body[at]).not.toBe(rejected.body[at])
    },
  )
})

describe('a request that needs a remote object', () => {
  const end = (id: string, status: string, live: boolean) =>
    sql.query('UPDATE workloads SET status = $2, active = $3, ended_at = now() WHERE id = $1', [id, status, live])

  it('returns 409 with a retry hint before the object is created', async () => {
    const response = await read(`/jobs/${(await makeJob()).id}/logs`)
    expect(response).toMatchObject({ status: 409, body: { detail: expect.stringContaining('Retry later') } })
  })

  it('returns a non-retryable 409 if the workload ended before its creation', async () => {
    for (const status of ['canceled', 'failed']) {
      const { id } = await makeJob()
      await end(id, status, false)
      for (const path of [`/jobs/${id}/logs`, `/jobs/${id}/logs/raw`]) {
        const { body } = await read(path)
        expect(body).toMatchObject({ status: 409, code: 'conflict', retryable: false })
        expect(body.detail).toBe(`${id} ended as ${status} before it was created at the provider, so it has no logs.`)
      }
    }
    const body = { name: 'nb', connectionId: bench.connections.jupyterhub }
    const { id } = await api.ok('POST', '/environments', body)
    for (const [status, live] of [
      ['failed', true],
      ['deleted', false],
    ] as const) {
      await end(id, status, live)
      expect((await read(`/environments/${id}/access`)).body.detail).toBe(
        `${id} ended as ${status} before it was created at the provider, so it has no access.`,
      )
    }
  })
})
