import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../../src/commands/api-client.ts'
import type { Answer, ApiCaller } from '../../support/api-caller.ts'
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

describe('submitting with an Idempotency-Key, to two services beside each other', () => {
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
  const isReplay = ({ headers }: Answer) => headers.get('idempotency-replayed') === 'true'

  it('makes one record of fifty equal requests', async () => {
    const body = jobRequest({ environmentId: environment.id, name: 'fifty' })
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => submit('fifty', body, services[index % 2 === 0 ? 0 : 1].api)),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1)
    expect(answers.filter((answer) => !isReplay(answer))).toHaveLength(1)
    const { data } = (await api.ok('GET', '/jobs?namePrefix=fifty')) as unknown as { data: ApiRecord[] }
    expect(data).toHaveLength(1)
  })

  it('takes a body whose fields stand in another order for the same', async () => {
    const first = await submit('order', { ...jobRequest(), environmentId: environment.id, labels: { a: '1', b: '2' } })
    const second = await submit('order', { labels: { b: '2', a: '1' }, environmentId: environment.id, ...jobRequest() })
    expect(second.body.id).toBe(first.body.id)
    expect(isReplay(second)).toBe(true)
  })

  it('refuses the key with another body, on whichever service', async () => {
    const first = await submit('other')
    const refused = await submit('other', jobRequest({ environmentId: environment.id, name: 'x' }), services[1].api)
    expect(refused).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
    expect(refused.body.detail).toContain(first.body.id)
  })

  it('keeps the keys of jobs and of environments apart', async () => {
    const job = await submit('shared')
    const body = environmentRequest({ connectionId: account.connectionId })
    const made = await api.call('POST', '/environments', { body, headers: { 'idempotency-key': 'shared' } })
    expect([job.status, made.status]).toEqual([202, 202])
    expect(made.body.id).not.toBe(job.body.id)
  })

  it('is answered by its record even when the environment is long gone', async () => {
    const own = await account.environment()
    const body = jobRequest({ environmentId: own.id })
    const first = await submit('gone', body)
    await api.untilStatus(`/jobs/${first.body.id}`, 'succeeded')
    await api.ok('DELETE', `/environments/${own.id}`)
    await api.untilStatus(`/environments/${own.id}`, 'deleted')
    const again = await submit('gone', body)
    expect(again).toMatchObject({ status: 202, body: { id: first.body.id, status: 'succeeded' } })
    expect(isReplay(again)).toBe(true)
    expect((await submit('new', body)).status).toBe(409)
  })

  it('forgets a key when its time is over', async () => {
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

  it('refuses a job whose connection was deleted a moment ago through the other service', async () => {
    const own = await openAccount(api, sandbox)
    const body = () => environmentRequest({ connectionId: own.connectionId })
    const first = await api.ok('POST', '/environments', body())
    await api.untilStatus(`/environments/${first.id}`, 'running')
    await api.ok('DELETE', `/environments/${first.id}`)
    await api.untilStatus(`/environments/${first.id}`, 'deleted')
    const [, other] = services
    // Both know the connection by now and believe in it for a while.
    expect((await other.api.call('POST', '/environments/preview', { body: body() })).status).toBe(200)
    expect((await api.call('DELETE', `/connections/${own.connectionId}`)).status).toBe(204)
    const refused = await other.api.call('POST', '/environments', {
      body: body(),
      headers: { 'idempotency-key': 'late' },
    })
    expect(refused).toMatchObject({ status: 404, body: { code: 'not_found' } })
    expect(refused.body.detail).toContain(own.connectionId)
  })

  it('loses nothing of its neighbours to a request that is refused', async () => {
    const bad = [
      jobRequest({ environmentId: environment.id, name: 'nul\u0000' }),
      jobRequest({ environmentId: environment.id, labels: { a: '\ud800' } }),
      jobRequest({ environmentId: environment.id, timeLimitSeconds: 1e21 }),
      jobRequest({ environmentId: environment.id, nonsense: true }),
      jobRequest({ environmentId: environment.id, script: 'a\u0000b' }),
    ]
    const good = jobRequest({ environmentId: environment.id, name: 'neighbour' })
    const answers = await Promise.all(
      [...bad, ...bad.map(() => good)].map((body) => api.call('POST', '/jobs', { body })),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.slice(0, bad.length).every((status) => status === 400 || status === 422)).toBe(true)
    expect(statuses.slice(bad.length)).toEqual(bad.map(() => 202))
  })
})
