import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { auditListStatement } from '../../../src/access/audit.repository.ts'
import { fixDatabase, reseal } from '../../../src/container/container.ts'
import { makeDatabase } from '../../../src/infra/database.ts'
import { auditActions } from '../../../src/vocabulary/audit-actions.ts'
import { type ApiBench, startApiBench } from '../../support/api-bench.ts'
import { makeApiCaller } from '../../support/api-caller.ts'
import { makeSlurmJob } from '../../support/remote-jobs.ts'
import { scansOf } from '../../support/statement-plans.ts'
import { startStubServer } from '../../support/stub-server.ts'
import { startSwitchyard, testSecretsKey } from '../../support/switchyard.ts'
import { startTwoInstances } from './two-instances.ts'

const two = startTwoInstances()

it('the audit log records subject, action, object and address, newest first', async () => {
  const writer = await two.admin.ok('POST', '/api-keys', {
    name: 'writer',
    scopes: ['environments:write', 'connections:manage'],
  })
  const caller = two.as(writer.key)
  const connection = await caller.ok('POST', '/connections', {
    name: 'cluster',
    settings: { dataforest: { baseUrl: 'http://127.0.0.1:9', accountId: 'a' } },
    credentials: { dataforest: { accessKey: 'canary-access', secretKey: 'canary-secret' } },
  })
  const body = { connectionId: connection.id, name: 'ws', image: 'tensorflow:r2.3.1-py3', command: ['ls'] }
  const submitted = await caller.call('POST', '/environments', { body, headers: { 'x-request-id': 'try-17' } })
  await caller.ok('PATCH', `/environments/${submitted.body.id}`, { labels: { team: 'red' } })
  await caller.ok('DELETE', `/environments/${submitted.body.id}`)
  expect((await caller.call('GET', '/jobs')).status).toBe(403)

  const { data } = await two.admin.ok('GET', `/audit?subject=${writer.id}`)
  expect(data.map(({ action, objectId, outcome }: Record<string, string>) => [action, objectId, outcome])).toEqual([
    ['request.refused', undefined, 'refused'],
    ['environment.delete_requested', submitted.body.id, 'done'],
    ['environment.updated', submitted.body.id, 'done'],
    ['environment.submitted', submitted.body.id, 'done'],
    ['connection.created', connection.id, 'done'],
  ])
  expect(data[3]).toMatchObject({
    requestId: 'try-17',
    address: '127.0.0.1',
    projectId: connection.projectId ?? data[3].projectId,
  })
  expect(JSON.stringify(data)).not.toContain('canary')
})

it('the audit log is paginated and filtered by object', async () => {
  const project = await two.admin.ok('POST', '/projects', { name: 'paged' })
  for (const quota of [{ connections: 1 }, { connections: 2 }, {}])
    await two.admin.ok('PATCH', `/projects/${project.id}`, { quota })
  const path = `/audit?objectId=${project.id}&limit=3`
  const first = await two.admin.ok('GET', path)
  const rest = await two.otherAdmin.ok('GET', `${path}&cursor=${first.nextCursor}`)
  expect([...first.data, ...rest.data].map(({ action }: { action: string }) => action)).toEqual([
    ...['project.updated', 'project.updated', 'project.updated', 'project.created'],
  ])
})

it('the audit log is append-only in the database', async () => {
  const sql = new Client({ connectionString: two.databaseUrl })
  await sql.connect()
  for (const statement of ["UPDATE audit SET subject = 'nobody'", 'DELETE FROM audit', 'TRUNCATE audit'])
    await expect(sql.query(statement)).rejects.toThrow('append-only')
  await sql.end()
})

it('a change rejected by validation has no audit log entry', async () => {
  await two.admin.ok('POST', '/projects', { name: 'once' })
  expect((await two.admin.call('POST', '/projects', { body: { name: 'once' } })).status).toBe(409)
  const { data } = await two.admin.ok('GET', '/audit?action=project.created')
  expect(data.filter(({ data: details }: { data: { name: string } }) => details.name === 'once')).toHaveLength(1)
})

