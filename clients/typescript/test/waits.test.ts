import { describe, expect, it } from 'vitest'
import { isSwitchyardError, TimeoutError, UnexpectedStatusError } from '../src/index.ts'
import { drop, job, json, problem, type Step, startService } from './scripted-service.ts'

const environment = (status: string, version: number, requestedAction?: string) => ({
  ...{ id: 'env_1', name: 'a', status, version },
  ...(requestedAction === undefined ? {} : { requestedAction }),
})
const after =
  (ms: number, step: Step): Step =>
  (response, request) =>
    void setTimeout(() => step(response, request), ms)
const unchanged: Step = (response) => void response.writeHead(304).end()

describe('a wait for a job', () => {
  it('polls a submitted job until it has finished', async () => {
    await using service = await startService(
      json(job('queued'), 202),
      after(600, json(job('running', 2))),
      json(job('failed', 3)),
    )
    expect(await service.client().jobs.submit({ name: 'a' }).wait()).toMatchObject({ status: 'failed' })
    const [, ...polls] = service.received
    expect(polls.map(({ url, headers }) => [url, headers.prefer, headers['if-none-match']])).toEqual([
      ['/jobs/job_1', 'wait=30', undefined],
      ['/jobs/job_1', 'wait=30', undefined],
    ])
  })

  it('can be an option of the submission', async () => {
    await using service = await startService(json(job('queued'), 202), json(job('succeeded', 3)))
    const client = service.client()
    expect(await client.jobs.submit({ name: 'a' }, { wait: true })).toMatchObject({ status: 'succeeded' })
  })

  it('reports every version', async () => {
    await using service = await startService(
      json(job('queued', 1)),
      after(600, unchanged),
      json(job('running', 2)),
      json(job('succeeded', 3)),
    )
    const statuses: string[] = []
    await service.client().jobs.wait('job_1', { onUpdate: ({ status }) => statuses.push(status), pollSeconds: 7 })
    expect(statuses).toEqual(['queued', 'running', 'succeeded'])
    expect(service.received.map(({ headers }) => [headers.prefer, headers['if-none-match']])).toEqual([
      ['wait=0', undefined],
      ['wait=7', '"1"'],
      ['wait=7', '"1"'],
      ['wait=7', '"2"'],
    ])
  })

  it('continues after an outage longer than the retries of a request', async () => {
    await using service = await startService(drop, drop, problem(503, 'unavailable'), json(job('succeeded')))
    expect(await service.client({ maxRetries: 0 }).jobs.wait('job_1')).toMatchObject({ status: 'succeeded' })
  })

  it('fails after the maximum outage', async () => {
    await using service = await startService(problem(503, 'unavailable'))
    const result = service.client({ maxRetries: 0, maxOutageMs: 300 }).jobs.wait('job_1')
    await expect(result).rejects.toSatisfy((error) => isSwitchyardError(error, 'unavailable'))
    expect(service.received.length).toBeLessThan(4)
  })

  it('limits its request rate if the service responds immediately', async () => {
    await using service = await startService(json(job('running')))
    await expect(service.client().jobs.wait('job_1', { timeoutMs: 1500 })).rejects.toThrow(
      'job_1 is still running after 1500 ms. Only the wait has ended: it can be repeated.',
    )
    expect(service.received.length).toBeLessThan(5)
  })

  it('ends at its time limit during a poll', async () => {
    await using service = await startService(json(job('queued'), 202), () => {})
    const result = service.client().jobs.submit({ name: 'a' }).wait({ timeoutMs: 100 })
    await expect(result).rejects.toThrow(TimeoutError)
  })

  it('supports time limits of months', async () => {
    await using service = await startService(after(100, json(job('queued'))), after(100, json(job('succeeded', 2))))
    const timeoutMs = 60 * 86_400_000
    const result = service.client({ timeoutMs }).jobs.wait('job_1', { timeoutMs, onUpdate() {} })
    expect(await result).toMatchObject({ status: 'succeeded' })
  })

  it('ends with the reason of its signal', async () => {
    await using service = await startService(() => {})
    const reason = new Error('enough')
    const controller = new AbortController()
    const result = service.client().jobs.wait('job_1', { signal: controller.signal, timeoutMs: 10_000 })
    setTimeout(() => controller.abort(reason), 50)
    await expect(result).rejects.toBe(reason)
  })

  it('continues on an unknown status', async () => {
    await using service = await startService(json(job('preempted')), json(job('succeeded', 2)))
    expect(await service.client().jobs.wait('job_1')).toMatchObject({ status: 'succeeded' })
  })

  it('fails with the job record if mustSucceed is set', async () => {
    const failed = { ...job('failed'), statusReason: 'exit_code', statusMessage: 'Exit code 3.' }
    await using service = await startService(json(failed))
    const result = service.client().jobs.wait('job_1', { mustSucceed: true })
    await expect(result).rejects.toThrow(UnexpectedStatusError)
    await expect(result).rejects.toMatchObject({
      message: 'job_1 is failed, not succeeded: Exit code 3.',
      record: failed,
    })
  })
})

describe('a wait for an environment', () => {
  it('lasts until it is running without a requested action', async () => {
    await using service = await startService(
      json(environment('stopped', 1, 'start'), 202),
      after(600, json(environment('stopped', 2, 'start'))),
      json(environment('running', 3)),
    )
    expect(await service.client().environments.start('env_1').wait()).toMatchObject({ version: 3 })
  })

  it.for(['stopped', 'deleted'] as const)('lasts until it is %s', async (status) => {
    await using service = await startService(json(environment('running', 1), 202), json(environment(status, 2)))
    const { environments } = service.client()
    const requested = status === 'stopped' ? environments.stop('env_1') : environments.delete('env_1')
    expect(await requested.wait()).toMatchObject({ status })
  })

  it('fails in another settled status unless any is accepted', async () => {
    await using service = await startService(json(environment('failed', 2)))
    const { environments } = service.client()
    await expect(environments.wait('env_1')).rejects.toThrow('env_1 is failed, not running.')
    expect(await environments.wait('env_1', { until: 'settled' })).toMatchObject({ status: 'failed' })
  })
})
