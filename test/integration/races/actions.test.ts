import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { describe, expect, it, vi } from 'vitest'
import type { ApiRecord } from '../../../src/commands/api-client.ts'
import { environmentRequest, jobRequest, openAccount } from '../../support/dataforest-account.ts'
import { connectTo, connectWith, makeInstance, makeNotebook, useSandboxes } from '../../support/sandbox-accounts.ts'
import { useSwitchyard } from '../../support/switchyard.ts'
import { useSqlClient, useTestDatabase } from '../../support/test-database.ts'
import { untilFired } from '../../support/until-fired.ts'

const database = await useTestDatabase()
const sandbox = await useSandboxes()
const sql = await useSqlClient(database)
const switchyard = await useSwitchyard({ databaseUrl: database.url, redis: null })

const ok = (method: string, path: string, body?: object) => switchyard.api.ok(method, path, body)
const jobPath = ({ id }: ApiRecord) => `/jobs/${id}`
const environmentPath = ({ id }: ApiRecord) => `/environments/${id}`
const canceled = (job: ApiRecord) => switchyard.api.untilStatus(jobPath(job), 'canceled')
const statuses = async (path: string): Promise<string[]> => {
  const { data } = (await ok('GET', `${path}/events`)) as unknown as { data: { data: { status: string } }[] }
  return data.map((event) => event.data.status)
}
const attempts = async (job: ApiRecord) =>
  ((await ok('GET', `${jobPath(job)}/attempts`)) as unknown as { data: object[] }).data

/** Commits a write while the action request of `send` waits for the same row. */
async function afterConcurrentWrite<T>(write: string, id: string, send: () => Promise<T>): Promise<T> {
  const other = new Client({ connectionString: database.url })
  await other.connect()
  try {
    await other.query('BEGIN')
    await other.query(write, [id])
    const { rows } = await other.query('SELECT pg_backend_pid() AS pid')
    const response = send()
    // Behind this transaction, or behind a sweep's write that waits for it: a row lock has a queue.
    const waits = `
      WITH behind AS (SELECT pid FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid)))
      SELECT 1 FROM pg_stat_activity WHERE query LIKE '%SET desired =%'
        AND pg_blocking_pids(pid) && (SELECT array_agg(pid) || $1::int FROM behind)`
    await vi.waitUntil(async () => (await sql.query(waits, [rows[0].pid])).rowCount, { timeout: 30_000 })
    await other.query('COMMIT')
    return await response
  } finally {
    await other.end()
  }
}

describe('job cancel', () => {
  it.concurrent('sends nothing if requested before the create', async () => {
    const account = await openAccount(switchyard.api, sandbox)
    const environment = await account.environment()
    await ok('PATCH', `/connections/${account.connectionId}`, { held: true })
    const job = await account.job(environment)
    await switchyard.api.until(jobPath(job), ({ statusReason }) => statusReason === 'held')
    await ok('POST', `${jobPath(job)}/cancel`)
    await canceled(job)
    expect(await attempts(job)).toEqual([])
    expect(account.apps(environment)).toEqual([])
  })

  it.concurrent('leaves nothing running at any moment around the create', async () => {
    const account = await openAccount(switchyard.api, sandbox)
    const environment = await account.environment()
    const jobs = await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        const job = await account.job(environment, 'sleep 600')
        await sleep(index * 8)
        await ok('POST', `${jobPath(job)}/cancel`)
        return job
      }),
    )
    const ended = await Promise.all(jobs.map(canceled))
    const apps = account.apps(environment)
    expect(new Set(apps.map(({ state }) => state))).toEqual(new Set(apps.length === 0 ? [] : ['KILLED']))
    expect(apps.map(({ id }) => id).toSorted()).toEqual(ended.flatMap(({ remote }) => remote?.id ?? []).toSorted())
  })

  it.concurrent('stops the created object if requested during the create', async () => {
    const account = await openAccount(switchyard.api, sandbox)
    const environment = await account.environment()
    const object = environment.remote?.id ?? ''
    const slow = sandbox.faults.add({ kind: 'stall', operation: 'aiapps.submit', object, delayMs: 800, times: 1 })
    const job = await account.job(environment, 'sleep 600')
    await untilFired(sandbox, slow)
    expect(await ok('POST', `${jobPath(job)}/cancel`)).toMatchObject({ status: 'dispatching' })
    await canceled(job)
    expect(account.apps(environment).map(({ state }) => state)).toEqual(['KILLED'])
    expect(await attempts(job)).toHaveLength(1)
  })
})

