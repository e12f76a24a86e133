import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { type Account, openAccount, startQuickSandbox, type TestSandbox } from '../support/dataforest-account.ts'
import { type Exit, type Serving, serveProcess } from '../support/process.ts'
import { describeOnEachQueueBackend } from '../support/queue-backends.ts'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

/** One API in this process, and workers in separate processes. Each test continues with the worker of the previous one. */
describeOnEachQueueBackend('work with changing workers', ({ kind }) => {
  let database: TestDatabase
  let redis: RedisServer | null
  let sandbox: TestSandbox
  let server: Switchyard
  let account: Account
  let environment: ApiRecord
  let worker: Serving

  const startWorker = () =>
    serveProcess({ ROLE: 'worker', DATABASE_URL: database.url, ...(redis === null ? {} : { REDIS_URL: redis.url }) })
  const ended = (job: ApiRecord) =>
    server.api.untilStatus(`/jobs/${job.id}`, 'succeeded', 'failed', 'canceled', 'unknown')
  const outcomes = async (job: ApiRecord): Promise<string[]> => {
    const { data } = (await server.api.ok('GET', `/jobs/${job.id}/attempts`)) as unknown as {
      data: { outcome: string }[]
    }
    return data.map(({ outcome }) => outcome)
  }
  const wasAborted = ({ stdout }: Exit) => stdout.includes('aborting in-flight calls')

  /** A job that exists at the provider, with the create response still pending. */
  async function submitWithPendingResponse(): Promise<ApiRecord> {
    const before = account.apps(environment).length
    const { id } = sandbox.faults.add({ kind: 'stall', operation: 'aiapps.submit', delayMs: 900, times: 1 })
    const job = await account.job(environment)
    await vi.waitUntil(() => account.apps(environment).length === before + 1, 30_000)
    sandbox.faults.clear(id)
    return job
  }

  async function expectOneEach(jobs: readonly ApiRecord[]): Promise<void> {
    const endedJobs = await Promise.all(jobs.map(ended))
    expect(endedJobs.map(({ status }) => status)).toEqual(endedJobs.map(() => 'succeeded'))
    const apps = account.apps(environment).map(({ id }) => id)
    expect(new Set(apps).size).toBe(apps.length)
    for (const { remote } of endedJobs) expect(apps).toContain(remote?.id)
  }

  beforeAll(async () => {
    ;[database, redis, sandbox] = await Promise.all([
      createTestDatabase(),
      kind === 'redis' ? startRedisServer() : null,
      startQuickSandbox(),
    ])
    server = await startSwitchyard({ databaseUrl: database.url, redis, role: 'api' })
    account = await openAccount(server.api, sandbox)
  })

  afterAll(async () => {
    await server.stop()
    await worker.end('SIGKILL')
    await sandbox.close()
    await database.drop()
    await redis?.stop()
  })

  it('is accepted without a worker and completed once one starts', async () => {
    const accepted = await server.api.ok('POST', '/environments', {
      connectionId: account.connectionId,
      ...{ name: 'no-worker-yet', image: 'tensorflow:r2.3.1-py3', command: ['ls'] },
    })
    expect(accepted.status).toBe('queued')
    worker = await startWorker()
    environment = await server.api.untilStatus(`/environments/${accepted.id}`, 'running')
  })

  it('is completed by the next worker if one is killed after acceptance', async () => {
    worker.signal('SIGSTOP')
    const jobs = await Promise.all([1, 2, 3].map(() => account.job(environment)))
    await worker.end('SIGKILL')
    expect(account.apps(environment)).toEqual([])
    worker = await startWorker()
    await expectOneEach(jobs)
    expect(account.apps(environment)).toHaveLength(3)
  })

  it('is recovered by the next worker if one is killed during a create', async () => {
    const before = account.apps(environment).length
    const job = await submitWithPendingResponse()
    await worker.end('SIGKILL')
    worker = await startWorker()
    await expectOneEach([job])
    expect(account.apps(environment)).toHaveLength(before + 1)
    expect(await outcomes(job)).toEqual(['recovered'])
  })

  it('is finished by a stopping worker, which stores the response and exits with 0', async () => {
    const job = await submitWithPendingResponse()
    const exit = await worker.end('SIGTERM')
    expect(exit).toMatchObject({ code: 0, stderr: '' })
    expect(wasAborted(exit)).toBe(false)
    expect(await outcomes(job)).toEqual(['created'])
    worker = await startWorker()
    await expectOneEach([job])
  })

  it('is shared with an additional worker', async () => {
    const second = await startWorker()
    const jobs = await Promise.all(Array.from({ length: 40 }, () => account.job(environment)))
    await expectOneEach(jobs)
    const [exit, firstExit] = await Promise.all([second.end(), worker.end()])
    expect([exit.code, firstExit.code]).toEqual([0, 0])
    const jobCounts = [exit, firstExit].map(({ stdout }) => jobs.filter(({ id }) => stdout.includes(id)).length)
    expect(Math.min(...jobCounts)).toBeGreaterThan(0)
    worker = await startWorker()
  })

  it.runIf(kind === 'redis')(
    'continues if the queue is flushed or unavailable, and its worker still stops',
    async () => {
      const redisServer = redis as RedisServer
      const { Redis } = await import('ioredis')
      const admin = new Redis(redisServer.url)
      const jobs = await Promise.all(Array.from({ length: 20 }, () => account.job(environment)))
      await admin.flushall()
      admin.disconnect()
      await expectOneEach(jobs)
      await redisServer.stop()
      await expectOneEach(await Promise.all(Array.from({ length: 5 }, () => account.job(environment))))
      const exit = await worker.end('SIGTERM')
      expect(exit).toMatchObject({ code: 0, stderr: '' })
      expect(wasAborted(exit)).toBe(false)
    },
  )
})
