import { describe, expect, it } from 'vitest'
import { answer, api, correlationTag, failureOf, record, signal, startSlurmStubForEachTest } from './slurm-stub.ts'

const slurm = startSlurmStubForEachTest()

const submit = `POST ${api('/job/submit')}`
const list = `GET ${api('/jobs')}`
const one = (id: string | number) => `GET ${api(`/job/${id}`)}`
const kill = (id: string | number) => `DELETE ${api(`/job/${id}`)}`
const sent = () => JSON.parse(slurm.stub.requests.at(-1)?.body ?? '')

describe('Slurm submit', () => {
  it('sends the request byte for byte', async () => {
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

  it("contains every option in Slurm's terms", async () => {
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

  // Slurm tests flags for presence: `requeue: false` would allow a requeue.
  it.each([
    [{ requeue: true }, { requeue: true }],
    [{ requeue: false }, { no_requeue: true }],
    [{}, {}],
  ])('maps the options %j to the requeue flags %j', async (options, flags) => {
    slurm.stub.once(submit, answer(200, [], { job_id: 7 }))
    await slurm.job().create(slurm.intent({ providerOptions: { slurm: options } }), signal)
    const response = Object.entries(sent().job).filter(([name]) => name.endsWith('requeue'))
    expect(Object.fromEntries(response)).toEqual(flags)
  })

  it.each(['gpu:8', 'lustre:1,gpu', 'gres:gpu:t4:1', 'gres/GPU=1', ' npu:1', 'dcu:1', 'mlu:1'])(
    'rejects accelerators in gres: %s',
    (gres) => {
      const { spec } = slurm.intent({ providerOptions: { slurm: { gres } } })
      expect(slurm.job().check?.(spec, null)).toMatchObject([{ pointer: '/providerOptions/slurm/gres' }])
    },
  )

  it('accepts other generic resources', () => {
    const { spec } = slurm.intent({ providerOptions: { slurm: { gres: 'lustre:1,gpumem:4' } } })
    expect(slurm.job().check?.(spec, null)).toEqual([])
  })

  it('keeps the interpreter of a script, and converts a command to a script', async () => {
    slurm.stub.on(submit, answer(200, [], { job_id: 7 }))
    await slurm.job().create(slurm.intent({ script: '#!/usr/bin/env python3\nprint(1)\n' }), signal)
    expect(sent().script).toBe('#!/usr/bin/env python3\nprint(1)\n')
    const { script: _, ...command } = slurm.intent().spec
    await slurm.job().create({ ...slurm.intent(), spec: { ...command, command: ['printf', "it's"] } }, signal)
    expect(sent().script).toBe("#!/bin/sh\nexec printf 'it'\\''s'\n")
  })

  it('succeeds if the response contains errors and an id', async () => {
    const held = [{ error_code: 2042, error: 'Job is in held state, pending scheduler release' }]
    slurm.stub.once(submit, answer(200, held, { job_id: 3 }))
    expect(await slurm.job().create(slurm.intent(), signal)).toEqual({ remoteId: '3' })
  })

  it.each([
    ['a missing partition', answer(500, [{ error_code: 2000, error: 'Invalid partition' }]), 'invalid_request'],
    [
      'an unparsable request',
      answer(400, [
        { error_code: -1, error: 'Invalid' },
        { error_code: 9001, error: 'Failure during parsing' },
      ]),
      'invalid_request',
    ],
    ['impossible resources, which leave a record', answer(500, [{ error_code: 2014, error: 'no' }]), 'conflict'],
    ['another rejection by the controller', answer(500, [{ error_code: 2045, error: 'Invalid account' }]), 'conflict'],
    ['a disconnect by the controller', answer(500, [{ error_code: 5005, error: 'Zero Bytes' }]), 'unavailable'],
    ['an unreachable controller', answer(500, [{ error_code: 1800, error: 'connect failure' }]), 'unavailable'],
    [
      'a rejection number with HTTP 200',
      answer(200, [{ error_code: 2000, error: 'Invalid partition' }]),
      'outcome_unknown',
    ],
    ['an error without a number', answer(500, [{ error: 'hm' }]), 'unavailable'],
    ['missing headers', { status: 401, body: 'Authentication failure' }, 'unauthenticated'],
    ["a proxy's 401", { status: 401, body: 'Who are you?' }, 'outcome_unknown'],
    ['an unserved version', { status: 404, body: 'Unable find requested URL. Please view' }, 'unsupported'],
    ["a proxy's 404", { status: 404, body: '<html>not found</html>' }, 'bad_response'],
    ['a response without an id', answer(200, [], {}), 'bad_response'],
  ])('maps %s to its error code', async (_name, response, code) => {
    slurm.stub.once(submit, response)
    expect(await failureOf(slurm.job().create(slurm.intent(), signal))).toMatchObject({ code, notSent: false })
  })
})

describe('Slurm job read', () => {
  const readJob = async (more: object) => {
    slurm.stub.once(one(1), answer(200, [], { jobs: [record(more)] }))
    return slurm.job().get('1', signal)
  }

  it('derives the exit code from the wait status', async () => {
    expect(await readJob({})).toMatchObject({
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
  ])('maps %o', async (fields, expected) => {
    expect(await readJob(fields)).toMatchObject(expected)
  })

  it('ignores exit codes that are Slurm error numbers or belong to a job that never ran', async () => {
    const launch = await readJob({ state_reason: 'JobLaunchFailure', exit_code: 4021 })
    expect(launch).toMatchObject({ status: 'failed', reason: 'launch_failed' })
    const constraints = await readJob({ state_reason: 'BadConstraints', exit_code: 1, nodes: '' })
    expect(constraints).toMatchObject({ status: 'failed', reason: 'provider_refused' })
    for (const seen of [launch, constraints]) {
      expect(seen).not.toHaveProperty('exitCode')
      expect(seen).not.toHaveProperty('signal')
    }
    expect(constraints).not.toHaveProperty('startedAt')
  })

  it('ignores the expected start time of a waiting job', async () => {
    const waiting = await readJob({ job_state: 'PENDING', state_reason: 'Resources', nodes: '', exit_code: 0 })
    expect(waiting).toMatchObject({ status: 'pending', message: 'Slurm: Resources' })
    for (const field of ['startedAt', 'endedAt', 'exitCode']) expect(waiting).not.toHaveProperty(field)
  })

  it('returns gone only for error 2017', async () => {
    slurm.stub.once(one(9), answer(500, [{ error_number: 2017, error: 'Invalid job id specified' }], { jobs: [] }))
    expect(await slurm.job().get('9', signal)).toBe('gone')
    const controllerError = answer(500, [{ error_number: -1, description: 'Unable to find JobId=9' }], { jobs: [] })
    slurm.stub.once(one(9), controllerError)
    expect(await failureOf(slurm.job().get('9', signal))).toMatchObject({ code: 'unavailable', providerCode: '-1' })
    slurm.stub.once(one(9), answer(200, [], { jobs: [] }))
    expect(await failureOf(slurm.job().get('9', signal))).toMatchObject({ code: 'bad_response' })
  })
})

describe('Slurm job search', () => {
  it('finds all correlation tags in one scan and ignores jobs of other users', async () => {
    const jobs = [record(), record({ job_id: 2, comment: 'mine' }), record({ job_id: 3, user_name: 'bob' })]
    slurm.stub.once(list, answer(200, [], { jobs }))
    const other = { ...slurm.intent(), correlationTag: 'mzzzzzzzzzzz' }
    const found = await slurm.job().find([slurm.intent(), other], signal)
    expect(found.get(correlationTag)).toMatchObject({ found: [{ remoteId: '1', status: 'failed' }] })
    expect(found.get(other.correlationTag)).toEqual({ absent: true })
  })

  it('returns every job with the correlation tag', async () => {
    slurm.stub.once(list, answer(200, [], { jobs: [record(), record({ job_id: 2 })] }))
    const found = await slurm.job().find([slurm.intent()], signal)
    expect(found.get(correlationTag)).toMatchObject({ found: [{ remoteId: '1' }, { remoteId: '2' }] })
  })

  it('is inconclusive without comments, and fails without a list', async () => {
    const { comment: _, ...withoutComment } = record()
    slurm.stub.once(list, answer(200, [], { jobs: [withoutComment] }))
    expect((await slurm.job().find([slurm.intent()], signal)).get(correlationTag)).toHaveProperty('inconclusive')
    slurm.stub.once(list, answer(200, [], {}))
    expect((await failureOf(slurm.job().find([slurm.intent()], signal))).code).toBe('bad_response')
  })
})

describe('Slurm cancel', () => {
  const cancel = () => slurm.job().controls.cancel?.(String(1), signal) ?? Promise.reject(new Error('no cancel'))

  it.each([
    ['canceled', answer(200)],
    ['missing', answer(500, [{ error_number: 2017, error: 'Invalid job id specified' }])],
    ['finished already', answer(500, [{ error_number: 2021, error: 'Job has already finished' }])],
  ])('succeeds if the job is %s', async (_name, response) => {
    slurm.stub.once(kill(1), response)
    await cancel()
  })

  it.each([
    [2002, 'permission_denied'],
    [1800, 'unavailable'],
    [5005, 'unavailable'],
  ])('fails after error %d with %s', async (number, code) => {
    slurm.stub.once(kill(1), answer(500, [{ error_number: number, error: 'no' }]))
    expect((await failureOf(cancel())).code).toBe(code)
  })
})