describe('audit log entries', () => {
  let bench: ApiBench
  let sql: Client

  beforeAll(async () => {
    bench = await startApiBench()
    sql = new Client({ connectionString: bench.database.url })
    await sql.connect()
  })
  afterAll(async () => {
    await sql.end()
    await bench.stop()
  })

  const ok = (method: string, path: string, body?: object) => bench.api.ok(method, path, body)
  const setStatus = (id: string, status: string) =>
    sql.query('UPDATE workloads SET status = $2, due_at = NULL WHERE id = $1', [id, status])

  /** Simulates a create with an unknown outcome. */
  async function park(id: string): Promise<void> {
    await setStatus(id, 'dispatching')
    await sql.query(
      `INSERT INTO workload_attempts (workload_id, number, correlation_tag, scope, pre_create_snapshot, send_by, absence_conclusive_at)
        VALUES ($1, 1, 'm', '{}', '{}', now(), now())`,
      [id],
    )
  }

  async function administer(): Promise<void> {
    const project = await ok('POST', '/projects', { name: 'team' })
    await ok('PATCH', `/projects/${project.id}`, { quota: { connections: 3 } })
    const key = await ok('POST', '/api-keys', { name: 'reader', scopes: ['jobs:read'] })
    expect((await makeApiCaller(bench.url, String(key.key)).call('GET', '/projects')).status).toBe(403)
    const next = await ok('POST', `/api-keys/${key.id}/rotate`, {})
    await ok('DELETE', `/api-keys/${next.id}`)
  }

  async function connect(): Promise<void> {
    const { slurm, aitems } = bench.connections
    await ok('POST', `/connections/${slurm}/verify`)
    await ok('PATCH', `/connections/${slurm}`, { name: 'renamed' })
    expect((await bench.api.call('DELETE', `/connections/${aitems}`)).status).toBe(204)
  }

  async function runJob(): Promise<void> {
    const { id } = await ok('POST', '/jobs', { provider: 'slurm', name: 'train', script: '#!/bin/sh\ntrue\n' })
    await ok('PATCH', `/jobs/${id}`, { labels: { team: 'red' } })
    await park(id)
    await ok('POST', `/jobs/${id}/resolve`, { outcome: 'not_created' })
    await ok('POST', `/jobs/${id}/cancel`)
    await ok('POST', '/jobs/import', {
      connectionId: bench.connections.slurm,
      remoteId: await makeSlurmJob(bench.sandbox, 'exit 0'),
    })
  }

  async function keepEnvironment(): Promise<void> {
    const { id } = await ok('POST', '/environments', { provider: 'jupyterhub', name: 'lab' })
    await park(id)
    await ok('POST', `/environments/${id}/resolve`, { outcome: 'not_created' })
    const imported = await ok('POST', '/environments/import', {
      connectionId: bench.connections.jupyterhub,
      remoteId: await startServer(),
    })
    const path = `/environments/${imported.id}`
    expect(await ok('GET', `${path}/access`)).toBeTruthy()
    await ok('PATCH', path, { labels: { team: 'red' } })
    await setStatus(imported.id, 'running')
    await ok('POST', `${path}/stop`)
    await setStatus(imported.id, 'stopped')
    await ok('POST', `${path}/start`)
    await ok('DELETE', path)
  }

  /** The receiver returns 410, which disables the endpoint. Runs one worker for its delivery. */
  async function subscribe(): Promise<void> {
    const receiver = await startStubServer()
    receiver.on('POST /hook', { status: 410 })
    const { id } = await ok('POST', '/webhook-endpoints', { url: `${receiver.url}/hook` })
    const path = `/webhook-endpoints/${id}`
    await ok('PATCH', path, { description: 'pager' })
    await ok('POST', `${path}/rotate-secret`, {})
    await sql.query('UPDATE workloads SET due_at = NULL')
    const { id: testId } = await ok('POST', `${path}/test`)
    const worker = await startSwitchyard({ databaseUrl: bench.database.url, redis: null, role: 'worker' })
    await vi.waitUntil(async () => (await ok('GET', path)).enabled === false, { timeout: 30_000 })
    await worker.stop()
    await ok('PATCH', path, { enabled: true })
    await ok('POST', `${path}/replay`, { since: '2024-01-01T00:00:00Z' })
    await sql.query("UPDATE webhook_deliveries SET status = 'failed', due_at = NULL, settled_at = now()")
    await ok('POST', `${path}/deliveries/${testId}/redeliver`)
    expect((await bench.api.call('DELETE', path)).status).toBe(204)
    await receiver.close()
  }

  async function operate(): Promise<void> {
    const { id } = await ok('POST', '/creation-holds', { provider: 'slurm' })
    await ok('DELETE', `/creation-holds/${id}`)
    await sql.query(`UPDATE workloads SET lease_id = 'ended', lease_until = now() - interval '1 hour'`)
    const database = makeDatabase({ url: bench.database.url, poolSize: 1 })
    const by = { subject: 'shell:operator', address: 'here', requestId: '' }
    await fixDatabase(database, { by, isDryRun: false })
    await database.close()
  }

  async function rotateSecrets(): Promise<void> {
    const database = makeDatabase({ url: bench.database.url, poolSize: 1 })
    const by = { subject: 'shell:operator', address: 'here', requestId: '' }
    await reseal(database, { secretsKeys: `${'43'.repeat(32)},${testSecretsKey}`, by }, () => {})
    await database.close()
  }

  /** Starts a server at the JupyterHub, without Switchyard. */
  async function startServer(): Promise<string> {
    const { urls, accounts } = bench.sandbox
    const { username, token } = accounts.jupyterhub
    for (const path of ['', '/servers/adopted']) {
      const url = `${urls.jupyterhub}/hub/api/users/${username}${path}`
      const response = await fetch(url, { method: 'POST', headers: { authorization: `token ${token}` } })
      expect(response.ok).toBe(true)
    }
    return `${username}/adopted`
  }

  it('exist for every action, starting with the first project', async () => {
    await administer()
    await connect()
    await runJob()
    await keepEnvironment()
    await subscribe()
    await operate()
    await rotateSecrets()
    const { data } = await ok('GET', '/audit?limit=200')
    const entries = data as unknown as { action: string; subject: string }[]
    expect(new Set(entries.map(({ action }) => action))).toEqual(new Set(auditActions))
    const first = entries.filter(({ subject }) => subject === 'bootstrap').map(({ action }) => action)
    expect(first.toSorted()).toEqual(['api_key.created', 'project.created'])
  })

  it.each([
    ['subject', 'audit_subject_id_idx'],
    ['objectId', 'audit_object_id_id_idx'],
    ['action', 'audit_action_id_idx'],
  ])('are found by %s with an index', async (field, index) => {
    await sql.query(
      `INSERT INTO audit (id, project_id, subject, address, request_id, action, object_id, outcome, data)
        SELECT $1 || n, 'p', 'another-subject', '', '', 'thing.done', 'thing_' || n, 'done', '{}' FROM generate_series(1, 5000) n`,
      [field],
    )
    await sql.query('ANALYZE audit')
    const statement = auditListStatement({ [field]: 'rare' }, { after: 'z', limit: 50 })
    const scans = await scansOf(bench.open, statement, 'custom plan')
    expect(scans.map((scan) => scan.index)).toEqual([index, 'audit_pkey'])
  })
})
