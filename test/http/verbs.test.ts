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

describe('deleting an environment', () => {
  it('is refused while jobs use it, and says which', async () => {
    const environment = await makeEnvironment()
    const jobs = [await makeJob({}, environment), await makeJob({}, environment)]
    const refused = await api.call('DELETE', `/environments/${environment.id}`)
    expect(refused).toMatchObject({ status: 409, body: { code: 'environment_in_use' } })
    for (const { id } of jobs) expect(refused.body.detail).toContain(id)
  })

  it('cancels no job when the version is another one', async () => {
    const environment = await makeEnvironment()
    const job = await makeJob({}, environment)
    const headers = { 'if-match': at(environment.version + 1) }
    expect((await api.call('DELETE', `/environments/${environment.id}?cancelJobs=true`, { headers })).status).toBe(412)
    expect((await read(`/jobs/${job.id}`)).body.cancelRequestedAt).toBeUndefined()
  })

  it('cancels all of its jobs, however many, and none of another', { timeout: 60_000 }, async () => {
    const environment = await makeEnvironment()
    const job = await makeJob({}, environment)
    const other = await makeJob()
    // As many as would take long to submit one by one: copies of the one that was.
    const { rows } = await sql.query(`SELECT string_agg(quote_ident(attname), ', ') AS columns FROM pg_attribute
      WHERE attrelid = 'workloads'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname NOT IN ('id', 'correlation_tag')`)
    await sql.query(
      `INSERT INTO workloads (id, correlation_tag, ${rows[0].columns})
        SELECT 'job_' || lpad(n::text, 26, '0'), 'copy' || n, ${rows[0].columns} FROM workloads, generate_series(1, 1050) n WHERE id = $1`,
      [job.id],
    )
    const answer = await api.call('DELETE', `/environments/${environment.id}?cancelJobs=true`)
    expect(answer.status).toBe(202)
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

describe('a verb', () => {
  it('that is repeated is harmless: the same answer, and the wish is recorded once', async () => {
    const { id } = await makeJob()
    const [first, second] = [await api.call('POST', `/jobs/${id}/cancel`), await api.call('POST', `/jobs/${id}/cancel`)]
    expect([first.status, second.status]).toEqual([202, 202])
    expect(second.body).toEqual(first.body)
    expect(first.headers.get('location')).toBe(`/jobs/${id}`)
  })

  it('that comes too late is refused with 409', async () => {
    const { id } = await makeJob()
    await sql.query(`UPDATE workloads SET status = 'succeeded', active = false WHERE id = $1`, [id])
    const refused = await api.call('POST', `/jobs/${id}/cancel`)
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } })
    const { id: environment } = await makeEnvironment()
    await sql.query(`UPDATE workloads SET status = 'deleted', active = false WHERE id = $1`, [environment])
    expect((await api.call('POST', `/environments/${environment}/start`)).status).toBe(409)
    expect((await api.call('DELETE', `/environments/${environment}`)).status).toBe(202)
    expect((await read(`/environments/${environment}`)).body.status).toBe('deleted')
  })

  it('is shown as requested until it is sent or not needed', async () => {
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

  it('that is under way shows since when, before its provider has been told', async () => {
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
    { verb: 'cancel', make: () => makeJob(), path: '/jobs', ask: ['POST', '/cancel'], at: 'cancelRequestedAt' },
    {
      verb: 'delete',
      make: () => makeEnvironment(),
      path: '/environments',
      ask: ['DELETE', ''],
      at: 'deleteRequestedAt',
    },
  ] as const)('to $verb that its provider refused can be asked again', async ({ verb, make, path, ask, at }) => {
    const { id } = await make()
    await sql.query(`UPDATE workloads SET status = 'running', remote_id = id WHERE id = $1`, [id])
    const request = () => api.call(ask[0], `${path}/${id}${ask[1]}`)
    const first = await request()
    expect(first.body.actions).not.toContain(verb)
    await sql.query(
      `UPDATE workloads SET observed_generation = generation, status_reason = 'provider_refused',
        cancel_requested_at = now() - interval '1 hour' WHERE id = $1`,
      [id],
    )
    const refused = await read(`${path}/${id}`)
    expect(refused.body.actions).toContain(verb)
    expect(refused.body.actions).not.toContain('stop')
    const again = await request()
    expect(again.status).toBe(202)
    expect(again.body.actions).not.toContain(verb)
    expect(again.body[at]).not.toBe(refused.body[at])
  })
})

describe('asking for what only a provider has', () => {
  const end = (id: string, status: string, live: boolean) =>
    sql.query('UPDATE workloads SET status = $2, active = $3, ended_at = now() WHERE id = $1', [id, status, live])

  it('is no use while it is not made, and says so', async () => {
    const answer = await read(`/jobs/${(await makeJob()).id}/logs`)
    expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining('Retry later') } })
  })

  it('is never any use where it ended before it was made, and does not say to ask again', async () => {
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