describe('environment delete', () => {
  it.concurrent.each(['start', 'stop'])('takes precedence over a concurrent %s', async (action) => {
    const connectionId = await connectTo(switchyard.api, sandbox, 'modelarts', `faster-than-${action}`)
    const environment = await makeInstance(switchyard.api, connectionId, `faster-than-${action}`)
    const path = environmentPath(environment)
    await switchyard.api.untilStatus(path, 'running')
    if (action === 'start') {
      await ok('POST', `${path}/stop`)
      await switchyard.api.untilStatus(path, 'stopped')
    }
    const rejected = await afterConcurrentWrite(
      "UPDATE workloads SET desired = 'delete', generation = generation + 1, due_at = now() WHERE id = $1",
      environment.id,
      () => switchyard.api.call('POST', `${path}/${action}`),
    )
    expect(rejected).toMatchObject({
      status: 409,
      body: { code: 'conflict', detail: expect.stringContaining('delete') },
    })
    await switchyard.api.untilStatus(path, 'deleted')
  })

  it.concurrent('is accepted while a job to cancel finishes concurrently', async () => {
    const account = await openAccount(switchyard.api, sandbox)
    const environment = await account.environment()
    await ok('PATCH', `/connections/${account.connectionId}`, { held: true })
    const job = await account.job(environment)
    await switchyard.api.until(jobPath(job), ({ statusReason }) => statusReason === 'held')
    const response = await afterConcurrentWrite(
      "UPDATE workloads SET status = 'succeeded', active = false, due_at = NULL WHERE id = $1",
      job.id,
      () => switchyard.api.call('DELETE', `${environmentPath(environment)}?cancelJobs=true`),
    )
    expect(response.status).toBe(202)
    await ok('PATCH', `/connections/${account.connectionId}`, { held: false })
    await switchyard.api.untilStatus(environmentPath(environment), 'deleted')
  })

  it.concurrent('removes environments that are being created', async () => {
    const connectionId = await connectTo(switchyard.api, sandbox, 'modelarts', 'delete-while-made')
    const environments = await Promise.all(
      [0, 20, 60, 120].map(async (delayMs, index) => {
        const environment = await makeInstance(switchyard.api, connectionId, `deleted-${index}`)
        await sleep(delayMs)
        await ok('DELETE', environmentPath(environment))
        return environment
      }),
    )
    for (const environment of environments) await switchyard.api.untilStatus(environmentPath(environment), 'deleted')
    const remaining = sandbox.objects('modelarts').filter(({ name }) => /^deleted-/.test(name))
    expect(remaining).toEqual([])
  })

  it.concurrent('ends concurrently submitted jobs and completes', async () => {
    const account = await openAccount(switchyard.api, sandbox)
    const name = 'meets-jobs'
    const hold = sandbox.faults.add({ kind: 'rate_limited', operation: 'aiworkspaces.create', object: name })
    const environment = await ok(
      'POST',
      '/environments',
      environmentRequest({ connectionId: account.connectionId, name }),
    )
    const submit = () =>
      switchyard.api.call('POST', '/jobs', { body: jobRequest({ environmentId: environment.id, script: 'true' }) })
    const [deleted, ...submitted] = await Promise.all([
      switchyard.api.call('DELETE', `${environmentPath(environment)}?cancelJobs=true`),
      ...Array.from({ length: 12 }, submit),
    ])
    expect(deleted.status).toBe(202)
    const jobs = submitted.filter(({ status }) => status === 202).map(({ body }) => body)
    expect(submitted.filter(({ status }) => status !== 202).every(({ status }) => status === 409)).toBe(true)
    const ended = await Promise.all(jobs.map((job) => switchyard.api.untilStatus(jobPath(job), 'canceled', 'failed')))
    for (const job of ended)
      if (job.status === 'failed') expect(job).toMatchObject({ statusReason: 'environment_failed' })
    sandbox.faults.clear(hold.id)
    await switchyard.api.untilStatus(environmentPath(environment), 'deleted')
    expect(account.workspaces().some((workspace) => workspace.name === name)).toBe(false)
  })
})

