import { describe, expect, it } from 'vitest'
import { badAddresses } from '../../support/bad-addresses.ts'
import { connectForEachTest, failureOf, rejection, signal, v2 } from './connection.ts'
import { id, job, spec } from './job-samples.ts'

const details = v2('GET', `training-jobs/${id}`)
const actions = v2('POST', `training-jobs/${id}/actions`)
const withStatus = (status: object) => ({ ...job, status: { ...job.status, ...status } })

const on = connectForEachTest()

const driver = () => on.driver('job')

describe('ModelArts training job read', () => {
  it.each([
    ['Creating', 'pending'],
    ['Pending', 'pending'],
    ['Running', 'running'],
    ['Terminating', 'canceling'],
    ['Terminated', 'canceled'],
    ['Completed', 'succeeded'],
    ['Failed', 'failed'],
    ['Abnormal', 'failed'],
    ['Thinking', null],
  ])('maps %s to %s', async (phase, status) => {
    on.stub.once(details, { body: withStatus({ phase }) })
    expect(await driver().get(id, signal)).toMatchObject({ rawState: phase, status, correlationTag: 'k7m2q9dxwa' })
  })

  it('covers every phase of the reference', () => expect(Object.keys(driver().states)).toHaveLength(8))

  it('computes the end from the last running record, or from start and duration', async () => {
    const start_time = 1704164650000
    on.stub.once(details, { body: withStatus({ phase: 'Running', start_time, duration: 5000 }) })
    const running = await driver().get(id, signal)
    expect(running).toMatchObject({ startedAt: new Date(start_time) })
    expect(running).not.toHaveProperty('endedAt')
    const running_records = [
      { start_at: 1704164650, end_at: 1704164700 },
      { start_at: 1704164710, end_at: 1704164800 },
    ]
    on.stub.once(details, { body: withStatus({ phase: 'Completed', start_time, duration: 100_000, running_records }) })
    expect(await driver().get(id, signal)).toMatchObject({ endedAt: new Date(1704164800_000) })
    on.stub.once(details, { body: withStatus({ phase: 'Completed', start_time, duration: 100_000 }) })
    expect(await driver().get(id, signal)).toMatchObject({ endedAt: new Date(start_time + 100_000) })
  })

  it.each([
    { name: 'within the second that it starts in', duration: 250, end_at: 1704164650, endsMs: 1704164650_850 },
    { name: 'in the next second', duration: 700, end_at: 1704164651, endsMs: 1704164651_300 },
    { name: 'in a record without a duration', end_at: 1704164650, endsMs: 1704164650_600 },
  ])('never ends a job before its start: $name', async ({ duration, end_at, endsMs }) => {
    const start_time = 1704164650_600
    const running_records = [{ start_at: 1704164650, end_at }]
    on.stub.once(details, { body: withStatus({ phase: 'Completed', start_time, duration, running_records }) })
    expect(await driver().get(id, signal)).toMatchObject({
      startedAt: new Date(start_time),
      endedAt: new Date(endsMs),
    })
  })

  it('returns the end reason of the last run if no task has a message', async () => {
    const running_records = [{ start_at: 1704164650, end_at: 1704164700, end_reason: 'node fault' }]
    on.stub.once(details, { body: withStatus({ phase: 'Failed', running_records }) })
    expect(await driver().get(id, signal)).toMatchObject({ status: 'failed', message: 'node fault' })
  })

  it('ignores the epoch and invalid numbers as times', async () => {
    const running_records = [{ start_at: 0, end_at: 0 }]
    for (const start_time of [0, '0', null, -1, 9e15]) {
      const body = withStatus({ phase: 'Completed', start_time, duration: 1e300, running_records })
      on.stub.once(details, { body })
      const seen = await driver().get(id, signal)
      expect(seen).not.toHaveProperty('startedAt')
      expect(seen).not.toHaveProperty('endedAt')
    }
    on.stub.once(details, { body: withStatus({ phase: 'Completed', start_time: 1704164650000, duration: 1e300 }) })
    expect(await driver().get(id, signal)).not.toHaveProperty('endedAt')
  })

  it('returns exit code and message by task', async () => {
    const task_statuses = [
      { task: 'worker-0', exit_code: 0, message: '' },
      { task: 'server-0', exit_code: 137, message: 'out of memory' },
    ]
    on.stub.once(details, { body: withStatus({ phase: 'Failed', task_statuses }) })
    expect(await driver().get(id, signal)).toMatchObject({
      status: 'failed',
      reason: 'nonzero_exit',
      exitCode: 137,
      message: 'out of memory',
      tasks: [
        { id: 'worker-0', status: 'succeeded', exitCode: 0 },
        { id: 'server-0', status: 'failed', exitCode: 137 },
      ],
    })
    on.stub.once(details, { body: withStatus({ phase: 'Abnormal', secondary_phase: 'CreateFailed' }) })
    expect(await driver().get(id, signal)).toMatchObject({ status: 'failed', reason: 'launch_failed' })
  })

  it('returns gone only for HTTP 400 with ModelArts.2775', async () => {
    on.stub.once(details, rejection('2775'))
    expect(await driver().get(id, signal)).toBe('gone')
    on.stub.once(details, rejection('6309'))
    expect(await failureOf(driver().get(id, signal))).toMatchObject({ providerCode: 'ModelArts.6309' })
    on.stub.once(details, { status: 404, body: '' })
    expect(await failureOf(driver().get(id, signal))).toMatchObject({ code: 'bad_response' })
  })
})

