import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { type Account, openAccount, startQuickSandbox, type TestSandbox } from '../support/dataforest-account.ts'
import { type Exit, type Serving, serveProcess } from '../support/process.ts'
import { describeOnEachQueueBackend } from '../support/queue-backends.ts'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

/** One API in this process, and workers that come and go in theirs. The tests build on each other's workers. */
describeOnEachQueueBackend('work whose workers come and go', ({ kind }) => {
  let database: TestDatabase
  let redis: RedisServer | null
  let sandbox: TestSandbox
  let front: Switchyard
  let account: Account
  let environment: ApiRecord
  let worker: Serving

  const startWorker = () =>
    serveProcess({ ROLE: 'worker', DATABASE_URL: database.url, ...(redis === null ? {} : { REDIS_URL: redis.url }) })
  const ended = (job: ApiRecord) =>
    front.api.untilStatus(`/jobs/${job.id}`, 'succeeded', 'failed', 'canceled', 'unknown')
  const outcomes = async (job: ApiRecord): Promise<string[]> => {
    const { data } = (await front.api.ok('GET', `/jobs/${job.id}/attempts`)) as unknown as {
      data: { outcome: string }[]
    }
    return data.map(({ outcome }) => outcome)
  }
  const wasCutOff = ({ stdout }: Exit) => stdout.includes('aborting in-flight calls')

  /** A job whose create is with the provider, and whose answer is on its way. */
  async function jobBeingSent(): Promise<ApiRecord> {
    const before = account.apps(environment).length
    const { id } = sandbox.faults.add({ kind: 'stall', operation: 'aiapps.submit', delayMs: 900, times: 1 })
    const job = await account.job(environment)
    await expect.poll(() => account.apps(environment).length, { timeout: 30_000 }).toBe(before + 1)
    sandbox.faults.clear(id)
    return job
  }

  async function expectOneEach(jobs: readonly ApiRecord[]): Promise<void> {
    const over = await Promise.all(jobs.map(ended))
    expect(over.map(({ status }) => status)).toEqual(over.map(() => 'succeeded'))
    const apps = account.apps(environment).map(({ id }) => id)
    expect(new Set(apps).size).toBe(apps.length)
    for (const { remote } of over) expect(apps).toContain(remote?.id)
  }

  beforeAll(async () => {
    ;[database, redis, sandbox] = await Promise.all([
      createTestDatabase(),
      kind === 'redis' ? startRedisServer() : null,
      startQuickSandbox(),
    ])
    front = await startSwitchyard({ databaseUrl: database.url, redis, role: 'api' })
    account = await openAccount(front.api, sandbox)
  })

  afterAll(async () => {
    await front.stop()
    await worker.end('SIGKILL')
    await sandbox.close()
    await database.drop()
    await redis?.stop()
  })

  it('is accepted while there is no worker, and done once there is one', async () => {
    const accepted = await front.api.ok('POST', '/environments', {
      connectionId: account.connectionId,
      ...{ name: 'no-worker-yet', image: 'tensorflow:r2.3.1-py3', command: ['ls'] },
    })
    expect(accepted.status).toBe('queued')
    worker = await startWorker()
    environment = await front.api.untilStatus(`/environments/${accepted.id}`, 'running')
  })

  it('is done by the next worker when one is killed after the accept', async () => {
    worker.signal('SIGSTOP')
    const jobs = await Promise.all([1, 2, 3].map(() => account.job(environment)))
    await worker.end('SIGKILL')
    expect(account.apps(environment)).toEqual([])
    worker = await startWorker()
    await expectOneEach(jobs)
    expect(account.apps(environment)).toHaveLength(3)
  })

  it('is adopted by the next worker when one is killed between a create and its answer', async () => {
    const before = account.apps(environment).length
    const job = await jobBeingSent()
    await worker.end('SIGKILL')
    worker = await startWorker()
    await expectOneEach([job])
    expect(account.apps(environment)).toHaveLength(before + 1)
    expect(await outcomes(job)).toEqual(['recovered'])
  })

  it('is finished by a worker that is told to stop: the answer is written, and the process exits 0', async () => {
    const job = await jobBeingSent()
    const exit = await worker.end('SIGTERM')
    expect(exit).toMatchObject({ code: 0, stderr: '' })
    expect(wasCutOff(exit)).toBe(false)
    expect(await outcomes(job)).toEqual(['created'])
    worker = await startWorker()
    await expectOneEach([job])
  })

  it('is shared by a worker that comes beside another', async () => {
    const second = await startWorker()
    const jobs = await Promise.all(Array.from({ length: 40 }, () => account.job(environment)))
    await expectOneEach(jobs)
    const [exit, own] = await Promise.all([second.end(), worker.end()])
    expect([exit.code, own.code]).toEqual([0, 0])
    const told = [exit, own].map(({ stdout }) => jobs.filter(({ id }) => stdout.includes(id)).length)
    expect(Math.min(...told)).toBeGreaterThan(0)
    worker = await startWorker()
  })

  it.runIf(kind === 'redis')(
    'goes on when the queue is emptied, and when it is gone; its worker stops all the same',
    async () => {
      const server = redis as RedisServer
      const { Redis } = await import('ioredis')
      const admin = new Redis(server.url)
      const jobs = await Promise.all(Array.from({ length: 20 }, () => account.job(environment)))
      await admin.flushall()
      admin.disconnect()
      await expectOneEach(jobs)
      await server.stop()
      await expectOneEach(await Promise.all(Array.from({ length: 5 }, () => account.job(environment))))
      const exit = await worker.end('SIGTERM')
      expect(exit).toMatchObject({ code: 0, stderr: '' })
      expect(wasCutOff(exit)).toBe(false)
    },
  )
})
