import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { type Account, openAccount, startQuickSandbox, type TestSandbox } from '../support/dataforest-account.ts'
import { describeOnEachQueueBackend } from '../support/queue-backends.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'
import { untilFired } from '../support/until-fired.ts'

const database = await useTestDatabase()

describeOnEachQueueBackend('a running job during provider faults', ({ openRedis }) => {
  let sandbox: TestSandbox
  let switchyard: Switchyard
  let account: Account
  let environment: ApiRecord

  beforeAll(async () => {
    sandbox = await startQuickSandbox()
    switchyard = await startSwitchyard({ databaseUrl: database.url, redis: openRedis() })
    account = await openAccount(switchyard.api, sandbox)
    environment = await account.environment()
  })

  afterAll(async () => {
    await switchyard.stop()
    await sandbox.close()
  })

  const path = ({ id }: ApiRecord) => `/jobs/${id}`
  const startRunningJob = async () => {
    const job = await account.job(environment, 'sleep 600')
    return switchyard.api.untilStatus(path(job), 'running')
  }
  const finish = (job: ApiRecord) =>
    sandbox.force('dataforest', job.remote?.id ?? '', { state: 'FINISHED', outcome: 'SUCCEEDED' })
  const untilEnded = (job: ApiRecord) =>
    switchyard.api.untilStatus(path(job), 'succeeded', 'failed', 'canceled', 'unknown')

  it('keeps its status while provider lists are empty', async () => {
    const job = await startRunningJob()
    const fault = sandbox.faults.add({ kind: 'empty_list' })
    await untilFired(sandbox, fault, 6)
    const [observedJob, observedEnvironment] = [
      await switchyard.api.ok('GET', path(job)),
      await switchyard.api.ok('GET', `/environments/${environment.id}`),
    ]
    expect([observedJob.status, observedEnvironment.status]).toEqual(['running', 'running'])
    sandbox.faults.clear(fault.id)
    finish(job)
    expect((await untilEnded(job)).status).toBe('succeeded')
  })

  it.for([
    { kind: 'error_before', operation: 'aiapps.getList' },
    { kind: 'html_body', operation: 'aiapps.getList' },
    { kind: 'truncated_json', operation: 'aiapps.getList' },
    { kind: 'credentials', operation: 'aiapps.getList' },
  ] as const)('keeps its status during $kind list responses and ends after recovery', async (input) => {
    const job = await startRunningJob()
    const fault = sandbox.faults.add({ ...input, times: 2 })
    await untilFired(sandbox, fault, 1)
    expect((await switchyard.api.ok('GET', path(job))).status).toBe('running')
    sandbox.faults.clear(fault.id)
    await switchyard.api.ok('POST', `/connections/${account.connectionId}/verify`)
    finish(job)
    expect((await untilEnded(job)).status).toBe('succeeded')
  })

  it.for(['drop_answer', 'error_before', 'error_after', 'reset', 'rate_limited', 'empty_body'] as const)(
    'is canceled although the first kill fails with %s',
    async (kind) => {
      const job = await startRunningJob()
      sandbox.faults.add({ kind, operation: 'aiapps.kill', object: job.remote?.id ?? '', times: 1 })
      await switchyard.api.ok('POST', `${path(job)}/cancel`)
      expect(await untilEnded(job)).toMatchObject({ status: 'canceled', remote: { state: 'KILLED' } })
    },
  )

  it('has its environment deleted although the delete response is lost', async () => {
    const separateEnvironment = await account.environment()
    sandbox.faults.add({
      kind: 'drop_answer',
      operation: 'aiworkspaces.delete',
      object: separateEnvironment.remote?.id ?? '',
      times: 1,
    })
    await switchyard.api.ok('DELETE', `/environments/${separateEnvironment.id}`)
    await switchyard.api.untilStatus(`/environments/${separateEnvironment.id}`, 'deleted')
    expect(account.workspaces().some(({ id }) => id === separateEnvironment.remote?.id)).toBe(false)
  })
})
