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

describeOnEachQueueBackend('the life of a job', ({ openRedis }) => {
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
  const ended = (job: ApiRecord) => switchyard.api.untilStatus(path(job), 'succeeded', 'failed', 'canceled', 'unknown')
  const cancel = (job: ApiRecord) => switchyard.api.call('POST', `${path(job)}/cancel`)
  const running = async () => {
    const job = await account.job(environment, 'sleep 600')
    return switchyard.api.untilStatus(path(job), 'running')
  }
  const remoteId = (job: ApiRecord) => job.remote?.id ?? ''

  it.concurrent('goes from accepted to succeeded, each step told once and in order', async () => {
    const accepted = await account.job(environment, 'sleep 600')
    expect(accepted.status).toBe('queued')
    // It ends only after it was seen running: what lasts moments may be missed.
    const seen = await switchyard.api.untilStatus(path(accepted), 'running')
    sandbox.force('dataforest', remoteId(seen), { state: 'FINISHED', outcome: 'SUCCEEDED' })
    expect(await ended(accepted)).toMatchObject({ status: 'succeeded', remote: { state: 'FINISHED/SUCCEEDED' } })
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

  it.concurrent('fails when its program does', async () => {
    expect(await ended(await account.job(environment, 'exit 3'))).toMatchObject({
      status: 'failed',
      error: { code: 'provider_refused', retryable: false },
      remote: { state: 'FINISHED/FAILED' },
    })
  })

  it.concurrent('is unknown when the provider does not say how it ended, never guessed', async () => {
    const job = await running()
    sandbox.force('dataforest', remoteId(job), { state: 'FINISHED', outcome: 'UNDEFINED' })
    expect(await ended(job)).toMatchObject({ status: 'unknown', statusReason: 'outcome_not_reported' })
  })

  it.concurrent('keeps its status in a state that nobody has heard of, and shows the word', async () => {
    const job = await running()
    sandbox.force('dataforest', remoteId(job), { state: 'HIBERNATING' })
    const seen = await switchyard.api.until(path(job), ({ remote }) => remote?.state === 'HIBERNATING')
    expect(seen).toMatchObject({ status: 'running', statusReason: 'unrecognized_remote_state' })
    sandbox.force('dataforest', remoteId(job), { state: 'FINISHED', outcome: 'SUCCEEDED' })
    const over = await ended(job)
    expect(over.status).toBe('succeeded')
    expect(over.statusReason).toBeUndefined()
  })

  it.concurrent('is canceled_remotely when somebody kills it at the provider', async () => {
    const job = await running()
    sandbox.force('dataforest', remoteId(job), { state: 'KILLED', outcome: 'KILLED' })
    expect(await ended(job)).toMatchObject({ status: 'canceled', statusReason: 'canceled_remotely' })
  })

  it.concurrent('is unknown when its record is gone at the provider', async () => {
    const job = await running()
    sandbox.remove('dataforest', remoteId(job))
    expect(await ended(job)).toMatchObject({ status: 'unknown', statusReason: 'remote_record_lost' })
  })

  it.concurrent('is canceled while it runs; asked twice it is canceled once, asked after the end it is 409', async () => {
    const job = await running()
    const answers = [await cancel(job), await cancel(job)]
    expect(answers.map(({ status }) => status)).toEqual([202, 202])
    expect(answers[1]?.body.version).toBeGreaterThanOrEqual(answers[0]?.body.version ?? Number.NaN)
    const over = await ended(job)
    expect(over).toMatchObject({ status: 'canceled', remote: { state: 'KILLED' } })
    expect(over.statusReason).toBeUndefined()
    expect((await cancel(job)).status).toBe(202)
    const finished = await ended(await account.job(environment))
    expect(await cancel(finished)).toMatchObject({ status: 409, body: { code: 'conflict' } })
  })

  it.concurrent('canceled right after it was accepted, never goes on running', async () => {
    const job = await account.job(environment, 'sleep 600')
    expect((await cancel(job)).status).toBe(202)
    expect(await ended(job)).toMatchObject({ status: 'canceled' })
    expect(account.apps(environment).find(({ id }) => id === remoteId(job))?.state ?? 'KILLED').toBe('KILLED')
  })

  it.concurrent('is ended by Switchyard when its time is over, as failed', async () => {
    const accepted = await account.job(environment, 'sleep 600', { timeLimitSeconds: 60 })
    const job = await switchyard.api.untilStatus(path(accepted), 'running')
    await sql.query("UPDATE workloads SET started_at = now() - interval '61 s', due_at = now() WHERE id = $1", [job.id])
    expect(await ended(job)).toMatchObject({
      status: 'failed',
      statusReason: 'time_limit',
      error: { code: 'time_limit' },
    })
    expect(account.apps(environment).find(({ id }) => id === remoteId(job))?.state).toBe('KILLED')
  })

  it.concurrent('is followed to its end by a stream, event by event', async () => {
    const job = await account.job(environment, 'sleep 600')
    const stream = openEventStream(`${switchyard.service.url}${path(job)}/events/stream`)
    const seen = await switchyard.api.untilStatus(path(job), 'running')
    sandbox.force('dataforest', remoteId(seen), { state: 'FINISHED', outcome: 'SUCCEEDED' })
    await stream.untilClosed()
    expect(stream.events.at(-1)).toMatchObject({ type: 'job.succeeded' })
    expect(stream.events).toEqual((await switchyard.api.ok('GET', `${path(job)}/events`)).data)
    expect(stream.connections.map(({ status }) => status)).toEqual([200, 204])
  })

  it.concurrent('is told to whoever waits, the moment it changes', async () => {
    const job = await running()
    const asked = switchyard.api.call('GET', path(job), { headers: { prefer: 'wait=8' } })
    sandbox.force('dataforest', remoteId(job), { state: 'FINISHED', outcome: 'SUCCEEDED' })
    const waiting = await asked
    expect(waiting.headers.get('preference-applied')).toBe('wait=8')
    expect(waiting.body.status).toBe('succeeded')
    const known = { 'if-none-match': waiting.headers.get('etag') ?? '' }
    expect((await switchyard.api.call('GET', path(job), { headers: known })).status).toBe(304)
  })

  it.concurrent('takes a wish only on the version it was read at', async () => {
    const job = await running()
    const stale = { 'if-match': `"${job.version - 1}"` }
    const refused = await switchyard.api.call('POST', `${path(job)}/cancel`, { headers: stale })
    expect(refused).toMatchObject({ status: 412, body: { code: 'version_mismatch' } })
    expect((await switchyard.api.ok('GET', path(job))).status).toBe('running')
    expect((await cancel(job)).status).toBe(202)
    expect((await ended(job)).status).toBe('canceled')
  })

  it.concurrent('of many at once, each ends by itself and each has one object', async () => {
    const own = await account.environment()
    const accepted = await Promise.all(Array.from({ length: 40 }, () => account.job(own)))
    const jobs = await Promise.all(accepted.map(ended))
    expect(new Set(jobs.map(({ status }) => status))).toEqual(new Set(['succeeded']))
    expect(account.apps(own)).toHaveLength(40)
    expect(new Set(jobs.map(remoteId)).size).toBe(40)
  })
})