describe('ModelArts training job cancel', () => {
  it('terminates the job', async () => {
    on.stub.once(actions, { status: 202, body: withStatus({ phase: 'Terminating' }) })
    await driver().controls.cancel?.(id, signal)
    expect(on.sent()).toEqual([[`POST /v2/training-jobs/${id}/actions`, { action_type: 'terminate' }]])
  })

  it('succeeds if the job is gone', async () => {
    on.stub.once(actions, rejection('2775'))
    await expect(driver().controls.cancel?.(id, signal)).resolves.toBeUndefined()
  })

  it.each(['Completed', 'Terminated', 'Abnormal', 'Terminating'])(
    'succeeds after a rejected termination if the job is %s',
    async (phase) => {
      on.stub.once(actions, rejection('2796', 409))
      on.stub.once(details, { body: withStatus({ phase }) })
      await expect(driver().controls.cancel?.(id, signal)).resolves.toBeUndefined()
    },
  )

  it.each(['Running', 'Thinking'])(
    'fails with conflict after a rejected termination if the job is %s',
    async (phase) => {
      on.stub.once(actions, rejection('2796', 409))
      on.stub.once(details, { body: withStatus({ phase }) })
      expect(await failureOf(driver().controls.cancel?.(id, signal) ?? Promise.resolve())).toMatchObject({
        code: 'conflict',
      })
    },
  )
})

describe('ModelArts training job logs', () => {
  const logs = (task: string, what: string) => v2('GET', `training-jobs/${id}/tasks/${task}/logs/${what}`)

  it('are returned task by task, as text and link', async () => {
    on.stub.on(details, { body: job })
    on.stub.once(logs('worker-0', 'preview'), { body: { content: 'epoch 1\n', current_size: 8, full_size: 8 } })
    on.stub.once(logs('worker-0', 'url'), { body: { obs_url: 'https://obs.example.com/w0?AWSAccessKeyId=x' } })
    expect(await driver().logs?.(id, null, signal)).toEqual({
      text: 'epoch 1\n',
      links: [{ name: 'worker-0', url: 'https://obs.example.com/w0?AWSAccessKeyId=x' }],
      next: 'server-0',
    })
    on.stub.once(logs('server-0', 'preview'), { body: { context: 'old name' } })
    on.stub.once(logs('server-0', 'url'), rejection('2822'))
    expect(await driver().logs?.(id, 'server-0', signal)).toEqual({ text: 'old name', links: [] })
  })

  it.each(badAddresses)('fail for an invalid link: %j', async (obs_url) => {
    on.stub.once(details, { body: job })
    on.stub.once(logs('worker-0', 'preview'), { body: { content: 'epoch 1\n' } })
    on.stub.once(logs('worker-0', 'url'), { body: { obs_url } })
    expect(await failureOf(driver().logs?.(id, null, signal) ?? Promise.resolve())).toMatchObject({
      code: 'bad_response',
    })
  })

  it('are empty before there is any output', async () => {
    on.stub.once(details, { body: job })
    on.stub.once(logs('worker-0', 'preview'), { status: 204 })
    on.stub.once(logs('worker-0', 'url'), rejection('2818'))
    expect(await driver().logs?.(id, null, signal)).toEqual({ links: [], next: 'server-0' })
    on.stub.once(details, { body: withStatus({ tasks: null }) })
    expect(await driver().logs?.(id, null, signal)).toEqual({ links: [] })
  })

  it('are returned as a link only if the text is too long', async () => {
    on.stub.once(details, { body: job })
    on.stub.once(logs('worker-0', 'preview'), { body: { content: 'x'.repeat(200_000) } })
    on.stub.once(logs('worker-0', 'url'), { body: { obs_url: 'https://obs.example.com/w0' } })
    const chunk = await driver().logs?.(id, null, signal)
    expect(chunk).toMatchObject({ links: [{ name: 'worker-0' }] })
    expect(chunk).not.toHaveProperty('text')
  })

  it('are not found if the job is gone', async () => {
    on.stub.once(details, rejection('2775'))
    expect(await failureOf(driver().logs?.(id, null, signal) ?? Promise.resolve())).toMatchObject({ code: 'not_found' })
  })
})

describe('ModelArts training job update and catalog', () => {
  it('update the description and accept a null response', async () => {
    on.stub.once(v2('PUT', `training-jobs/${id}`), { body: 'null' })
    await driver().update?.(id, { ...spec, description: 'new' }, signal)
    expect(on.sent()).toEqual([[`PUT /v2/training-jobs/${id}`, { description: 'new' }]])
  })

  it('return flavors and engines', async () => {
    const flavor = {
      flavor_id: 'f1',
      flavor_name: 'one GPU',
      flavor_type: 'GPU',
      max_num: 4,
      flavor_info: { cpu: { core_num: 8 } },
    }
    on.stub.once(v2('GET', 'training-job-flavors'), { body: { total_count: 1, flavors: [flavor] } })
    const engine = { engine_id: 'e1', engine_name: 'PyTorch', engine_version: '1.8' }
    on.stub.once(v2('GET', 'training-job-engines'), { body: { total: 1, items: [engine] } })
    expect(await driver().catalog?.(signal)).toEqual({
      flavors: [{ flavor: 'f1', name: 'one GPU', type: 'GPU', maxNodes: 4, details: { cpu: { core_num: 8 } } }],
      engines: [{ id: 'e1', name: 'PyTorch', version: '1.8' }],
    })
  })
})
