import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../../src/commands/api-client.ts'
import type { ApiCaller, ApiResponse } from '../../support/api-caller.ts'
import {
  type Account,
  environmentRequest,
  jobRequest,
  openAccount,
  startQuickSandbox,
  type TestSandbox,
} from '../../support/dataforest-account.ts'
import { type Switchyard, startSwitchyard } from '../../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts'

describe('submission to two services', () => {
  let database: TestDatabase
  let sandbox: TestSandbox
  let services: [Switchyard, Switchyard]
  let api: ApiCaller
  let account: Account
  let environment: ApiRecord

  beforeAll(async () => {
    database = await createTestDatabase()
    sandbox = await startQuickSandbox()
    services = [
      await startSwitchyard({ databaseUrl: database.url, redis: null }),
      await startSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' }),
    ]
    ;[{ api }] = services
    account = await openAccount(api, sandbox)
    environment = await account.environment()
  })

  afterAll(async () => {
    for (const { stop } of services) await stop()
    await sandbox.close()
    await database.drop()
  })

  const submit = (key: string, body: object = jobRequest({ environmentId: environment.id }), caller = api) =>
    caller.call('POST', '/jobs', { body, headers: { 'idempotency-key': key } })
  const isReplay = ({ headers }: ApiResponse) => headers.get('idempotency-replayed') === 'true'

  it('creates one record for fifty requests with one Idempotency-Key', async () => {
    const body = jobRequest({ environmentId: environment.id, name: 'fifty' })
    const responses = await Promise.all(
      Array.from({ length: 50 }, (_, index) => submit('fifty', body, services[index % 2 === 0 ? 0 : 1].api)),
    )
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([202]))
    expect(new Set(responses.map((response) => response.body.id)).size).toBe(1)
    expect(responses.filter((response) => !isReplay(response))).toHaveLength(1)
    const { data } = (await api.ok('GET', '/jobs?namePrefix=fifty')) as unknown as { data: ApiRecord[] }
    expect(data).toHaveLength(1)
  })

  it('ignores the order of body fields', async () => {
    const first = await submit('order', { ...jobRequest(), environmentId: environment.id, labels: { a: '1', b: '2' } })
    const second = await submit('order', { labels: { b: '2', a: '1' }, environmentId: environment.id, ...jobRequest() })
    expect(second.body.id).toBe(first.body.id)
    expect(isReplay(second)).toBe(true)
  })

  it('rejects a key with another body on the other service', async () => {
    const first = await submit('other')
    const rejected = await submit('other', jobRequest({ environmentId: environment.id, name: 'x' }), services[1].api)
    expect(rejected).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
    expect(rejected.body.detail).toContain(first.body.id)
  })

  it('separates keys of jobs and environments', async () => {
    const job = await submit('shared')
    const body = environmentRequest({ connectionId: account.connectionId })
    const created = await api.call('POST', '/environments', { body, headers: { 'idempotency-key': 'shared' } })
    expect([job.status, created.status]).toEqual([202, 202])
    expect(created.body.id).not.toBe(job.body.id)
  })

  it('replays the record after its environment was deleted', async () => {
    const ownEnvironment = await account.environment()
    const body = jobRequest({ environmentId: ownEnvironment.id })
    const first = await submit('gone', body)
    await api.untilStatus(`/jobs/${first.body.id}`, 'succeeded')
    await api.ok('DELETE', `/environments/${ownEnvironment.id}`)
    await api.untilStatus(`/environments/${ownEnvironment.id}`, 'deleted')
    const repeated = await submit('gone', body)
    expect(repeated).toMatchObject({ status: 202, body: { id: first.body.id, status: 'succeeded' } })
    expect(isReplay(repeated)).toBe(true)
    expect((await submit('new', body)).status).toBe(409)
  })

  it('creates a new record after the key expires', async () => {
    const first = await submit('expired')
    const sql = new Client({ connectionString: database.url })
    await sql.connect()
    await sql.query("UPDATE idempotency_keys SET expires_at = now() - interval '1 s' WHERE workload_id = $1", [
      first.body.id,
    ])
    await sql.end()
    const later = await submit('expired')
    expect(isReplay(later)).toBe(false)
    expect(later.body.id).not.toBe(first.body.id)
  })

  it('rejects an environment over a connection just deleted through the other service', async () => {
    const ownAccount = await openAccount(api, sandbox)
    const body = () => environmentRequest({ connectionId: ownAccount.connectionId })
    const first = await api.ok('POST', '/environments', body())
    await api.untilStatus(`/environments/${first.id}`, 'running')
    await api.ok('DELETE', `/environments/${first.id}`)
    await api.untilStatus(`/environments/${first.id}`, 'deleted')
    const [, other] = services
    // Both services have cached the connection by now.
    expect((await other.api.call('POST', '/environments/preview', { body: body() })).status).toBe(200)
    expect((await api.call('DELETE', `/connections/${ownAccount.connectionId}`)).status).toBe(204)
    const rejected = await other.api.call('POST', '/environments', {
      body: body(),
      headers: { 'idempotency-key': 'late' },
    })
    expect(rejected).toMatchObject({ status: 404, body: { code: 'not_found' } })
    expect(rejected.body.detail).toContain(ownAccount.connectionId)
  })

  it('accepts valid requests submitted together with invalid ones', async () => {
    const invalid = [
      jobRequest({ environmentId: environment.id, name: 'nul\u0000' }),
      jobRequest({ environmentId: environment.id, labels: { a: '\ud800' } }),
      jobRequest({ environmentId: environment.id, timeLimitSeconds: 1e21 }),
      jobRequest({ environmentId: environment.id, unknownField: true }),
      jobRequest({ environmentId: environment.id, script: 'a\u0000b' }),
    ]
    const valid = jobRequest({ environmentId: environment.id, name: 'valid' })
    const responses = await Promise.all(
      [...invalid, ...invalid.map(() => valid)].map((body) => api.call('POST', '/jobs', { body })),
    )
    const statuses = responses.map(({ status }) => status)
    expect(statuses.slice(0, invalid.length).every((status) => status === 400 || status === 422)).toBe(true)
    expect(statuses.slice(invalid.length)).toEqual(invalid.map(() => 202))
  })
})