it.concurrent('a job submitted just before an environment delete fails without blocking it', async () => {
  const connectionId = await connectTo(switchyard.api, sandbox, 'aitems', 'slips-in')
  const providerOptions = { aitems: { serviceType: 'batch' } }
  const environment = await ok('POST', '/environments', { connectionId, name: 'slips-in', providerOptions })
  // Blocked until its datasets are bound.
  await switchyard.api.untilStatus(environmentPath(environment), 'blocked')
  const training = { environmentId: environment.id, name: 'train', providerOptions: { aitems: { types: ['pop'] } } }
  const job = await ok('POST', '/jobs', training)
  await switchyard.api.until(jobPath(job), ({ statusReason }) => statusReason === 'environment_not_ready')
  // The delete as the API writes it, without the check for existing jobs.
  await sql.query(
    "UPDATE workloads SET desired = 'delete', generation = generation + 1, due_at = now() WHERE id = $1",
    [environment.id],
  )
  await sql.query('UPDATE workloads SET due_at = now() WHERE id = $1', [job.id])
  expect(await switchyard.api.untilStatus(jobPath(job), 'failed')).toMatchObject({ statusReason: 'environment_failed' })
  await switchyard.api.untilStatus(environmentPath(environment), 'deleted')
})

describe('environment stop', () => {
  it.concurrent.for([
    { environmentApi: 'demanager', make: makeInstance },
    { environmentApi: 'notebooks', make: makeNotebook },
  ])(
    'takes effect while a $environmentApi environment starts and allows another start',
    async ({ environmentApi, make }, { expect }) => {
      const name = `stop-${environmentApi}`
      const connectionId = await connectWith(switchyard.api, sandbox, 'modelarts', {
        name,
        settings: { environmentApi },
      })
      const environment = await make(switchyard.api, connectionId, name)
      const path = environmentPath(environment)
      await switchyard.api.untilStatus(path, 'running')
      await ok('POST', `${path}/stop`)
      await switchyard.api.untilStatus(path, 'stopped')
      await ok('POST', `${path}/start`)
      await switchyard.api.untilStatus(path, 'starting', 'running')
      await ok('POST', `${path}/stop`)
      const settled = await switchyard.api.until(
        path,
        ({ status, actions }) => status === 'stopped' && JSON.stringify(actions).includes('start'),
      )
      const state = () => sandbox.objects('modelarts').find(({ id }) => id === settled.remote?.id)?.state
      await expect.poll(state).toBe('STOPPED')
      expect(await statuses(path)).toContain('starting')
      await ok('POST', `${path}/start`)
      await switchyard.api.untilStatus(path, 'running')
      await expect.poll(state).toBe('RUNNING')
    },
  )

  it.concurrent('does not lose a start requested while its call is in flight', async ({ expect }) => {
    const connectionId = await connectTo(switchyard.api, sandbox, 'modelarts', 'action-under-lease')
    const environment = await makeInstance(switchyard.api, connectionId, 'action-under-lease')
    const path = environmentPath(environment)
    const { remote } = await switchyard.api.untilStatus(path, 'running')
    const object = remote?.id ?? ''
    const slow = sandbox.faults.add({ kind: 'stall', operation: 'instances.action', object, delayMs: 600, times: 1 })
    await ok('POST', `${path}/stop`)
    await untilFired(sandbox, slow)
    // The worker that waits for the response to the stop holds the lease.
    await ok('POST', `${path}/start`)
    await expect.poll(() => sandbox.objects('modelarts').find(({ id }) => id === object)?.state).toBe('STOPPED')
    await switchyard.api.until(path, ({ status }) => status === 'running')
    await expect.poll(() => sandbox.objects('modelarts').find(({ id }) => id === object)?.state).toBe('RUNNING')
    expect(await statuses(path)).toContain('starting')
  })
})

it.concurrent('a job that waits for an environment is sent when the environment starts running', async () => {
  const account = await openAccount(switchyard.api, sandbox)
  const rounds = Array.from({ length: 6 }, async (_, index) => {
    const name = `parked-${index}`
    sandbox.faults.add({ kind: 'stall', operation: 'aiworkspaces.create', object: name, delayMs: 150, times: 1 })
    const request = environmentRequest({ connectionId: account.connectionId, name })
    const environment = await ok('POST', '/environments', request)
    const jobs = await Promise.all(
      Array.from({ length: 8 }, async (__, number) => {
        await sleep(60 + number * 20)
        return ok('POST', '/jobs', jobRequest({ environmentId: environment.id, script: 'true' }))
      }),
    )
    // Without the wake-up, a waiting job would be polled only after a minute.
    for (const job of jobs) await switchyard.api.untilStatus(jobPath(job), 'succeeded')
  })
  await Promise.all(rounds)
})
