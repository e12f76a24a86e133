import { describe, expect, it } from 'vitest'
import { answer, api, correlationTag, failureOf, record, signal, startSlurmStubForEachTest } from './slurm-stub.ts'

const slurm = startSlurmStubForEachTest()

const submit = `POST ${api('/job/submit')}`
const list = `GET ${api('/jobs')}`
const one = (id: string | number) => `GET ${api(`/job/${id}`)}`
const kill = (id: string | number) => `DELETE ${api(`/job/${id}`)}`
const sent = () => JSON.parse(slurm.stub.requests.at(-1)?.body ?? '')

describe('a submit to Slurm', () => {
  it('sends the request, byte for byte', async () => {
    slurm.stub.once(submit, answer(200, [], { job_id: 7, step_id: 'BATCH', job_submit_user_msg: '' }))
    const intent = slurm.intent({
      environmentVariables: { EPOCHS: '10' },
      queue: 'gpu',
      resources: { cpus: 4, memoryMiB: 8192, accelerator: { kind: 'gpu', model: 't4', count: 2 }, nodes: 2 },
      timeLimitSeconds: 61,
      stdoutPath: 'out-%j.txt',
    })
    expect(await slurm.job().create(intent, signal)).toEqual({ remoteId: '7' })
    expect(slurm.stub.requests[0]?.body).toBe(
      '{"script":"#!/bin/sh\\npython train.py","job":{"name":"train","comment":"[sy:mabc23456789]","partition":"gpu","nodes":2,"tasks":2,"cpus_per_task":4,"memory_per_node":8192,"gres":"gpu:t4:2","time_limit":2,"current_working_directory":"/home/alice","standard_output":"out-%j.txt","environment":{"PATH":"/usr/local/bin:/usr/bin:/bin","EPOCHS":"10"}}}',
    )
    expect(slurm.job().plan(intent).body).toEqual(sent())
  })

  it('carries every option in the words that Slurm takes', async () => {
    slurm.stub.once(submit, answer(200, [], { job_id: 7 }))
    const options = {
      account: 'vision',
      qos: 'high',
      reservation: 'class',
      constraints: 'ib',
      gres: 'lustre:1',
      licenses: 'matlab:1',
      dependency: 'afterok:1',
      beginTime: 'now+2hours',
      tasksPerNode: 2,
      priority: 5,
      nice: 10,
      exclusive: true,
      requeue: false,
    }
    const resources = { cpus: 4, accelerator: { kind: 'dcu' as const, count: 1 }, nodes: 3 }
    await slurm.job().create(slurm.intent({ resources, providerOptions: { slurm: options } }), signal)
    expect(sent().job).toMatchObject({
      account: 'vision',
      qos: 'high',
      reservation: 'class',
      constraints: 'ib',
      gres: 'dcu:1,lustre:1',
      licenses: 'matlab:1',
      dependency: 'afterok:1',
      begin_time: 'now+2hours',
      nodes: 3,
      tasks: 6,
      tasks_per_node: 2,
      cpus_per_task: 2,
      priority: '5',
      nice: 10,
      exclusive: 'exclusive',
      no_requeue: true,
    })
    expect(sent().job).not.toHaveProperty('requeue')
  })

  // A flag is taken by its presence: `requeue: false` would mean that it may be requeued.
  it.each([
    [{ requeue: true }, { requeue: true }],
    [{ requeue: false }, { no_requeue: true }],
    [{}, {}],
  ])('with %j says %j of requeueing', async (options, flags) => {
    slurm.stub.once(submit, answer(200, [], { job_id: 7 }))
    await slurm.job().create(slurm.intent({ providerOptions: { slurm: options } }), signal)
    const said = Object.entries(sent().job).filter(([name]) => name.endsWith('requeue'))
    expect(Object.fromEntries(said)).toEqual(flags)
  })

  it.each(['gpu:8', 'lustre:1,gpu', 'gres:gpu:t4:1', 'gres/GPU=1', ' npu:1', 'dcu:1', 'mlu:1'])(
    'is refused where it asks for accelerators past their field: %s',
    (gres) => {
      const { spec } = slurm.intent({ providerOptions: { slurm: { gres } } })
      expect(slurm.job().check?.(spec, null)).toMatchObject([{ pointer: '/providerOptions/slurm/gres' }])
    },
  )

  it('may ask for other generic resources', () => {
    const { spec } = slurm.intent({ providerOptions: { slurm: { gres: 'lustre:1,gpumem:4' } } })
    expect(slurm.job().check?.(spec, null)).toEqual([])
  })

  it('leaves an interpreter that is named, and makes a script of a command', async () => {
    slurm.stub.on(submit, answer(200, [], { job_id: 7 }))
    await slurm.job().create(slurm.intent({ script: '#!/usr/bin/env python3\nprint(1)\n' }), signal)
    expect(sent().script).toBe('#!/usr/bin/env python3\nprint(1)\n')
    const { script: _, ...command } = slurm.intent().spec
    await slurm.job().create({ ...slurm.intent(), spec: { ...command, command: ['printf', "it's"] } }, signal)
    expect(sent().script).toBe("#!/bin/sh\nexec printf 'it'\\''s'\n")
  })

  it('is taken where errors stand beside an id', async () => {
    const held = [{ error_code: 2042, error: 'Job is in held state, pending scheduler release' }]
    slurm.stub.once(submit, answer(200, held, { job_id: 3 }))
    expect(await slurm.job().create(slurm.intent(), signal)).toEqual({ remoteId: '3' })
  })

  it.each([
    [
      'a partition that is not there',
      answer(500, [{ error_code: 2000, error: 'Invalid partition' }]),
      'invalid_request',
    ],
    [
      'a request that slurmrestd cannot read',
      answer(400, [
        { error_code: -1, error: 'Invalid' },
        { error_code: 9001, error: 'Failure during parsing' },
      ]),
      'invalid_request',
    ],
    ['impossible resources, of which a record is left', answer(500, [{ error_code: 2014, error: 'no' }]), 'conflict'],
    ['any other refusal by the controller', answer(500, [{ error_code: 2045, error: 'Invalid account' }]), 'conflict'],
    ['a controller that hangs up', answer(500, [{ error_code: 5005, error: 'Zero Bytes' }]), 'unavailable'],
    ['a controller that is down', answer(500, [{ error_code: 1800, error: 'connect failure' }]), 'unavailable'],
    ['the same number in HTTP 200', answer(200, [{ error_code: 2000, error: 'Invalid partition' }]), 'outcome_unknown'],
    ['something that has no number', answer(500, [{ error: 'hm' }]), 'unavailable'],
    ['headers that are missing', { status: 401, body: 'Authentication failure' }, 'unauthenticated'],
    ["a proxy's 401", { status: 401, body: 'Who are you?' }, 'outcome_unknown'],
    ['a version that is not served', { status: 404, body: 'Unable find requested URL. Please view' }, 'unsupported'],
    ["a proxy's 404", { status: 404, body: '<html>not found</html>' }, 'bad_response'],
    ['no id', answer(200, [], {}), 'bad_response'],
  ])('the response %s is that', async (_name, said, code) => {
    slurm.stub.once(submit, said)
    expect(await failureOf(slurm.job().create(slurm.intent(), signal))).toMatchObject({ code, notSent: false })
  })
})

