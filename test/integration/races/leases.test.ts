import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { ApiRecord } from '../../../src/commands/api-client.ts'
import { type Account, jobRequest, openAccount, useQuickSandbox } from '../../support/dataforest-account.ts'
import { type Switchyard, startSwitchyard } from '../../support/switchyard.ts'
import { useSqlClient, useTestDatabase } from '../../support/test-database.ts'

let one: Switchyard
let other: Switchyard
let account: Account
let environment: ApiRecord

const database = await useTestDatabase()
const sandbox = await useQuickSandbox()
const sql = await useSqlClient(database)

beforeAll(async () => {
  const start = () => startSwitchyard({ databaseUrl: database.url, redis: null })
  ;[one, other] = await Promise.all([start(), start()])
  account = await openAccount(one.api, sandbox)
  environment = await account.environment()
})

afterAll(async () => {
  await Promise.all([one.stop(), other.stop()])
})

const path = ({ id }: ApiRecord) => `/jobs/${id}`
const succeeded = (job: ApiRecord) => one.api.untilStatus(path(job), 'succeeded')
const attempts = async (job: ApiRecord) =>
  ((await one.api.ok('GET', `${path(job)}/attempts`)) as unknown as { data: { outcome: string; remoteId?: string }[] })
    .data

describe('two workers on one database', () => {
  it('create each workload once if both are notified', async () => {
    const ownEnvironment = await account.environment()
    const jobs = await Promise.all(Array.from({ length: 30 }, () => account.job(ownEnvironment)))
    // Notify both repeatedly, regardless of who holds the lease.
    for (const { connectionId } of jobs)
      for (const { service } of [one, other, one]) service.container.hints.due(String(connectionId))
    const ended = await Promise.all(jobs.map(succeeded))
    expect(account.apps(ownEnvironment)).toHaveLength(30)
    expect(new Set(ended.map(({ remote }) => remote?.id)).size).toBe(30)
    const ledgers = await Promise.all(jobs.map(attempts))
    // On a busy machine an attempt may miss its deadline: it is not sent, and the next attempt is.
    const sent = ledgers.map((ledger) =>
      ledger.map(({ outcome }) => outcome).filter((outcome) => outcome !== 'not_sent'),
    )
    expect(sent).toEqual(jobs.map(() => ['created']))
  })

  it('adopt one object if the response arrives after a lease takeover', async () => {
    const ownEnvironment = await account.environment()
    const object = ownEnvironment.remote?.id ?? ''
    sandbox.faults.add({ kind: 'stall', operation: 'aiapps.submit', object, delayMs: 900, times: 1 })
    const job = await account.job(ownEnvironment, 'sleep 2')
    await expect.poll(() => account.apps(ownEnvironment).length).toBe(1)
    // Simulates a worker that was stalled for longer than its lease while waiting for the response.
    await sql.query("UPDATE workloads SET lease_until = now() - interval '1 s', due_at = now() WHERE id = $1", [job.id])
    const adopted = await one.api.until(path(job), ({ remote }) => remote?.id !== undefined)
    const ended = await succeeded(job)
    expect(account.apps(ownEnvironment).map(({ id }) => id)).toEqual([adopted.remote?.id])
    expect(ended.remote?.id).toBe(adopted.remote?.id)
    expect(await attempts(job)).toEqual([expect.objectContaining({ remoteId: adopted.remote?.id })])
    const { data } = (await one.api.ok('GET', `${path(job)}/events`)) as unknown as {
      data: { type: string; seq: number }[]
    }
    const types = data.map(({ type }) => type).filter((type) => type !== 'job.updated')
    expect(types.filter((type) => type === 'job.succeeded')).toHaveLength(1)
    expect(data.map(({ seq }) => seq)).toEqual(data.map((_, index) => index + 1))
  })

  it('do not adopt one object for two creates with unknown outcomes', async () => {
    const ownEnvironment = await account.environment()
    const object = ownEnvironment.remote?.id ?? ''
    const submit = { operation: 'aiapps.submit', object, times: 1 }
    sandbox.faults.add({ kind: 'drop_answer', ...submit })
    sandbox.faults.add({ kind: 'error_before', status: 503, ...submit })
    const unlisted = sandbox.faults.add({ kind: 'error_before', operation: 'aiapps.getList' })
    onTestFinished(() => sandbox.faults.clear(unlisted.id))
    const pinned = { providerOptions: { dataforest: { namePrefix: 'pinned' } } }
    const jobs = await Promise.all([
      account.job(ownEnvironment, 'sleep 1', pinned),
      account.job(ownEnvironment, 'sleep 1', pinned),
    ])
    // Their status may already report the failed recovery.
    const outcomes = async () => (await Promise.all(jobs.map(attempts))).map((ledger) => ledger.at(-1)?.outcome)
    await expect.poll(outcomes).toEqual(['unknown', 'unknown'])
    sandbox.faults.clear(unlisted.id)
    const isContested = ({ statusMessage = '' }: ApiRecord) => statusMessage.includes('another create in progress')
    await Promise.all(jobs.map((job) => one.api.until(path(job), isContested)))
    const [first, second] = jobs
    const [app] = account.apps(ownEnvironment)
    const resolve = () => one.api.call('POST', `${path(first)}/resolve`, { body: { remoteId: app?.id } })
    // Rejected while a reconcile pass is in progress.
    await expect.poll(async () => (await resolve()).status).toBe(202)
    const ended = await Promise.all([succeeded(first), succeeded(second)])
    expect(ended.map(({ remote }) => remote?.id)).toEqual(account.apps(ownEnvironment).map(({ id }) => id))
    expect(account.apps(ownEnvironment)).toHaveLength(2)
  })
})

describe('two API instances', () => {
  it('create one job for concurrent requests with one Idempotency-Key', async () => {
    const ownEnvironment = await account.environment()
    const body = jobRequest({ environmentId: ownEnvironment.id, script: 'true' })
    const responses = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 === 0 ? one : other).api.call('POST', '/jobs', { body, headers: { 'idempotency-key': 'the-key' } }),
      ),
    )
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([202]))
    expect(new Set(responses.map(({ body: { id } }) => id)).size).toBe(1)
    const isReplay = ({ headers }: { headers: Headers }) => headers.get('idempotency-replayed') === 'true'
    expect(responses.filter((response) => !isReplay(response))).toHaveLength(1)
    await succeeded(responses[0]?.body as ApiRecord)
    expect(account.apps(ownEnvironment)).toHaveLength(1)
  })

  it('reject only the invalid requests of a full batch', async () => {
    const invalidFields: object[] = [
      { name: 'nul', script: 'a\u0000b' },
      { labels: { a: '\ud800' } },
      { timeLimitSeconds: 1e18 },
    ]
    const responses = await Promise.all(
      Array.from({ length: 64 }, (_, index) => {
        const fields = index % 16 === 7 ? (invalidFields[(index >> 4) % invalidFields.length] ?? {}) : {}
        const body = jobRequest({ environmentId: environment.id, script: 'true', ...fields })
        return one.api.call('POST', '/jobs', { body }).then(({ status }) => ({ status, isInvalid: index % 16 === 7 }))
      }),
    )
    expect(responses.filter(({ isInvalid }) => isInvalid).map(({ status }) => status)).toEqual([400, 400, 400, 400])
    expect(new Set(responses.filter(({ isInvalid }) => !isInvalid).map(({ status }) => status))).toEqual(new Set([202]))
  })
})
