import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { providers } from '../../src/providers/registry.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { testRedis } from '../support/test-redis.ts'
import { describeReal } from './requirements.ts'
import { type SlurmCluster, slurmRequirements, startSlurmCluster } from './slurm-cluster.ts'
import { type CuttingProxy, startCuttingProxy } from './slurm-proxy.ts'

describeReal('a real Slurm cluster behind Switchyard', slurmRequirements(), () => {
  let cluster: SlurmCluster
  let proxy: CuttingProxy
  let database: TestDatabase
  let switchyard: Switchyard
  let connectionId: string

  beforeAll(async () => {
    database = await createTestDatabase()
    cluster = await startSlurmCluster()
    proxy = await startCuttingProxy(cluster.url)
    switchyard = await startSwitchyard({
      databaseUrl: database.url,
      redis: testRedis(),
      // The drivers as they are, and a call's time that a controller which is starting again fits into.
      parts: { providers },
      settings: { timing: { callTimeoutMs: 12_000, sendWithinMs: 5000 }, leaseMs: 40_000 },
    })
    const connection = await switchyard.api.ok('POST', '/connections', connectionRequest())
    connectionId = connection.id
  })

  afterAll(async () => {
    await switchyard?.stop()
    await proxy?.close()
    await cluster?.stop()
    await database?.drop()
  })

  const connectionRequest = (credentials: object = { key: cluster.key }, settings: object = {}) => ({
    name: `cluster-${drawn++}`,
    settings: {
      slurm: { baseUrl: cluster.url, user: cluster.user, defaultWorkingDirectory: cluster.directory, ...settings },
    },
    credentials: { slurm: credentials },
  })
  let drawn = 0
  const submit = (script: string, more: object = {}): Promise<ApiRecord> =>
    switchyard.api.ok('POST', '/jobs', { connectionId, name: `job-${drawn++}`, script, ...more })
  const path = ({ id }: ApiRecord) => `/jobs/${id}`
  const until = (job: ApiRecord, ...statuses: string[]) =>
    switchyard.api.until(path(job), ({ status }) => statuses.includes(status), 150_000)
  const ended = (job: ApiRecord) => until(job, 'succeeded', 'failed', 'canceled', 'unknown')
  const cancel = (job: ApiRecord) => switchyard.api.ok('POST', `${path(job)}/cancel`)
  const output = (name: string) => readFileSync(join(cluster.directory, name), 'utf8')

  describe('runs jobs', () => {
    it.concurrent('to their end, in their directory, with their variables', async () => {
      const job = await submit('sleep 1; echo "$GREETING from $(pwd)"', {
        environmentVariables: { GREETING: 'hello' },
        stdoutPath: 'greeting.txt',
        resources: { cpus: 2, memoryMiB: 64 },
      })
      expect(await until(job, 'running', 'succeeded')).toMatchObject({ remote: { state: 'RUNNING' } })
      expect(await ended(job)).toMatchObject({ status: 'succeeded', exitCode: 0, remote: { state: 'COMPLETED' } })
      expect(output('greeting.txt')).toBe(`hello from ${cluster.directory}\n`)
      expect(cluster.jobsNamed(job.name)).toHaveLength(1)
    })

    it.concurrent('that end with 3, and by a signal', async () => {
      const [three, signalled] = await Promise.all([submit('exit 3'), submit('kill -9 $$')])
      expect(await ended(three)).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', exitCode: 3 })
      expect(await ended(signalled)).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', signal: 9 })
    })

    it.concurrent('as argv, quoted', async () => {
      const job = await submit('', {
        script: undefined,
        command: ['printf', '%s|', "it's", '$HOME', ''],
        stdoutPath: 'argv.txt',
      })
      expect((await ended(job)).status).toBe('succeeded')
      expect(output('argv.txt')).toBe("it's|$HOME||")
    })

    it.concurrent('with accelerators', async () => {
      const accelerator = { kind: 'gpu', model: 't4', count: 2 }
      const job = await submit('echo "$CUDA_VISIBLE_DEVICES"', { resources: { accelerator }, stdoutPath: 'gpus.txt' })
      expect((await ended(job)).status).toBe('succeeded')
      expect(output('gpus.txt')).toBe('0,1\n')
    })

    it.concurrent('no longer than their time limit', async () => {
      const job = await submit('sleep 600', { timeLimitSeconds: 60 })
      const record = await ended(job)
      expect(record).toMatchObject({ status: 'failed', statusReason: 'time_limit' })
      expect(Date.parse(String(record.endedAt)) - Date.parse(String(record.startedAt))).toBeGreaterThanOrEqual(59_000)
    })

    it.concurrent('until they are canceled', async () => {
      const job = await submit('sleep 600')
      await until(job, 'running')
      await cancel(job)
      expect(await ended(job)).toMatchObject({ status: 'canceled', remote: { state: 'CANCELLED' } })
    })

    it.concurrent('or not at all, canceled while they wait', async () => {
      const job = await submit('exit 0', { providerOptions: { slurm: { beginTime: 'now+1hours' } } })
      const waiting = await switchyard.api.until(path(job), ({ remote }) => remote?.state === 'PENDING')
      expect(waiting).toMatchObject({ status: 'pending' })
      await cancel(job)
      const record = await ended(job)
      expect(record).toMatchObject({ status: 'canceled', remote: { state: 'CANCELLED' } })
      expect(record).not.toHaveProperty('startedAt')
    })
  })

  describe('hands on what Slurm makes of its options', () => {
    const slurm = (options: object) => ({ providerOptions: { slurm: options } })
    const shown = (job: ApiRecord) => cluster.scontrol('show', 'job', String(job.remote?.id))

    it.concurrent.each([
      [{ requeue: false }, 'Requeue=0'],
      [{ requeue: true }, 'Requeue=1'],
      [{}, 'Requeue=1'],
    ])('whether a job may be requeued: %j', async (options, word) => {
      const job = await ended(await submit('exit 0', slurm(options)))
      expect(shown(job)).toContain(word)
    })

    it.concurrent('a priority, which it ignores of an ordinary user, and a negative nice, which it refuses', async () => {
      const job = await ended(await submit('exit 0', slurm({ priority: 5 })))
      expect(job.status).toBe('succeeded')
      expect(shown(job)).not.toMatch(/Priority=5\b/)
      const refused = await submit('exit 0', slurm({ nice: -5 }))
      expect(await ended(refused)).toMatchObject({ status: 'failed', error: { provider: { code: '2123' } } })
      expect(cluster.jobsNamed(refused.name)).toEqual([])
    })

    it.concurrent('a requeue after the end: the record keeps its end, what waits again is an orphan', async () => {
      const job = await ended(await submit('exit 3'))
      const once = await ended(await submit('exit 3', slurm({ requeue: false })))
      expect(cluster.scontrol('requeue', String(once.remote?.id))).toContain('presently disabled')
      expect(cluster.scontrol('requeue', String(job.remote?.id))).toBe('')
      expect(shown(job)).toContain('JobState=PENDING')
      const { orphans } = (await switchyard.api.ok('GET', `/connections/${connectionId}/orphans`)) as unknown as {
        orphans: { remoteId: string; state: string }[]
      }
      expect(orphans).toContainEqual(
        expect.objectContaining({ kind: 'job', name: job.name, remoteId: job.remote?.id, state: 'PENDING' }),
      )
      expect(orphans.map(({ remoteId }) => remoteId)).not.toContain(once.remote?.id)
      expect(await switchyard.api.ok('GET', path(job))).toMatchObject({ status: 'failed', exitCode: 3 })
      cluster.scontrol('hold', String(job.remote?.id))
    })
  })

  describe('tells what Slurm refuses', () => {
    it.concurrent('with more GPUs than there are: Slurm keeps a record, and it is that of the job', async () => {
      const job = await submit('exit 0', { resources: { accelerator: { count: 9 } } })
      const record = await ended(job)
      expect(record).toMatchObject({ status: 'failed', statusReason: 'provider_refused' })
      expect(record.statusMessage).toContain('BadConstraints')
      expect(cluster.jobsNamed(job.name)).toEqual([record.remote?.id])
    })

    it.concurrent('with a partition that is not there', async () => {
      const job = await submit('exit 0', { queue: 'nowhere' })
      expect(await ended(job)).toMatchObject({
        status: 'failed',
        error: { code: 'invalid_request', provider: { code: '2000' } },
      })
      expect(cluster.jobsNamed(job.name)).toEqual([])
    })

    it.concurrent('with more nodes than there are: it waits, and says why', async () => {
      const job = await submit('exit 0', { resources: { nodes: 5 } })
      const waiting = await switchyard.api.until(path(job), ({ statusMessage }) => statusMessage !== undefined)
      expect(waiting).toMatchObject({ status: 'pending' })
      expect(waiting.statusMessage).toMatch(/PartitionNodeLimit|PartitionConfig/)
      await cancel(job)
      await ended(job)
    })
  })

  describe('checks a connection', () => {
    const verify = async (credentials: object, settings: object = {}) => {
      const { id } = await switchyard.api.ok('POST', '/connections', connectionRequest(credentials, settings))
      return (await switchyard.api.call('POST', `/connections/${id}/verify`)).body
    }

    it.concurrent('with the right key', async () => {
      expect(await verify({ key: cluster.key })).toMatchObject({ ok: true })
    })

    it.concurrent('with another key', async () => {
      const said = JSON.stringify(await verify({ key: Buffer.alloc(32, 7).toString('base64') }))
      expect(said).toContain('credentials')
    })
  })

  // One after the other: each takes something away from all.
  describe('loses no job and makes none twice', () => {
    it('when the answer to a submit is cut off', async () => {
      const { id } = await switchyard.api.ok(
        'POST',
        '/connections',
        connectionRequest(undefined, { baseUrl: proxy.url }),
      )
      proxy.cutNext('POST')
      const job = await submit('sleep 2; exit 0', { connectionId: id })
      const record = await ended(job)
      expect(proxy.cut).toBe(1)
      expect(record).toMatchObject({ status: 'succeeded' })
      expect(cluster.jobsNamed(job.name)).toEqual([record.remote?.id])
      const { data } = await switchyard.api.ok('GET', `${path(job)}/attempts`)
      expect(data).toMatchObject([{ outcome: 'recovered', remoteId: record.remote?.id }])
    })

    it('when the controller is restarted in the middle', async () => {
      const before = await submit('sleep 8; exit 0')
      await until(before, 'running')
      await cluster.controller.stop()
      const meanwhile = await submit('exit 0')
      await switchyard.api.until(path(meanwhile), ({ status }) => status === 'dispatching')
      await delay(2000)
      await cluster.controller.start()
      for (const job of [before, meanwhile]) {
        const record = await ended(job)
        expect(record).toMatchObject({ status: 'succeeded' })
        expect(cluster.jobsNamed(job.name)).toEqual([record.remote?.id])
      }
    })

    it('when slurmrestd is down for half a minute', async () => {
      const before = await submit('sleep 3; exit 0')
      await until(before, 'running')
      await cluster.rest.stop()
      const meanwhile = await submit('exit 0')
      await delay(30_000)
      expect((await switchyard.api.ok('GET', path(before))).status).toBe('running')
      expect(await switchyard.api.ok('GET', path(meanwhile))).toMatchObject({
        status: 'queued',
        statusReason: 'provider_unavailable',
      })
      await cluster.rest.start()
      for (const job of [before, meanwhile]) {
        const record = await ended(job)
        expect(record).toMatchObject({ status: 'succeeded' })
        expect(cluster.jobsNamed(job.name)).toEqual([record.remote?.id])
      }
    })
  })
})