describe('a read of a job of Slurm', () => {
  const look = async (more: object) => {
    slurm.stub.once(one(1), answer(200, [], { jobs: [record(more)] }))
    return slurm.job().get('1', signal)
  }

  it('reads the exit code from the wait status', async () => {
    expect(await look({})).toMatchObject({
      status: 'failed',
      reason: 'nonzero_exit',
      exitCode: 3,
      correlationTag,
      remoteName: 'train',
      startedAt: new Date(1795482674_000),
      endedAt: new Date(1795482675_000),
    })
  })

  it.each([
    [
      { job_state: 'COMPLETED', state_reason: 'None', exit_code: 0 },
      { status: 'succeeded', exitCode: 0 },
    ],
    [
      { job_state: 'FAILED', state_reason: 'JobLaunchFailure', exit_code: 9 },
      { reason: 'nonzero_exit', signal: 9 },
    ],
    [
      { job_state: 'TIMEOUT', state_reason: 'TimeLimit', exit_code: 15 },
      { reason: 'time_limit', signal: 15 },
    ],
    [
      { job_state: 'CANCELLED', state_reason: 'None', exit_code: 15 },
      { status: 'canceled', signal: 15 },
    ],
    [{ job_state: 'OUT_OF_MEMORY', state_reason: 'OutOfMemory', exit_code: 125 }, { reason: 'out_of_memory' }],
    [
      { job_state: 'PENDING', state_reason: 'JobHeldUser' },
      { status: 'pending', reason: 'held' },
    ],
    [
      { job_state: 'RUNNING', state_reason: 'None' },
      { status: 'running', startedAt: new Date(1795482674_000) },
    ],
  ])('reads %o', async (shown, expected) => {
    expect(await look(shown)).toMatchObject(expected)
  })

  it('takes an error number of Slurm for no exit code, nor a 1 beside a job that never ran', async () => {
    const launch = await look({ state_reason: 'JobLaunchFailure', exit_code: 4021 })
    expect(launch).toMatchObject({ status: 'failed', reason: 'launch_failed' })
    const constraints = await look({ state_reason: 'BadConstraints', exit_code: 1, nodes: '' })
    expect(constraints).toMatchObject({ status: 'failed', reason: 'provider_refused' })
    for (const seen of [launch, constraints]) {
      expect(seen).not.toHaveProperty('exitCode')
      expect(seen).not.toHaveProperty('signal')
    }
    expect(constraints).not.toHaveProperty('startedAt')
  })

  it('takes the time at which a job may start for no start', async () => {
    const waiting = await look({ job_state: 'PENDING', state_reason: 'Resources', nodes: '', exit_code: 0 })
    expect(waiting).toMatchObject({ status: 'pending', message: 'Slurm: Resources' })
    for (const field of ['startedAt', 'endedAt', 'exitCode']) expect(waiting).not.toHaveProperty(field)
  })

  it('is gone by 2017 alone', async () => {
    slurm.stub.once(one(9), answer(500, [{ error_number: 2017, error: 'Invalid job id specified' }], { jobs: [] }))
    expect(await slurm.job().get('9', signal)).toBe('gone')
    const down = answer(500, [{ error_number: -1, description: 'Unable to find JobId=9' }], { jobs: [] })
    slurm.stub.once(one(9), down)
    expect(await failureOf(slurm.job().get('9', signal))).toMatchObject({ code: 'unavailable', providerCode: '-1' })
    slurm.stub.once(one(9), answer(200, [], { jobs: [] }))
    expect(await failureOf(slurm.job().get('9', signal))).toMatchObject({ code: 'bad_response' })
  })
})

