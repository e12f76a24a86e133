import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { type Account, openAccount, useQuickSandbox } from '../support/dataforest-account.ts'
import { closeEventStreams, openEventStream } from '../support/event-stream.ts'
import { describeOnEachQueueBackend } from '../support/queue-backends.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useSqlClient, useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const sql = await useSqlClient(database)
const sandbox = await useQuickSandbox()

afterAll(async () => {
  closeEventStreams()
})

describeOnEachQueueBackend('job lifecycle', ({ openRedis }) => {
  let switchyard: Switchyard
  let account: Account
  let environment: ApiRecord

  beforeAll(async () => {
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: openRedis() })
    account = await openAccount(switchyard.api, sandbox)
    environment = await account.environment()
  })

  afterAll(() => switchyard.stop())

  const path = ({ id }: ApiRecord) => `/jobs/${id}`
  const untilEnded = (job: ApiRecord) =>
    switchyard.api.untilStatus(path(job), 'succeeded', 'failed', 'canceled', 'unknown')
  const cancel = (job: ApiRecord) => switchyard.api.call('POST', `${path(job)}/cancel`)
  const startRunningJob = async () => {
    const job = await account.job(environment, 'sleep 600')
    return switchyard.api.untilStatus(path(job), 'running')
  }
  const remoteId = (job: ApiRecord) => job.remote?.id ?? ''

  it.concurrent('goes from queued to succeeded with one event per status, in order', async () => {
    const accepted = await account.job(environment, 'sleep 600')
    expect(accepted.status).toBe('queued')
    // The job ends only after it was observed running, since polls may miss a short status.
    const observed = await switchyard.api.untilStatus(path(accepted), 'running')
    sandbox.force('dataforest', remoteId(observed), { state: 'FINISHED', outcome: 'SUCCEEDED' })
    expect(await untilEnded(accepted)).toMatchObject({ status: 'succeeded', remote: { state: 'FINISHED/SUCCEEDED' } })
    const { data } = (await switchyard.api.ok('GET', `${path(accepted)}/events`)) as unknown as {
      data: { seq: number; type: string }[]
    }
    expect(data.map(({ seq }) => seq)).toEqual(data.map((_, index) => index + 1))
    expect(data.map(({ type }) => type)).toEqual([
      'job.queued',
      'job.dispatching',
      'job.pending',
      'job.running',
      'job.succeeded',
    ])
  })

  it.concurrent('ends as failed if the program fails', async () => {
    expect(await untilEnded(await account.job(environment, 'exit 3'))).toMatchObject({
      status: 'failed',
      error: { code: 'provider_refused', retryable: false },
      remote: { state: 'FINISHED/FAILED' },
    })
  })

  it.concurrent('ends as unknown if the provider does not report the outcome', async () => {
    const job = await startRunningJob()
    sandbox.force('dataforest', remoteId(job), { state: 'FINISHED', outcome: 'UNDEFINED' })
    expect(await untilEnded(job)).toMatchObject({ status: 'unknown', statusReason: 'outcome_not_reported' })
  })

  it.concurrent('keeps its status in an unrecognized remote state and shows that state', async () => {
    const job = await startRunningJob()
    sandbox.force('dataforest', remoteId(job), { state: 'HIBERNATING' })
    const observed = await switchyard.api.until(path(job), ({ remote }) => remote?.state === 'HIBERNATING')
    expect(observed).toMatchObject({ status: 'running', statusReason: 'unrecognized_remote_state' })
    sandbox.force('dataforest', remoteId(job), { state: 'FINISHED', outcome: 'SUCCEEDED' })
    const finished = await untilEnded(job)
    expect(finished.status).toBe('succeeded')
    expect(finished.statusReason).toBeUndefined()
  })

  it.concurrent('ends as canceled_remotely if the job is killed at the provider', async () => {
    const job = await startRunningJob()
    sandbox.force('dataforest', remoteId(job), { state: 'KILLED', outcome: 'KILLED' })
    expect(await untilEnded(job)).toMatchObject({ status: 'canceled', statusReason: 'canceled_remotely' })
  })

  it.concurrent('ends as unknown if the provider lost the record', async () => {
    const job = await startRunningJob()
    sandbox.remove('dataforest', remoteId(job))
    expect(await untilEnded(job)).toMatchObject({ status: 'unknown', statusReason: 'remote_record_lost' })
  })

  it.concurrent('accepts repeated cancels of a running job and returns 409 after another outcome', async () => {
    const job = await startRunningJob()
    const responses = [await cancel(job), await cancel(job)]
    expect(responses.map(({ status }) => status)).toEqual([202, 202])
    expect(responses[1]?.body.version).toBeGreaterThanOrEqual(responses[0]?.body.version ?? Number.NaN)
    const finished = await untilEnded(job)
    expect(finished).toMatchObject({ status: 'canceled', remote: { state: 'KILLED' } })
    expect(finished.statusReason).toBeUndefined()
    expect((await cancel(job)).status).toBe(202)
    const succeeded = await untilEnded(await account.job(environment))
    expect(await cancel(succeeded)).toMatchObject({ status: 409, body: { code: 'conflict' } })
  })

  it.concurrent('ends as canceled if the cancel directly follows the submission', async () => {
    const job = await account.job(environment, 'sleep 600')
    expect((await cancel(job)).status).toBe(202)
    expect(await untilEnded(job)).toMatchObject({ status: 'canceled' })
    expect(account.apps(environment).find(({ id }) => id === remoteId(job))?.state ?? 'KILLED').toBe('KILLED')
  })

  it.concurrent('ends as failed when Switchyard enforces the time limit', async () => {
    const accepted = await account.job(environment, 'sleep 600', { timeLimitSeconds: 60 })
    const job = await switchyard.api.untilStatus(path(accepted), 'running')
    await sql.query("UPDATE workloads SET started_at = now() - interval '61 s', due_at = now() WHERE id = $1", [job.id])
    expect(await untilEnded(job)).toMatchObject({
      status: 'failed',
      statusReason: 'time_limit',
      error: { code: 'time_limit' },
    })
    expect(account.apps(environment).find(({ id }) => id === remoteId(job))?.state).toBe('KILLED')
  })

  it.concurrent('is streamed event by event until the job ends', async () => {
    const job = await account.job(environment, 'sleep 600')
    const stream = openEventStream(`${switchyard.service.url}${path(job)}/events/stream`)
    const observed = await switchyard.api.untilStatus(path(job), 'running')
    sandbox.force('dataforest', remoteId(observed), { state: 'FINISHED', outcome: 'SUCCEEDED' })
    await stream.untilClosed()
    expect(stream.events.at(-1)).toMatchObject({ type: 'job.succeeded' })
    expect(stream.events).toEqual((await switchyard.api.ok('GET', `${path(job)}/events`)).data)
    expect(stream.connections.map(({ status }) => status)).toEqual([200, 204])
  })

  it.concurrent('completes long polls when the job changes', async () => {
    const job = await startRunningJob()
    const longPoll = switchyard.api.call('GET', path(job), { headers: { prefer: 'wait=8' } })
    sandbox.force('dataforest', remoteId(job), { state: 'FINISHED', outcome: 'SUCCEEDED' })
    const response = await longPoll
    expect(response.headers.get('preference-applied')).toBe('wait=8')
    expect(response.body.status).toBe('succeeded')
    const ifNoneMatch = { 'if-none-match': response.headers.get('etag') ?? '' }
    expect((await switchyard.api.call('GET', path(job), { headers: ifNoneMatch })).status).toBe(304)
  })

  it.concurrent('returns 412 for a cancel with a stale If-Match', async () => {
    const job = await startRunningJob()
    const stale = { 'if-match': `"${job.version - 1}"` }
    const rejected = await switchyard.api.call('POST', `${path(job)}/cancel`, { headers: stale })
    expect(rejected).toMatchObject({ status: 412, body: { code: 'version_mismatch' } })
    expect((await switchyard.api.ok('GET', path(job))).status).toBe('running')
    expect((await cancel(job)).status).toBe(202)
    expect((await untilEnded(job)).status).toBe('canceled')
  })

  it.concurrent('completes 40 concurrent jobs with one remote object each', async () => {
    const separateEnvironment = await account.environment()
    const accepted = await Promise.all(Array.from({ length: 40 }, () => account.job(separateEnvironment)))
    const jobs = await Promise.all(accepted.map(untilEnded))
    expect(new Set(jobs.map(({ status }) => status))).toEqual(new Set(['succeeded']))
    expect(account.apps(separateEnvironment)).toHaveLength(40)
    expect(new Set(jobs.map(remoteId)).size).toBe(40)
  })
})
