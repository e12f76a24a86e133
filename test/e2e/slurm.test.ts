import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { describeOnEachQueueBackend } from '../support/queue-backends.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()

const startSlurm = () => startSandbox({ providers: ['slurm'], settings: { slurm: { pendingMs: 60, runningMs: 60 } } })

describeOnEachQueueBackend('Slurm jobs without accounting', ({ openRedis }) => {
  let sandbox: Awaited<ReturnType<typeof startSlurm>>
  let switchyard: Switchyard
  let connectionId: string
  let jobCount = 0

  beforeAll(async () => {
    sandbox = await startSlurm()
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: openRedis() })
    const { user, key } = sandbox.accounts.slurm
    const connection = await switchyard.api.ok('POST', '/connections', {
      name: `cluster-${openRedis()?.prefix ?? 'postgres'}`,
      settings: { slurm: { baseUrl: sandbox.urls.slurm, user, defaultWorkingDirectory: '/home' } },
      credentials: { slurm: { key } },
    })
    connectionId = connection.id
  })

  beforeEach(() => sandbox.faults.clear())

  afterAll(async () => {
    await switchyard.stop()
    await sandbox.close()
  })

  const submit = (script: string, more: object = {}): Promise<ApiRecord> => {
    jobCount += 1
    return switchyard.api.ok('POST', '/jobs', { connectionId, name: `job-${jobCount}`, script, ...more })
  }
  const path = ({ id }: ApiRecord) => `/jobs/${id}`
  const untilEnded = (job: ApiRecord) =>
    switchyard.api.untilStatus(path(job), 'succeeded', 'failed', 'canceled', 'unknown')
  const objectsOf = ({ name }: ApiRecord) => sandbox.objects('slurm').filter((each) => each.name === name)

  it('end as unknown if their record expired before their end was observed', async () => {
    const job = await submit('sleep 60')
    await switchyard.api.untilStatus(path(job), 'running')
    // Reads fail while the job ends, and MinJobAge later the controller has no record of it.
    const faults = ['job.get', 'job.list'].map((operation) =>
      sandbox.faults.add({ kind: 'error_before', status: 503, operation }),
    )
    sandbox.world.advance(60_000 + 301_000)
    for (const { id } of faults) sandbox.faults.clear(id)
    expect(await untilEnded(job)).toMatchObject({ status: 'unknown', statusReason: 'remote_record_lost' })
  })

  it('end as failed with the remote id if Slurm records the rejected job', async () => {
    const job = await submit('exit 0', { resources: { accelerator: { count: 9 } } })
    const record = await untilEnded(job)
    expect(record).toMatchObject({ status: 'failed', statusReason: 'provider_refused' })
    expect(objectsOf(job).map(({ id }) => id)).toEqual([record.remote?.id])
  })

  it('end as failed with the message of Slurm if it rejects them without a record', async () => {
    const job = await submit('exit 0', { providerOptions: { slurm: { constraints: 'ib' } } })
    const record = await untilEnded(job)
    expect(record).toMatchObject({ status: 'failed', error: { code: 'invalid_request', provider: { code: '2029' } } })
    expect(record.statusMessage).toContain('Invalid feature specification')
    expect(objectsOf(job)).toEqual([])
  })

  it('keep their final status when requeued, and the requeued job is an orphan', async () => {
    const job = await submit('exit 3')
    expect(await untilEnded(job)).toMatchObject({ status: 'failed', statusReason: 'nonzero_exit', exitCode: 3 })
    const [object] = objectsOf(job)
    // Like `scontrol requeue`. The second job triggers a scan.
    sandbox.force('slurm', object?.id ?? '', { state: 'RUNNING' })
    const other = await submit('exit 0')
    await untilEnded(other)
    expect(await switchyard.api.ok('GET', path(job))).toMatchObject({ status: 'failed', exitCode: 3 })
    const { orphans } = (await switchyard.api.ok('GET', `/connections/${connectionId}/orphans`)) as unknown as {
      orphans: object[]
    }
    expect(orphans).toMatchObject([{ kind: 'job', remoteId: object?.id, name: job.name, state: 'RUNNING' }])
    sandbox.force('slurm', object?.id ?? '', { state: 'CANCELLED' })
  })

  it('are submitted once after an outage of the controller', async () => {
    sandbox.settings.slurm.isControllerDown = true
    const job = await submit('exit 0')
    await switchyard.api.until(
      path(job),
      ({ statusReason }) => statusReason === 'outcome_unknown' || statusReason === 'provider_unavailable',
    )
    sandbox.settings.slurm.isControllerDown = false
    expect(await untilEnded(job)).toMatchObject({ status: 'succeeded', exitCode: 0 })
    expect(objectsOf(job)).toHaveLength(1)
  })
})