describe('a search among the jobs of Slurm', () => {
  it('is one scan for all correlation tags; somebody else with the same comment is nobody of ours', async () => {
    const jobs = [record(), record({ job_id: 2, comment: 'mine' }), record({ job_id: 3, user_name: 'bob' })]
    slurm.stub.once(list, answer(200, [], { jobs }))
    const other = { ...slurm.intent(), correlationTag: 'mzzzzzzzzzzz' }
    const found = await slurm.job().find([slurm.intent(), other], signal)
    expect(found.get(correlationTag)).toMatchObject({ found: [{ remoteId: '1', status: 'failed' }] })
    expect(found.get(other.correlationTag)).toEqual({ absent: true })
  })

  it('says all that carry the correlation tag', async () => {
    slurm.stub.once(list, answer(200, [], { jobs: [record(), record({ job_id: 2 })] }))
    const found = await slurm.job().find([slurm.intent()], signal)
    expect(found.get(correlationTag)).toMatchObject({ found: [{ remoteId: '1' }, { remoteId: '2' }] })
  })

  it('proves nothing where comments are not shown, or the list is no list', async () => {
    const { comment: _, ...bare } = record()
    slurm.stub.once(list, answer(200, [], { jobs: [bare] }))
    expect((await slurm.job().find([slurm.intent()], signal)).get(correlationTag)).toHaveProperty('inconclusive')
    slurm.stub.once(list, answer(200, [], {}))
    expect((await failureOf(slurm.job().find([slurm.intent()], signal))).code).toBe('bad_response')
  })
})

describe('a cancel of a job of Slurm', () => {
  const cancel = () => slurm.job().controls.cancel?.(String(1), signal) ?? Promise.reject(new Error('no cancel'))

  it.each([
    ['done', answer(200)],
    ['not there', answer(500, [{ error_number: 2017, error: 'Invalid job id specified' }])],
    ['ended already', answer(500, [{ error_number: 2021, error: 'Job has already finished' }])],
  ])('is fine when it is %s', async (_name, said) => {
    slurm.stub.once(kill(1), said)
    await cancel()
  })

  it.each([
    [2002, 'permission_denied'],
    [1800, 'unavailable'],
    [5005, 'unavailable'],
  ])('is not done after %d', async (number, code) => {
    slurm.stub.once(kill(1), answer(500, [{ error_number: number, error: 'no' }]))
    expect((await failureOf(cancel())).code).toBe(code)
  })
})
